from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import zipfile
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.collect.drives import (
    ECP,
    IIS,
    LOG,
    PAGE,
    SERVER,
    WANTED,
    contents,
    hooked,
    lay_out,
    manifest,
    state_of,
    taken,
)
from tocsin.collect.collect import write_hashes
from tocsin.collect.file_times import FileTimes
from tocsin.errors import SourceError, UsageError
from tocsin.evidence.open import open_collection
from tocsin.evidence.own_manifest import Note, TroubleCode
from tocsin.model.artefact import TimeKind, TimeOrigin
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CREATED = datetime(2021, 3, 3, 4, 5, 6, 123456, tzinfo=UTC)
MODIFIED = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def drives(tmp_path: Path) -> Path:
    return lay_out(tmp_path / "drives")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "evidence.zip"


def test_what_the_hunt_reads_is_taken_and_nothing_else(drives: Path, output: Path) -> None:
    outcome = taken(drives, output)
    assert WANTED == [*contents(output)]
    assert {name: SERVER[name] for name in WANTED} == contents(output)
    assert (len(WANTED), ()) == (outcome.files, outcome.troubles)


def test_it_is_in_the_order_of_the_paths_and_the_same_each_time(
    drives: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "a" / "e.zip", tmp_path / "b" / "e.zip"
    for output in (first, second):
        output.parent.mkdir()
        taken(drives, output)
    assert contents(first) == contents(second)
    assert manifest(first)["files"] == manifest(second)["files"]
    assert manifest(first)["files"] == sorted(
        manifest(first)["files"], key=lambda file: str(file["path"])
    )


def test_the_list_has_sizes_hashes_and_times(drives: Path, output: Path) -> None:
    taken(drives, output)
    listed = manifest(output)
    assert "tocsin.collection/1" == listed["schema"]
    assert "2021-03-12T10:01:00Z" == listed["started"]
    assert "2021-03-12T10:02:00Z" == listed["ended"]
    assert ["C", "D"] == [root["drive"] for root in listed["roots"]]
    for file in listed["files"]:
        content = SERVER[file["path"]]
        status = (drives / file["path"]).stat()
        assert len(content) == file["size"]
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        modified = datetime.fromisoformat(file["modified"])
        assert abs(modified.timestamp() - status.st_mtime) < 1e-5
        assert {"created", "changed"} <= {*file}


def test_other_unzippers_read_it(drives: Path, output: Path) -> None:
    taken(drives, output)
    done = subprocess.run(
        ["unzip", "-tq", str(output)], capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout


def test_the_drives_stay_as_they_are(drives: Path, output: Path) -> None:
    for path in drives.rglob("*"):
        if path.is_file():
            os.utime(path, (1_000_000_000, 1_100_000_000))
    before = state_of(drives)
    taken(drives, output)
    assert before == state_of(drives)


def test_hashes_of_the_archive_are_in_the_form_that_sha256sum_checks(
    drives: Path, output: Path
) -> None:
    outcome = taken(drives, output)
    hashes = write_hashes(outcome.parts)
    done = subprocess.run(
        ["sha256sum", "-c", hashes.name], cwd=hashes.parent, capture_output=True, check=False
    )
    assert 0 == done.returncode


# --- what the hunt makes of it -------------------------------------------------------------------


def times_of_the_server(path: bytes, status: os.stat_result) -> FileTimes:
    return FileTimes(created=CREATED, modified=MODIFIED)


def test_the_times_are_evidence_where_the_drives_are_the_servers_own(
    drives: Path, output: Path
) -> None:
    taken(drives, output, trust_times=True, times=times_of_the_server)
    with open_collection(output) as collection:
        member = next(one for one in collection.members() if one.path.inside == PAGE)
        assert [
            (TimeKind.CREATED, CREATED, TimeOrigin.COLLECTOR),
            (TimeKind.MODIFIED, MODIFIED, TimeOrigin.COLLECTOR),
        ] == [(time.kind, time.value, time.origin) for time in member.times]
        assert "C:/inetpub/wwwroot/aspnet_client/a.aspx" == member.path.server
        assert [] == collection.problems


def test_the_times_of_a_copy_prove_nothing(drives: Path, output: Path) -> None:
    """This test does not lie on a file system of Windows."""
    taken(drives, output, times=times_of_the_server)
    with open_collection(output) as collection:
        times = [time for member in collection.members() for time in member.times]
    assert {TimeOrigin.COPY, TimeOrigin.ARCHIVE} == {time.origin for time in times}
    assert not any(time.is_evidence for time in times)


# --- what cannot be taken ------------------------------------------------------------------------


@contextmanager
def nobody() -> Iterator[None]:
    """As a user who may not read everything: root may."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_we_may_not_read_is_listed_and_the_rest_is_taken(
    drives: Path, output: Path
) -> None:
    (drives / ECP).chmod(0)
    (drives / "C" / "inetpub" / "wwwroot").chmod(0)
    parent = output.parent
    shared = [path for path in (parent, *parent.parents) if "pytest" in str(path)]
    modes = {path: path.stat().st_mode for path in shared}
    for path in modes:
        path.chmod(0o777)
    try:
        with nobody():
            outcome = taken(drives, output)
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    codes = [(one.path, one.code) for one in outcome.troubles]
    assert [
        ("C/inetpub/wwwroot", TroubleCode.PERMISSION),
        (ECP, TroubleCode.PERMISSION),
    ] == codes
    assert sorted({*WANTED} - {ECP, PAGE}) == [*contents(output)]
    with open_collection(output) as collection:
        assert [(ProblemCode.NOT_COLLECTED, ECP)] == [
            (one.code, one.artefact) for one in collection.problems if "LOG" in one.artefact
        ]


def test_a_file_that_vanishes_meanwhile_is_listed(drives: Path, output: Path) -> None:
    def remove(path: str) -> None:
        if path == LOG:
            (drives / ECP).unlink()

    outcome = taken(drives, output, progress=hooked(remove))
    assert [(ECP, TroubleCode.VANISHED)] == [(one.path, one.code) for one in outcome.troubles]
    assert [(ECP, "vanished")] == [
        (one["path"], one["code"])
        for one in manifest(output)["troubles"]
        if one["code"] != TroubleCode.ABSENT
    ]


def test_a_loop_of_links_ends_and_a_link_out_of_the_drives_is_told(
    drives: Path, output: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (drives / "C" / "inetpub" / "loop").symlink_to(drives / "C")
    (drives / "C" / "inetpub" / "itself").symlink_to("itself")
    (drives / "C" / "logs").symlink_to(tmp_path / "elsewhere")
    outcome = taken(drives, output)
    assert WANTED == [*contents(output)]
    assert [("C/logs", TroubleCode.LINK)] == [(one.path, one.code) for one in outcome.troubles]


def test_what_was_looked_for_and_is_not_there_is_named(drives: Path, output: Path) -> None:
    outcome = taken(drives, output)
    absent = {one.path for one in outcome.absent}
    assert {"mft", "httpproxy"} <= absent
    assert not {"iis", "ecp_server", "web_file", "evtx"} & absent


def test_a_table_that_no_listing_shows_is_opened_by_its_name(drives: Path, output: Path) -> None:
    (drives / "C" / "$MFT").write_bytes(b"FILE0" + bytes(1019))
    taken(drives, output)
    assert "C/$MFT" in contents(output)


def test_a_name_that_could_harm_a_reader_is_made_safe(drives: Path, output: Path) -> None:
    folder = os.fsencode(drives / "C" / "inetpub")
    for name in (b"a\nb.aspx", b"bad\xff.aspx"):
        descriptor = os.open(folder + b"/" + name, os.O_CREAT | os.O_WRONLY)
        os.close(descriptor)
    taken(drives, output)
    assert {"C/inetpub/a%0Ab.aspx", "C/inetpub/bad%FF.aspx"} <= {*contents(output)}
    with open_collection(output) as collection:
        assert [] == collection.problems


def test_a_huge_file_that_was_never_written_is_cut(drives: Path, output: Path) -> None:
    with (drives / LOG).open("r+b") as stream:
        stream.truncate(2**40)
    outcome = taken(drives, output)
    (cut,) = outcome.cut
    assert (LOG, Note.CUT) == (cut.path, cut.note)
    assert contents(output)[LOG].startswith(SERVER[LOG])
    assert len(contents(output)[LOG]) < 2**20
    with open_collection(output) as collection:
        assert [(ProblemCode.TRUNCATED, LOG)] == [
            (one.code, one.artefact) for one in collection.problems
        ]


def test_a_log_full_of_nul_bytes_is_no_bomb_to_its_reader(drives: Path, output: Path) -> None:
    size = 100 * 2**20
    with (drives / LOG).open("wb") as stream:
        stream.truncate(size)
    taken(drives, output)
    with open_collection(output) as collection:
        member = next(one for one in collection.members() if one.path.inside == LOG)
        with member.open() as stream:
            total = sum(len(block) for block in iter(lambda: stream.read(2**20), b""))
            assert b"" == stream.read()
    assert size == total
    assert output.stat().st_size < size / 50


def test_more_of_one_file_than_a_hunt_reads_is_not_taken(drives: Path, output: Path) -> None:
    outcome = taken(drives, output, most_bytes=len(IIS))
    assert IIS == contents(output)[LOG]
    assert [(LOG, Note.CUT)] == [(one.path, one.note) for one in outcome.cut if one.path == LOG]


# --- wrong usage ---------------------------------------------------------------------------------


def test_nothing_is_written_onto_a_drive_that_is_collected(drives: Path) -> None:
    with pytest.raises(UsageError, match="which stays as it is"):
        taken(drives, drives / "C" / "evidence.zip")


def test_an_archive_that_exists_is_not_written_over(drives: Path, output: Path) -> None:
    taken(drives, output)
    before = output.read_bytes()
    for options in ({}, {"resume": True}):
        with pytest.raises(UsageError, match="exists and is complete"):
            taken(drives, output, **options)
    assert before == output.read_bytes()


def test_a_drive_without_anything_to_take_is_no_server(tmp_path: Path) -> None:
    (tmp_path / "C" / "Users").mkdir(parents=True)
    with pytest.raises(SourceError, match="none of the files"):
        taken(tmp_path, tmp_path / "evidence.zip")
    assert not (tmp_path / "evidence.zip").exists()


@contextmanager
def files_of_at_most(size_bytes: int) -> Iterator[None]:
    """Stands for a disk without more room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_is_full_is_told_as_ours_and_can_be_resumed_from(
    drives: Path, output: Path
) -> None:
    (drives / PAGE).write_bytes(os.urandom(200_000))
    with (
        files_of_at_most(100_000),
        pytest.raises(UsageError, match=r"cannot be written.*--resume"),
    ):
        taken(drives, output)
    outcome = taken(drives, output, resume=True)
    assert WANTED == sorted(contents(output))
    assert 1 <= outcome.resumed_files < outcome.files


def test_a_folder_that_does_not_exist_is_told(drives: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        taken(drives, drives.parent / "nowhere" / "evidence.zip")


def test_the_archive_is_for_its_owner_only(drives: Path, output: Path) -> None:
    taken(drives, output)
    assert 0o600 == output.stat().st_mode & 0o777


def test_the_marker_is_the_first_member(drives: Path, output: Path) -> None:
    taken(drives, output)
    with zipfile.ZipFile(output) as opened:
        assert "tocsin-part-1.json" == opened.namelist()[0]
        assert "tocsin-collection.json" == opened.namelist()[-1]
