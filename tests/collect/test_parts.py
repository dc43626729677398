"""Split, broken off, killed, taken up again: what was collected is there once and whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.collect.drives import LOG, contents, hooked, lay_out, manifest, taken
from tests.evidence.archives import read
from tocsin.collect.archive import journal_of, part_path
from tocsin.errors import UsageError
from tocsin.evidence.parts import all_parts, without_later_parts
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.model.problem import Problem

SIZE = 100_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that do not pack: as large in the archive as on the drive."""
    dice = random.Random(1)
    return lay_out(
        tmp_path_factory.mktemp("server"),
        {
            f"C/inetpub/logs/LogFiles/W3SVC1/u_ex2103{day:02}.log": dice.randbytes(SIZE)
            for day in range(1, 31)
        },
    )


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "evidence.zip"


def content_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def opened(source: Path) -> tuple[dict[str, bytes], list[Problem]]:
    """What a hunt reads of it, without our own files and the archives themselves."""
    everything = read(source)
    found = {
        name: data
        for name, data in everything.contents.items()
        if not name.rpartition("/")[2].startswith("tocsin-") and not name.endswith(".zip")
    }
    return found, everything.problems


# --- split ---------------------------------------------------------------------------------------


def test_each_part_can_be_opened_alone_and_is_no_larger_than_asked(
    server: Path, output: Path
) -> None:
    outcome = taken(server, output, split_bytes=10 * SIZE)
    names = ["evidence.zip", "evidence.2.zip", "evidence.3.zip", "evidence.4.zip"]
    assert names == [part.name for part in outcome.parts]
    assert names == manifest(output)["parts"]
    assert all(part.stat().st_size <= 10 * SIZE for part in outcome.parts)
    together = {name: data for part in outcome.parts for name, data in contents(part).items()}
    assert content_of(server) == together


def test_a_file_that_fits_into_no_part_gets_one_of_its_own(output: Path, tmp_path: Path) -> None:
    big = "C/inetpub/wwwroot/b.aspx"
    drives = lay_out(
        tmp_path / "drives",
        {LOG: os.urandom(2 * SIZE), big: os.urandom(30 * SIZE), "C/x/z.aspx": b"<%@ Page %>"},
    )
    outcome = taken(drives, output, split_bytes=10 * SIZE)
    assert [[LOG], [big], ["C/x/z.aspx"]] == [[*contents(part)] for part in outcome.parts]


@pytest.mark.parametrize("named", [0, 1, 3])
def test_whichever_part_is_named_all_are_opened_as_one_server(
    server: Path, output: Path, named: int
) -> None:
    outcome = taken(server, output, split_bytes=10 * SIZE)
    found, problems = opened(outcome.parts[named])
    assert content_of(server) == found
    assert [] == problems


def test_parts_are_known_by_their_content_and_not_by_their_names(
    server: Path, output: Path
) -> None:
    outcome = taken(server, output, split_bytes=10 * SIZE)
    renamed = [
        part.rename(part.with_name(f"{i}-of-mine.zip")) for i, part in enumerate(outcome.parts)
    ]
    assert renamed == all_parts(renamed[2])
    assert (content_of(server), []) == opened(renamed[0])


def test_parts_named_together_are_one_source(server: Path, output: Path, tmp_path: Path) -> None:
    parts = taken(server, output, split_bytes=10 * SIZE).parts
    other = lay_out(tmp_path / "other", {LOG: b""})
    assert [parts[0], other] == without_later_parts([parts[0], parts[2], other, parts[1]])
    assert [parts[0], other] == without_later_parts([parts[3], parts[0], other])
    assert [parts[1]] == without_later_parts([parts[2], parts[1]])


def test_two_collections_in_one_folder_are_kept_apart(server: Path, tmp_path: Path) -> None:
    one = taken(server, tmp_path / "one.zip", split_bytes=10 * SIZE).parts
    two = taken(server, tmp_path / "two.zip", split_bytes=15 * SIZE).parts
    assert [*one] == all_parts(one[0])
    assert [*two] == all_parts(two[0])


def test_a_missing_part_is_told_with_every_file_that_was_in_it(server: Path, output: Path) -> None:
    parts = taken(server, output, split_bytes=10 * SIZE).parts
    lost = sorted(contents(parts[2]))
    parts[2].unlink()
    found, problems = opened(output)
    assert {*content_of(server)} - {*lost} == {*found}
    assert {ProblemCode.MISSING} == {one.code for one in problems}
    assert ["tocsin-collection.json", *lost] == [one.artefact for one in problems]
    assert "part 3 of this collection is not here" in problems[0].detail


def test_a_later_part_without_the_first_says_so(server: Path, output: Path) -> None:
    parts = taken(server, output, split_bytes=10 * SIZE).parts
    expected = contents(parts[1])
    parts[0].unlink()
    for part in parts[2:]:
        part.unlink()
    found, problems = opened(parts[1])
    assert expected == found
    assert [(ProblemCode.MISSING, "tocsin-part-2.json")] == [
        (one.code, one.artefact) for one in problems
    ]
    assert "the first part" in problems[0].detail


def test_parts_in_one_folder_are_one_collection(server: Path, output: Path) -> None:
    taken(server, output, split_bytes=10 * SIZE)
    found, problems = opened(output.parent)
    assert content_of(server) == {name.partition(".zip/")[2]: data for name, data in found.items()}
    assert [] == problems


