from __future__ import annotations

import socket
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tocsin.errors import SourceError
from tocsin.web.hunts import confine
from tocsin.web.hunts.limits import HuntLimits
from tocsin.web.hunts.process import Confined, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMITS = HuntLimits(seconds=20, memory_bytes=2**29, free_bytes=0)
_REFUSED = "Permission denied"
Said = list[tuple[int, int, str]]


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., tuple[str, Said]]:
    """Run a script confined; what it printed, and what was heard of its progress."""

    def confined(script: str, limits: HuntLimits = LIMITS) -> tuple[str, Said]:
        said: Said = []
        out = tmp_path / "out"
        one = Confined(
            command=[sys.executable, "-c", script],
            folder=tmp_path,
            scratch=tmp_path,
            out=out,
            what="The hunt",
        )
        run(one, limits, lambda *told: said.append(told))
        return out.read_text(), said

    return confined


def test_its_output_is_kept_and_its_progress_heard(
    python: Callable[..., tuple[str, Said]],
) -> None:
    out, said = python(
        "import sys, time\n"
        "print('tocsin: a.zip: 12.5 MiB of 1,100.0 MiB, 3 MiB/s, in u_ex.log', file=sys.stderr)\n"
        "time.sleep(0.6)\n"
        "print('done')"
    )

    assert "done\n" == out
    assert (12, 1100, "a.zip: 12.5 MiB of 1,100.0 MiB, 3 MiB/s, in u_ex.log") in said


