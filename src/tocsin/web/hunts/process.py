"""Runs one command on hostile files: confined, watched, and ended with all that it started."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.errors import SourceError
from tocsin.report.visible import shortened, visible
from tocsin.web.hunts import confine

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.web.hunts.limits import HuntLimits

_POLL_S = 0.25
_SAID_BYTES = 64 * 2**10
_LINE = 400
_OURS = "tocsin: "
_SO_FAR = re.compile(r"([\d,.]+) MiB of ([\d,.]+) MiB")
_OUT_OF_MEMORY = re.compile(
    "MemoryError|bad_alloc|Memory allocation|Cannot allocate memory|out of memory"
    "|cannot map zero-fill|failed to map segment|pthread_create failed|can't start new thread",
    re.IGNORECASE,
)
"""As Python, C++, NumPy, the loader of libraries and the engines for rules say it."""
_TOO_LARGE = re.compile(r"File too large|EFBIG")
_KEPT = ("TOCSIN_DATA", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
"""Where newer knowledge lies, and what the interpreter itself may need. Nothing secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confined:
    """A command, where it works, and where what it says goes."""

    command: list[str]
    folder: Path
    """Its working directory."""
    scratch: Path
    """Its home and its temporary files; must exist, and is the caller's to remove."""
    out: Path
    what: str
    """For messages: ``The hunt``."""


def run(one: Confined, limits: HuntLimits, tell: Callable[[int, int, str], None]) -> bool:
    """Run it to its end; whether it was kept from the network.

    `tell` hears of progress several times a second, and may raise to end it.

    Raises `SourceError` where it did not end well: what happened, in words for people.
    """
    err = one.scratch / "stderr"
    began_s = time.monotonic()
    told, tells = os.pipe()
    try:
        with one.out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(  # noqa: S603 our own program, and a path of ours
                [
                    *(sys.executable, "-I", confine.__file__),
                    *(str(limits.memory_bytes), str(limits.file_bytes), str(tells)),
                    *one.command,
                ],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                cwd=one.folder,
                env=_environment(one.scratch),
                start_new_session=True,
                pass_fds=(tells,),
            )
    except BaseException:
        os.close(told)
        raise
    finally:
        os.close(tells)
    try:
        with os.fdopen(told, "rb") as answer:
            away = answer.read().split()  # closed before the command begins
        while (code := _wait(process)) is None:
            if time.monotonic() - began_s > limits.seconds:
                raise SourceError(
                    f"{one.what} took longer than {limits.time_words}, and was ended. "
                    "There is no result."
                )
            if shutil.disk_usage(one.scratch).free < limits.free_bytes:
                raise SourceError(
                    f"{one.what} was ended, since the disk of the desk is nearly full. "
                    "There is no result."
                )
            tell(*_progress(err))
    finally:
        _end(process)
    if code:
        raise SourceError(_why(one.what, code, _said(err), limits))
    return bool({confine.NETWORK.encode(), confine.SOCKETS.encode()} & set(away))


def _wait(process: subprocess.Popen[bytes]) -> int | None:
    with suppress(subprocess.TimeoutExpired):
        return process.wait(timeout=_POLL_S)
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Whatever it started is of its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _environment(scratch: Path) -> dict[str, str]:
    """No secret, no database, no home of ours."""
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "XDG_DATA_HOME": os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local/share"),
        "XDG_CONFIG_HOME": os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config"),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "TOCSIN_CACHE": "off",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _said(err: Path) -> list[str]:
    """The last lines that it said."""
    with err.open("rb") as file:
        file.seek(max(0, err.stat().st_size - _SAID_BYTES))
        return file.read().decode("utf-8", "replace").splitlines()


def _progress(err: Path) -> tuple[int, int, str]:
    """MiB of MiB, and the last line of ours."""
    ours = [line for line in _said(err) if line.startswith(_OURS)]
    line = shortened(visible(ours[-1].removeprefix(_OURS)), _LINE) if ours else ""
    found = _SO_FAR.search(line)
    if found is None:
        return 0, 0, line
    done, total = (round(float(part.replace(",", "") or 0)) for part in found.groups())
    return done, total, line


def _why(what: str, code: int, said: list[str], limits: HuntLimits) -> str:
    text = "\n".join(said)
    nothing = "There is no result."
    if _OUT_OF_MEMORY.search(text) or code in (-signal.SIGABRT, -signal.SIGSEGV):
        most = limits.memory_words
        return f"{what} needed more than the {most} of memory that it may use. {nothing}"
    if _TOO_LARGE.search(text) or code == -signal.SIGXFSZ:
        return f"{what} wrote a file larger than it may. {nothing}"
    if code == -signal.SIGKILL:
        return f"{what} was killed, most likely because the machine had no memory left. {nothing}"
    if code < 0:
        return f"{what} was ended by signal {-code}. {nothing}"
    ours = [line.removeprefix(_OURS) for line in said if line.startswith(_OURS)]
    told = shortened(visible(ours[-1]), _LINE) if ours else f"it ended with code {code}"
    return f"{what} failed: {told}"