# --- broken off ----------------------------------------------------------------------------------


class StoppedError(Exception):
    """Somebody pulled the plug."""


def broken_off(server: Path, output: Path, after: int, **options: object) -> None:
    """A collection that stops when the file number `after` begins."""
    seen = 0

    def stop(path: str) -> None:
        nonlocal seen
        seen += path.endswith(".log")
        if seen > after:
            raise StoppedError

    with pytest.raises(StoppedError):
        taken(server, output, progress=hooked(stop), **options)


@given(
    after=st.integers(0, 29), split=st.sampled_from([None, 10 * SIZE]), junk=st.binary(max_size=99)
)
@settings(max_examples=15)
def test_it_goes_on_where_it_stopped_and_ends_as_if_it_never_had(
    server: Path,
    tmp_path_factory: pytest.TempPathFactory,
    after: int,
    split: int | None,
    junk: bytes,
) -> None:
    folder = tmp_path_factory.mktemp("resumed")
    output, whole = folder / "evidence.zip", folder / "whole.zip"
    broken_off(server, output, after, split_bytes=split)
    last = max(path for path in folder.glob("evidence*.zip"))
    with last.open("ab") as stream:
        stream.write(junk)  # of the file that was not finished
    outcome = taken(server, output, split_bytes=split, resume=True)
    expected = taken(server, whole, split_bytes=split)
    assert after == outcome.resumed_files
    assert [contents(part) for part in expected.parts] == [
        contents(part) for part in outcome.parts
    ]
    assert manifest(whole)["files"] == manifest(output)["files"]
    assert bool(after) == manifest(output)["resumed"]
    assert not journal_of(output).path.exists()
    assert (content_of(server), []) == opened(output)


def test_what_was_damaged_meanwhile_is_taken_again(server: Path, output: Path) -> None:
    broken_off(server, output, 20, split_bytes=10 * SIZE)
    for number in (1, 2):
        with part_path(output, number).open("r+b") as stream:
            stream.seek(3 * SIZE)
            stream.write(b"damage")
    outcome = taken(server, output, split_bytes=10 * SIZE, resume=True)
    assert 18 == outcome.resumed_files
    assert (content_of(server), []) == opened(output)


def test_a_part_that_is_gone_is_taken_again(server: Path, output: Path) -> None:
    broken_off(server, output, 20, split_bytes=10 * SIZE)
    part_path(output, 2).unlink()
    taken(server, output, split_bytes=10 * SIZE, resume=True)
    assert (content_of(server), []) == opened(output)


def test_a_journal_that_lies_is_not_believed(server: Path, output: Path) -> None:
    broken_off(server, output, 5)
    path = journal_of(output).path
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(
        lines[0] + lines[2].replace(b"u_ex210302", b"u_ex210309") + b"{}\n{\n" + lines[4]
    )
    outcome = taken(server, output, resume=True)
    assert 1 == outcome.resumed_files
    assert (content_of(server), []) == opened(output)


def test_a_collection_that_was_broken_off_can_be_hunted_and_says_so(
    server: Path, output: Path
) -> None:
    broken_off(server, output, 7)
    found, problems = opened(output)
    whole = content_of(server)
    assert 7 <= len(found) <= 8
    assert 7 == sum(whole[name] == data for name, data in found.items())
    assert ProblemCode.MISSING in {one.code for one in problems}
    assert any("was not finished" in one.detail for one in problems)


def test_without_resume_a_collection_that_was_broken_off_is_left_alone(
    server: Path, output: Path
) -> None:
    broken_off(server, output, 3)
    before = output.read_bytes()
    with pytest.raises(UsageError, match="go on with --resume"):
        taken(server, output)
    assert before == output.read_bytes()


@pytest.mark.parametrize("options", [{"split_bytes": 10 * SIZE}, {"trust_times": True}])
def test_it_goes_on_only_with_the_same_drives_and_options(
    server: Path, output: Path, options: dict[str, object]
) -> None:
    broken_off(server, output, 3)
    with pytest.raises(UsageError, match="other drives or options"):
        taken(server, output, resume=True, **options)


def test_resuming_what_was_never_begun_begins_it(server: Path, output: Path) -> None:
    assert 0 == taken(server, output, resume=True).resumed_files
    assert (content_of(server), []) == opened(output)


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_by_its_command(tmp_path: Path) -> None:
    dice = random.Random(2)
    names = [f"C/inetpub/logs/LogFiles/W3SVC1/u_ex2103{day:02}.log" for day in range(1, 31)]
    drives = lay_out(tmp_path / "drives", {name: dice.randbytes(4_000_000) for name in names})
    output = tmp_path / "evidence.zip"
    command = [
        sys.executable, "-m", "tocsin", "collect", str(drives), "-o", str(output), "--quiet",
        "--split", "50M",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    second = part_path(output, 2)
    while process.poll() is None and not (second.exists() and second.stat().st_size > 9_000_000):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert journal_of(output).path.exists()
    assert 1 < len(opened(output)[0]) < len(names)
    done = subprocess.run([*command, "--resume"], capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    assert "were there already and are sound" in done.stdout
    assert (content_of(drives), []) == opened(output)
