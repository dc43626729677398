"""The output as memory: what is done is found again, and what is torn is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.probe.probing import scope
from tocsin.errors import UsageError
from tocsin.probe.journal import Done, Journal, begin_anew, go_on
from tocsin.probe.targets import Targets

if TYPE_CHECKING:
    import ipaddress
    from pathlib import Path

NONE: frozenset[ipaddress.IPv4Address | ipaddress.IPv6Address] = frozenset()
TARGETS = Targets(
    scope("192.0.2.0/30", names={"a.example.org": (NONE, False)}, ports=[(443, "https")])
)


def line(
    target: str, *, last: bool = True, port: int = 443, schema: str = "tocsin.probe/1"
) -> str:
    row = {"schema": schema, "target": target, "port": port, "scheme": "https", "last": last}
    return json.dumps(row | {"further": [1]}) + "\n"


def undone(done: Done) -> list[str]:
    return [TARGETS[number].text for number in range(len(TARGETS)) if number not in done]


def test_whole_rows_are_done_and_others_are_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    whole = line("192.0.2.0") + line("192.0.2.1", last=False) + line("a.example.org")
    path.write_text(whole + line("192.0.2.2")[:-5], encoding="utf-8")
    done = go_on(path, TARGETS)

    assert ["192.0.2.1", "192.0.2.2", "192.0.2.3"] == undone(done)
    assert whole == path.read_text(encoding="utf-8")
    assert 2 == done.count


def test_what_the_scope_no_longer_holds_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text(line("198.51.100.1") + line("192.0.2.0", port=8443), encoding="utf-8")
    assert 5 == len(undone(go_on(path, TARGETS)))


def test_a_file_that_does_not_exist_is_a_beginning(tmp_path: Path) -> None:
    assert 5 == len(undone(go_on(tmp_path / "none", TARGETS)))


@pytest.mark.parametrize(
    "content", ["ip,port\n192.0.2.1,443\n", "{}\n", line("192.0.2.1", schema="tocsin.probe/2")]
)
def test_another_kind_of_file_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"out\.jsonl: line 1"):
        go_on(path, TARGETS)


def test_a_file_that_has_content_is_not_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    begin_anew(path)
    path.touch()
    begin_anew(path)
    path.write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match="--resume"):
        begin_anew(path)


def test_lines_are_on_disk_as_soon_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with Journal(path, "--output") as journal:
        journal.write(b"one\n")
        assert b"one\n" == path.read_bytes()
    with Journal(path, "--output") as journal:
        journal.write(b"two\n")
    assert b"one\ntwo\n" == path.read_bytes()


def test_two_runs_do_not_write_the_same_file(tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="Windows has no such lock")
    path = tmp_path / "out.jsonl"
    with (
        Journal(path, "--output", alone=True),
        pytest.raises(
            UsageError, match=r"^--output: another tocsin probe is writing .*out\.jsonl"
        ),
    ):
        Journal(path, "--output", alone=True)
    with Journal(path, "--output", alone=True) as journal:
        journal.write(b"one\n")


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^--output: .* cannot be written"):
        Journal(tmp_path / "none" / "out.jsonl", "--output")


def test_a_full_disk_is_told() -> None:
    from pathlib import Path  # noqa: PLC0415 only here at run time

    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system")
    with (
        Journal(full, "--output") as journal,
        pytest.raises(UsageError, match="make room, and go on with --resume"),
    ):
        journal.write(b"one\n")


def test_a_bit_is_kept_of_each_target() -> None:
    done = Done(2**20)
    done.add(5)
    done.add(5)
    done.add(2**20 - 1)
    assert (2, True, True, False) == (done.count, 5 in done, 2**20 - 1 in done, 6 in done)
    assert 2**17 == len(done._bits)