def test_its_environment_holds_no_secret(
    python: Callable[..., tuple[str, Said]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TOCSIN_DATABASE_URL", "TOCSIN_SECRET_KEY", "PGPASSWORD", "PYTHONPATH"):
        monkeypatch.setenv(name, "secret")

    out, _ = python("import os; print(sorted(os.environ), 'secret' in os.environ.values())")
    assert "False" in out
    assert "TOCSIN_DATABASE_URL" not in out


def test_it_has_limits_of_its_own(python: Callable[..., tuple[str, Said]]) -> None:
    out, _ = python(
        "import os, resource as r\n"
        "print(r.getrlimit(r.RLIMIT_DATA), r.getrlimit(r.RLIMIT_CORE), os.nice(0), os.getsid(0) == os.getpid())"
    )

    assert f"({2**29}, {2**29}) (0, 0)" in out
    assert out.endswith("True\n")


def test_it_is_ended_with_all_that_it_started_when_its_time_is_over(
    python: Callable[..., tuple[str, Said]], tmp_path: Path
) -> None:
    began = time.monotonic()
    with pytest.raises(SourceError, match=r"took longer than 1 second, and was ended"):
        python(
            "import os, pathlib, time\n"
            f"child = os.fork()\npathlib.Path({str(tmp_path)!r}, str(os.getpid())).touch()\n"
            "time.sleep(60)",
            replace(LIMITS, seconds=1),
        )

    assert 15 > time.monotonic() - began
    pids = [int(path.name) for path in tmp_path.iterdir() if path.name.isdigit()]
    assert 2 == len(pids)
    for pid in pids:
        assert not _lives(pid, seconds=5)


def test_it_is_refused_more_memory_than_it_may_use(
    python: Callable[..., tuple[str, Said]],
) -> None:
    with pytest.raises(SourceError, match=r"needed more than the 512 MiB of memory"):
        python("x = bytearray(2**30)")


def test_it_is_refused_larger_files_than_it_may_write(
    python: Callable[..., tuple[str, Said]],
) -> None:
    with pytest.raises(SourceError, match="wrote a file larger than it may"):
        python("print('x' * 10_000)", replace(LIMITS, file_bytes=1000))


def test_it_is_ended_when_the_disk_is_nearly_full(python: Callable[..., tuple[str, Said]]) -> None:
    with pytest.raises(SourceError, match="disk of the desk is nearly full"):
        python("import time; time.sleep(60)", replace(LIMITS, free_bytes=2**60))


def test_what_it_said_of_its_failure_is_quoted_and_made_visible(
    python: Callable[..., tuple[str, Said]],
) -> None:
    with pytest.raises(SourceError, match=r"The hunt failed: no archive ‹U\+001B›"):
        python("import sys; print('tocsin: no archive \\x1b[31m', file=sys.stderr); sys.exit(3)")


def test_a_signal_is_said(python: Callable[..., tuple[str, Said]]) -> None:
    with pytest.raises(SourceError, match="most likely because the machine had no memory left"):
        python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(SourceError, match="ended by signal 15"):
        python("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")


def test_it_is_ended_when_the_worker_is_told_to_end(tmp_path: Path) -> None:
    class Told(BaseException):
        pass

    def tell(*_said: object) -> None:
        raise Told

    one = Confined(
        command=[sys.executable, "-c", "import time; time.sleep(60)"],
        folder=tmp_path,
        scratch=tmp_path,
        out=tmp_path / "out",
        what="The hunt",
    )
    began = time.monotonic()
    with pytest.raises(Told):
        run(one, LIMITS, tell)
    assert 15 > time.monotonic() - began


def _lives(pid: int, *, seconds: float) -> bool:
    """Whether it still does something so many seconds later; a zombie does not."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        if state in "ZX":
            return False
        time.sleep(0.05)
    return True


_ASK = """
import socket, sys
def tried(what):
    try:
        what()
    except OSError as error:
        return error.strerror
    return "reached"
print(tried(lambda: socket.create_connection(("127.0.0.1", {port}), timeout=5)))
print(tried(lambda: socket.socket(socket.AF_UNIX).connect({path!r})))
"""


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[str]:
    """A script that tries to reach two servers of this machine."""
    path = str(tmp_path / "listens")
    with socket.create_server(("127.0.0.1", 0)) as by_port, socket.socket(socket.AF_UNIX) as named:
        named.bind(path)
        named.listen()
        yield _ASK.format(port=by_port.getsockname()[1], path=path)


@pytest.mark.allow_hosts(["127.0.0.0/8"])
def test_it_reaches_nothing(listening: str, tmp_path: Path) -> None:
    assert ([_REFUSED, _REFUSED], True) == _asked(listening, tmp_path)


@pytest.mark.allow_hosts(["127.0.0.0/8"])
@pytest.mark.parametrize(
    ("without", "reached", "is_apart"),
    [
        (("refuse_sockets",), [False, True], True),
        (("leave_network",), [False, False], True),
        (("leave_network", "refuse_sockets"), [True, True], False),
    ],
)
def test_where_the_machine_refuses_it_goes_on_and_says_so(
    listening: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    without: tuple[str, ...],
    reached: list[bool],
    *,
    is_apart: bool,
) -> None:
    source = Path(confine.__file__).read_text()
    for name in without:
        source = source.replace(f"if {name}(libc)", "if False")
    script = tmp_path / "confine.py"
    script.write_text(source)
    monkeypatch.setattr(confine, "__file__", str(script))
    said, apart = _asked(listening, tmp_path)
    assert (reached, is_apart) == ([one == "reached" for one in said], apart)


def test_it_looks_into_no_other_process(python: Callable[..., tuple[str, Said]]) -> None:
    out, _ = python(
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "print(libc.ptrace(16, os.getppid(), 0, 0), os.strerror(ctypes.get_errno()), os.getuid() != 0)"
    )
    assert f"-1 {_REFUSED} True\n" == out


def _asked(script: str, folder: Path) -> tuple[list[str], bool]:
    one = Confined(
        command=[sys.executable, "-c", script],
        folder=folder,
        scratch=folder,
        out=folder / "out",
        what="The hunt",
    )
    apart = run(one, LIMITS, lambda *_told: None)
    return one.out.read_text().splitlines(), apart
