"""The list of `tocsin collect` against what is there, sound and hostile."""

from __future__ import annotations

import hashlib
import json
import zipfile
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.archives import LOG
from tocsin.evidence import own_manifest
from tocsin.evidence.listed import mismatch
from tocsin.evidence.manifest import Digest
from tocsin.evidence.open import open_collection
from tocsin.evidence.own_manifest import (
    Head,
    LeftOut,
    ListedFile,
    ListedRoot,
    Note,
    PartMarker,
    Tail,
    Trouble,
    TroubleCode,
)
from tocsin.evidence.parts import marker_of
from tocsin.hunt import Options, hunt
from tocsin.model.artefact import TimeOrigin
from tocsin.model.problem import ProblemCode
from tocsin.model.progress import SilentProgress

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.evidence.collection import Member
    from tocsin.model.problem import Problem

NOW = datetime(2021, 3, 12, 10, tzinfo=UTC)
CREATED = datetime(2021, 3, 3, 4, 5, 6, 123456, tzinfo=UTC)
PATH = "C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log"
SHA256 = hashlib.sha256(LOG).hexdigest()
FILE = ListedFile(path=PATH, size=len(LOG), sha256=SHA256, created=CREATED)
HEAD = Head(
    schema=own_manifest.SCHEMA,
    id="a1",
    tool="0.1.0",
    started=NOW,
    roots=(ListedRoot(drive="C", path="/mnt/c", file_system="ntfs3", is_original=True),),
)
TAIL = Tail(ended=NOW, resumed=False, parts=("evidence.zip",))


def listing(
    *files: ListedFile,
    left_out: tuple[LeftOut, ...] = (),
    troubles: tuple[Trouble, ...] = (),
) -> bytes:
    return b"".join(own_manifest.written(HEAD, files or (FILE,), left_out, troubles, TAIL))


def marker(part: int = 1) -> bytes:
    text = json.dumps({"schema": own_manifest.SCHEMA, "id": "a1", "part": part})
    return text.encode()


def opened(folder: Path, files: dict[str, bytes]) -> tuple[dict[str, Member], list[Problem]]:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with open_collection(folder) as collection:
        return {member.path.inside: member for member in collection.members()}, collection.problems


def told(problems: list[Problem]) -> list[tuple[str, ProblemCode]]:
    return [(problem.artefact, problem.code) for problem in problems]


# --- the form ------------------------------------------------------------------------------------


def test_the_list_is_one_json_object_with_a_line_for_each_entry() -> None:
    data = listing(
        FILE, FILE, troubles=(Trouble(path="C/x", code=TroubleCode.LOCKED, detail="y"),)
    )
    parsed: dict[str, Any] = json.loads(data)
    assert ["a1", 2, 0, 1] == [
        parsed["id"], len(parsed["files"]), len(parsed["left_out"]), len(parsed["troubles"])
    ]  # fmt: skip
    assert 8 == len(data.splitlines())


def test_what_is_written_is_read() -> None:
    left_out = LeftOut(path="C/old.log", size=1, modified=None, last_day=date(2021, 1, 5))
    trouble = Trouble(path="C/x", code=TroubleCode.LOCKED, detail="y")
    lines = listing(FILE, left_out=(left_out,), troubles=(trouble,)).splitlines()
    assert [HEAD, FILE, left_out, trouble, TAIL] == [
        entry for _, entry in own_manifest.read(lines)
    ]


@given(st.lists(st.binary(max_size=60)))
def test_any_lines_are_entries_or_bad_lines(lines: list[bytes]) -> None:
    """Never an exception, whatever somebody made of the list."""
    for number, entry in own_manifest.read(lines):
        assert 1 <= number <= len(lines)
        assert entry is None or isinstance(entry, own_manifest.Entry)


