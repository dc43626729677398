from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.collect.drives import ECP, LOG, PAGE, WANTED, contents, lay_out
from tocsin.cli.commands import collect
from tocsin.cli.entry import main
from tocsin.cli.exits import Exit
from tocsin.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    Captured = pytest.CaptureFixture[str]


@pytest.fixture
def drives(tmp_path: Path) -> Path:
    return lay_out(tmp_path / "drives")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "evidence.zip"


def test_it_collects_and_says_what_came_of_it(
    drives: Path, output: Path, capsys: Captured
) -> None:
    assert Exit.DONE == main(["collect", str(drives), "-o", str(output)])
    assert WANTED == [*contents(output)]
    out, progress = capsys.readouterr()
    assert f"Collected {len(WANTED)} files" in out
    assert "  evidence.zip" in out
    assert "Looked for, and nothing there" in out
    assert f"Next: tocsin hunt {output}" in out
    assert "tocsin: reading collecting" in progress


def test_its_times_are_those_of_the_clock(drives: Path, output: Path) -> None:
    main(["collect", str(drives), "-o", str(output), "--quiet"])
    with zipfile.ZipFile(output) as archive:
        listed = json.loads(archive.read("tocsin-collection.json"))
    assert listed["started"] <= listed["ended"]
    assert listed["started"].endswith("Z")


def test_drives_are_named_one_by_one_and_what_is_assumed_is_said(
    drives: Path, output: Path, capsys: Captured
) -> None:
    (drives / "C").rename(drives / "image")
    code = main(["collect", str(drives / "image"), f"D={drives / 'D'}", "-o", str(output)])
    assert Exit.DONE == code
    assert WANTED == [*contents(output)]
    progress = capsys.readouterr().err
    assert "for drive C; write D=" in progress
    assert "the times of its files prove nothing" in progress


def test_what_could_not_be_taken_is_listed_at_the_end(
    drives: Path, output: Path, capsys: Captured
) -> None:
    (drives / "C" / "elsewhere").symlink_to("/")
    assert Exit.DONE == main(["collect", str(drives), "-o", str(output)])
    out = capsys.readouterr().out
    assert "Not taken: 1\n  link: C/elsewhere (leads to /" in out


def test_old_logs_are_left_out_only_where_that_is_asked_for(
    drives: Path, output: Path, capsys: Captured
) -> None:
    code = main(["collect", str(drives), "-o", str(output), "--since", "2040-01-01", "--quiet"])
    assert Exit.DONE == code
    assert sorted({*WANTED} - {LOG, ECP}) == [*contents(output)]
    assert PAGE in contents(output)
    assert "Left out for being old, and listed in the archive: 2 logs." in capsys.readouterr().out


def test_parts_are_named_with_their_hashes(drives: Path, output: Path, capsys: Captured) -> None:
    (drives / PAGE).write_bytes(bytes(range(256)) * 10)
    assert Exit.DONE == main(["collect", str(drives), "-o", str(output), "--split", "1M"])
    assert (output.parent / "evidence.zip.sha256").read_text().endswith("  evidence.zip\n")
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["{drives}", "-o", "{drives}/C/e.zip"], Exit.USAGE, "which stays as it is"),
        (["{drives}", "-o", "{drives}/../no/e.zip"], Exit.USAGE, "there is no folder"),
        (["{drives}/nowhere", "-o", "{output}"], Exit.SOURCE, "cannot be listed"),
        (["{drives}/C/Users", "-o", "{output}"], Exit.SOURCE, "none of the files"),
        (["{drives}/C", "{drives}/C", "-o", "{output}"], Exit.USAGE, "would both be drive C"),
        (["{drives}", "-o", "{output}", "--split", "9"], Exit.USAGE, "is no size"),
        (["{drives}", "-o", "{output}", "--since", "soon"], Exit.USAGE, "is no time"),
    ],
)
def test_what_cannot_be_done_is_told_with_its_exit_code(
    drives: Path, output: Path, capsys: Captured, arguments: list[str], code: Exit, message: str
) -> None:
    filled = [text.format(drives=drives, output=output) for text in arguments]
    assert code == main(["collect", *filled])
    assert message in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2G", 2**31),
        ("700M", 700 * 2**20),
        ("1.5 GiB", 3 * 2**29),
        ("1048576", 2**20),
        ("1t", 2**40),
    ],
)
def test_a_size_is_read_as_people_write_it(text: str, size: int) -> None:
    assert size == collect._size(text)


@pytest.mark.parametrize("text", ["", "G", "-1G", "0", "1023K", "2X", "2 G B"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no size"):
        collect._size(text)