@given(st.data())
def test_a_list_that_was_changed_anywhere_is_read_or_told(data: st.DataObject) -> None:
    text = bytearray(listing(FILE, FILE))
    for _ in range(data.draw(st.integers(1, 5))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    for _, entry in own_manifest.read(bytes(text).splitlines()):
        assert entry is None or isinstance(entry, own_manifest.Entry)


@pytest.mark.parametrize(
    "line",
    [
        b'{"path":"C/a","size":1,"sha256":"x","created":"2021-03-03T04:05:06"}',
        b'{"path":"C/a","size":1,"sha256":"x","more":' + b"[" * 100_000 + b"}",
        b'{"path":"C/\xff","size":1,"sha256":"x"}',
        b'{"path":"C/a","size":1,"sha256":"x","created":"9999-99-99T00:00:00Z"}',
    ],
    ids=["no zone", "deep", "no text", "no time"],
)
def test_a_line_that_could_harm_us_is_a_bad_line(line: bytes) -> None:
    """A time without a zone cannot be compared, and depth exhausts a parser."""
    lines = listing().splitlines()
    assert [None] == [
        entry for number, entry in own_manifest.read([lines[0], line]) if number == 2
    ]


# --- what it says --------------------------------------------------------------------------------


def test_it_gives_the_times_that_the_collector_read_on_the_server(tmp_path: Path) -> None:
    members, problems = opened(tmp_path, {PATH: LOG, own_manifest.NAME: listing()})
    assert [(CREATED, TimeOrigin.COLLECTOR)] == [
        (time.value, time.origin) for time in members[PATH].times
    ]
    assert [] == problems


@pytest.mark.parametrize("place", ["C", "C/inetpub", "MAIL01/C/Users/anna", "uploads/auto/C%3A"])
def test_a_list_on_the_servers_own_drive_is_none_of_ours(tmp_path: Path, place: str) -> None:
    """Whoever broke in could have written it, to give a page another age."""
    path = f"{place}/inetpub/a.aspx"
    lie = listing(ListedFile(path="C/inetpub/a.aspx", size=1, sha256=SHA256, created=CREATED))
    members, problems = opened(
        tmp_path,
        {path: LOG, f"{place}/{own_manifest.NAME}": lie, f"{place}/tocsin-part-1.json": marker()},
    )
    assert TimeOrigin.COLLECTOR not in {time.origin for time in members[path].times}
    assert [] == problems


def test_it_speaks_only_for_what_lies_on_its_drives(tmp_path: Path) -> None:
    """In a folder named C, its own root is the root of the drive."""
    drive = tmp_path / "C"
    lie = listing(ListedFile(path="inetpub/a.aspx", size=1, sha256=SHA256, created=CREATED))
    members, _ = opened(drive, {"inetpub/a.aspx": LOG, own_manifest.NAME: lie})
    assert TimeOrigin.COLLECTOR not in {time.origin for time in members["inetpub/a.aspx"].times}


def test_a_file_that_is_listed_and_not_there_is_missing(tmp_path: Path) -> None:
    gone = ListedFile(path="C/inetpub/gone.log", size=7, sha256=SHA256)
    _, problems = opened(
        tmp_path,
        {PATH: LOG, own_manifest.NAME: listing(FILE, gone), own_manifest.part_name(1): marker()},
    )
    assert [("C/inetpub/gone.log", ProblemCode.MISSING)] == told(problems)


def test_what_the_collector_could_not_take_is_told_but_not_what_was_absent(tmp_path: Path) -> None:
    troubles = (
        Trouble(path="C/Windows/a.evtx", code=TroubleCode.LOCKED, detail="in use"),
        Trouble(path="C/logs", code=TroubleCode.LINK, detail="leads to E:"),
        Trouble(path="mft", code=TroubleCode.ABSENT, detail="Master file table"),
    )
    _, problems = opened(tmp_path, {PATH: LOG, own_manifest.NAME: listing(troubles=troubles)})
    assert [
        ("C/Windows/a.evtx", ProblemCode.NOT_COLLECTED),
        ("C/logs", ProblemCode.LINK),
    ] == told(problems)
    assert "locked: in use" == problems[0].detail


@pytest.mark.parametrize(
    ("note", "codes"),
    [(Note.CUT, [ProblemCode.TRUNCATED]), (Note.GREW, []), (Note.WRITTEN, []), (None, [])],
)
def test_a_file_that_was_cut_is_told(
    tmp_path: Path, note: Note | None, codes: list[ProblemCode]
) -> None:
    file = ListedFile(path=PATH, size=1, sha256=SHA256, note=note, detail="5 of 9 bytes")
    _, problems = opened(tmp_path, {PATH: LOG, own_manifest.NAME: listing(file)})
    assert codes == [problem.code for problem in problems]


@pytest.mark.parametrize("cut", [2, 20, 300])
def test_a_list_that_is_cut_is_told(tmp_path: Path, cut: int) -> None:
    _, problems = opened(tmp_path, {PATH: LOG, own_manifest.NAME: listing()[:-cut]})
    assert {ProblemCode.BAD_METADATA} == {problem.code for problem in problems}
    assert any("ends too early" in problem.detail for problem in problems)


def test_a_collection_without_its_list_was_not_finished(tmp_path: Path) -> None:
    _, problems = opened(tmp_path, {PATH: LOG, "tocsin-part-1.json": marker()})
    assert [("tocsin-part-1.json", ProblemCode.MISSING)] == told(problems)
    assert "not finished" in problems[0].detail


def test_a_content_that_is_not_what_was_hashed_on_the_server_is_a_problem(tmp_path: Path) -> None:
    source = tmp_path / "evidence.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr(PATH, LOG + b"2021-03-03 00:00:01\r\n")
        archive.writestr(own_manifest.NAME, listing())
    (host,) = hunt([source], Options(), SilentProgress()).hosts
    (problem,) = (one for one in host.problems if one.code == ProblemCode.HASH_MISMATCH)
    assert PATH == problem.artefact
    assert SHA256 in problem.detail
    assert {"iis"} <= {one.kind for one in host.coverage if one.problems}


def test_the_hash_of_what_nobody_claims_is_no_problem() -> None:
    digest = Digest(size_bytes=1, sha256=SHA256)
    assert mismatch(PATH, None, digest) is None
    assert mismatch(PATH, SHA256, digest) is None


def test_the_list_is_not_taken_for_a_log_that_it_quotes(tmp_path: Path) -> None:
    trouble = Trouble(
        path="msert", code=TroubleCode.ABSENT, detail="Microsoft Safety Scanner v1.333"
    )
    source = tmp_path / "evidence.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr(PATH, LOG)
        archive.writestr(own_manifest.NAME, listing(troubles=(trouble,)))
    (host,) = hunt([source], Options(), SilentProgress()).hosts
    assert "msert" not in {one.kind for one in host.coverage}
    assert own_manifest.NAME in {entry.path for entry in host.manifest}


def test_a_locked_log_is_lost_to_its_kind_of_source(tmp_path: Path) -> None:
    lost = "D/Exchange/Logging/ECP/Server/ECPServer20210303-1.LOG"
    trouble = Trouble(path=lost, code=TroubleCode.LOCKED, detail="in use")
    source = tmp_path / "evidence.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr(PATH, LOG)
        archive.writestr(own_manifest.NAME, listing(troubles=(trouble,)))
    (host,) = hunt([source], Options(), SilentProgress()).hosts
    assert {"ecp_server": 1} == {
        one.kind: one.problems for one in host.coverage if one.kind == "ecp_server"
    }


# --- markers -------------------------------------------------------------------------------------


@given(st.binary(max_size=300))
def test_any_file_has_a_marker_or_none(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("marker") / "a.zip"
    path.write_bytes(data)
    assert marker_of(path) is None


def test_the_marker_is_read_from_the_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tocsin-part-3.json", marker(3))
    path.write_bytes(path.read_bytes()[:200])
    assert PartMarker(schema=own_manifest.SCHEMA, id="a1", part=3) == marker_of(path)


@pytest.mark.parametrize("text", [b"{}", b"[]", b"x", b'{"schema":"other/1","id":"a","part":1}'])
def test_a_marker_of_somebody_else_is_none(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tocsin-part-1.json", text)
    assert marker_of(path) is None
    assert marker_of(tmp_path) is None
    assert marker_of(tmp_path / "nowhere") is None
