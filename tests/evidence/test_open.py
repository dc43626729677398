from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import re
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from tests.evidence.archives import LOG, ZipMember, raw_zip, read, saved, sevenzip_of, tar_of
from tocsin.errors import SourceError
from tocsin.evidence.collection import Collection, Limits
from tocsin.evidence.open import open_collection
from tocsin.model.artefact import TimeKind, TimeOrigin

FILES = {
    "C/inetpub/logs/u_ex210303.log": LOG * 100,
    "C/Windows/Security.evtx": bytes(range(256)) * 400,
    "notes.txt": b"collected by hand",
    "empty.log": b"",
}


def zip_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


TAR = tar_of(*FILES.items())
KINDS = {
    "zip": zip_of(FILES),
    "7z": sevenzip_of(FILES),
    "tar": TAR,
    "tar.gz": gzip.compress(TAR),
    "tar.bz2": bz2.compress(TAR),
    "tar.xz": lzma.compress(TAR),
    "tar.zst": zstandard.ZstdCompressor().compress(TAR),
}


def open_files() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def inside(collection: Collection) -> list[str]:
    return [member.path.inside for member in collection.members()]


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_is_known_by_its_content_and_read_completely(tmp_path: Path, kind: str) -> None:
    done = read(saved(tmp_path, KINDS[kind], "no-ending"))
    assert (FILES, []) == (done.contents, done.problems)


def test_a_folder_is_read_completely(tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    done = read(tmp_path)
    assert (FILES, []) == (done.contents, done.problems)


def test_a_single_file_is_a_collection_of_one(tmp_path: Path) -> None:
    source = saved(tmp_path, LOG, "u_ex210303.log")
    with open_collection(source) as collection:
        assert "u_ex210303.log" == collection.name
        assert ["u_ex210303.log"] == inside(collection)
    assert {"u_ex210303.log": LOG} == read(source).contents


def test_a_source_may_be_named_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    saved(tmp_path / "case", LOG, "a.log")
    (tmp_path / "folder").symlink_to(tmp_path / "case")
    (tmp_path / "file").symlink_to(tmp_path / "case" / "a.log")
    assert {"a.log": LOG} == read(tmp_path / "folder").contents
    assert {"file": LOG} == read(tmp_path / "file").contents


def test_members_come_in_the_order_of_their_paths_as_often_as_asked(tmp_path: Path) -> None:
    source = saved(tmp_path, zip_of({"b": LOG, "a/c": LOG, "a": LOG}))
    with open_collection(source) as collection:
        assert ["a", "a/c", "b"] == inside(collection)
        assert ["a", "a/c", "b"] == inside(collection)


def test_an_empty_folder_and_an_empty_archive_are_collections_of_none(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for source in (tmp_path / "folder", saved(tmp_path, zip_of({}))):
        done = read(source)
        assert ({}, []) == (done.contents, done.problems)


# --- Archives in collections ---------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("outer", ["folder", "zip", "tar", "7z"])
def test_a_collectors_archive_is_opened_where_it_lies(
    tmp_path: Path, kind: str, outer: str
) -> None:
    place = f"MAIL01/collected.{kind}"
    if outer == "folder":
        (tmp_path / "MAIL01").mkdir()
        saved(tmp_path, KINDS[kind], place)
        source = tmp_path
    else:
        files = {place: KINDS[kind]}
        made = {"zip": zip_of(files), "tar": tar_of(*files.items()), "7z": sevenzip_of(files)}
        source = saved(tmp_path, made[outer])
    done = read(source)

    expected = {f"{place}/{name}": data for name, data in FILES.items()}
    assert expected | {place: KINDS[kind]} == done.contents
    assert [] == done.problems


def test_an_archive_on_the_servers_drive_is_a_file_like_any_other(tmp_path: Path) -> None:
    for folder in ("C/ProgramData", "inetpub"):
        (tmp_path / folder).mkdir(parents=True)
        saved(tmp_path / folder, KINDS["zip"], "x.zip")
        saved(tmp_path / folder, KINDS["tar.gz"], "y.tar.gz")
    done = read(tmp_path)

    names = {"C/ProgramData/x.zip", "C/ProgramData/y.tar.gz", "inetpub/x.zip", "inetpub/y.tar.gz"}
    assert (names, []) == (set(done.contents), done.problems)


@pytest.mark.parametrize("folder", ["C/inetpub/logs/W3SVC1", "loose"])
@pytest.mark.parametrize(
    ("ending", "pack"),
    [
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
        (".zst", zstandard.ZstdCompressor().compress),
    ],
)
def test_a_packed_log_is_opened_wherever_it_lies(
    tmp_path: Path, folder: str, ending: str, pack: object
) -> None:
    assert callable(pack)
    packed = pack(LOG)
    source = saved(tmp_path, zip_of({f"{folder}/u_ex210303.log{ending}": packed}))
    with open_collection(source) as collection:
        outer, log = collection.members()
        with log.open() as stream:
            assert LOG == stream.read()
        assert f"{folder}/u_ex210303.log{ending}" == outer.path.inside
        assert f"{folder}/u_ex210303.log{ending}/u_ex210303.log" == log.path.inside
        assert log.path.matches("u_ex*.log")
        assert folder.replace("C/", "C:/") + "/u_ex210303.log" == log.path.server


def test_several_gzip_streams_in_a_row_are_one_log(tmp_path: Path) -> None:
    source = saved(tmp_path, gzip.compress(LOG) + gzip.compress(LOG) + bytes(20), "x.log.gz")
    assert LOG * 2 == read(source).contents["x.log.gz/x.log"]


# --- Being a good guest --------------------------------------------------------------------


def state_of(folder: Path) -> list[tuple[str, int, int, str]]:
    return [
        (
            str(path),
            path.lstat().st_mtime_ns,
            path.lstat().st_mode,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in sorted(folder.rglob("*"))
    ]


def test_the_source_is_the_same_after_a_run(tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    for kind, data in KINDS.items():
        saved(tmp_path, data, f"a.{kind}")
    saved(tmp_path, gzip.compress(LOG), "x.log.gz")
    before = state_of(tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    for path in files:
        os.utime(path, ns=(10**18, path.stat().st_mtime_ns))
    read(tmp_path)

    assert [] == [path for path in files if path.stat().st_atime_ns != 10**18]
    assert before == state_of(tmp_path)


def test_a_read_only_source_can_be_read(tmp_path: Path) -> None:
    source = saved(tmp_path, KINDS["zip"])
    source.chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        assert FILES == read(source).contents
    finally:
        tmp_path.chmod(0o700)


def test_what_is_spooled_is_masked_and_has_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spools = tmp_path / "spools"
    spools.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spools))
    source = saved(tmp_path, tar_of(("shell.aspx", b"a marker that scanners look for")))
    with open_collection(source) as collection:
        (member,) = collection.members()
        handles = [Path("/proc/self/fd") / number for number in open_files()]
        (spool,) = [h for h in handles if h.is_symlink() and str(spools) in str(h.readlink())]
        assert b"marker" not in spool.read_bytes()
        assert [] == list(spools.iterdir())
        with member.open() as stream:
            assert b"a marker that scanners look for" == stream.read()


def test_nothing_is_left_behind_even_when_we_are_killed(tmp_path: Path) -> None:
    source = saved(tmp_path, KINDS["tar"])
    spools = tmp_path / "spools"
    spools.mkdir()
    program = """
        import os, signal, sys
        from pathlib import Path
        from tocsin.evidence.open import open_collection
        collection = open_collection(Path(sys.argv[1]))
        print(len(list(collection.members())), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), source],
        env=os.environ | {"TMPDIR": str(spools)},
        capture_output=True,
        check=False,
    )
    assert (b"4\n", -9) == (done.stdout, done.returncode)
    assert [] == list(spools.iterdir())


def test_after_closing_nothing_can_be_read_and_no_file_is_open(tmp_path: Path) -> None:
    before = open_files()
    for kind in ("zip", "tar"):
        collection = open_collection(saved(tmp_path, KINDS[kind]))
        member = next(iter(collection.members()))
        collection.close()
        collection.close()
        with pytest.raises(OSError, match="closed"), member.open() as stream:
            stream.read()
    assert before == open_files()


def test_a_source_that_is_refused_leaves_no_file_open(tmp_path: Path) -> None:
    before = open_files()
    with pytest.raises(SourceError):
        open_collection(saved(tmp_path, KINDS["7z"][:-1]))
    assert before == open_files()


def test_a_full_disk_is_our_problem_and_says_what_to_do(tmp_path: Path) -> None:
    source = saved(tmp_path, tar_of(("big.log", bytes(3_000_000))))
    program = """
        import resource, signal, sys
        from pathlib import Path
        from tocsin.errors import SourceError
        from tocsin.evidence.open import open_collection
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        try:
            open_collection(Path(sys.argv[1]))
        except SourceError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), source], capture_output=True, check=True
    )
    assert b"no space left" in done.stdout
    assert b"TMPDIR" in done.stdout


def test_progress_hears_of_every_unpacked_byte(tmp_path: Path) -> None:
    heard: list[int] = []
    with open_collection(saved(tmp_path, KINDS["tar.gz"]), on_bytes=heard.append):
        assert sum(map(len, FILES.values())) == sum(heard)


# --- Times ---------------------------------------------------------------------------------


def times_of(source: Path) -> list[tuple[TimeKind, datetime, TimeOrigin]]:
    with open_collection(source) as collection:
        (member,) = collection.members()
        return [(time.kind, time.value, time.origin) for time in member.times]


WHEN = datetime(2021, 3, 3, 0, 0, tzinfo=UTC)


def test_the_time_of_a_file_in_a_folder_is_that_of_a_copy(tmp_path: Path) -> None:
    os.utime(saved(tmp_path, LOG), (0, WHEN.timestamp()))
    assert [(TimeKind.MODIFIED, WHEN, TimeOrigin.COPY)] == times_of(tmp_path)


def test_the_times_in_archives_are_the_archives(tmp_path: Path) -> None:
    archives = [tar_of(("x", LOG)), raw_zip(ZipMember(name=b"x")).all()]
    for archive in archives:
        expected = [(TimeKind.MODIFIED, WHEN, TimeOrigin.ARCHIVE)]
        assert expected == times_of(saved(tmp_path, archive))


def test_limits_are_those_of_the_reference() -> None:
    limits = Limits()
    page = (Path(__file__).parents[2] / "docs" / "reference" / "evidence.md").read_text()
    for name in ("total_bytes", "member_bytes", "ratio", "ratio_from_bytes", "members", "nesting"):
        assert f"`{name}`" in page
    assert 2 == limits.nesting


def test_a_tar_may_hold_names_longer_than_its_header(tmp_path: Path) -> None:
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        buffer = io.BytesIO()
        info = tarfile.TarInfo("C/" + "long/" * 60 + "ünï.log")
        info.size = len(LOG)
        with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
            archive.addfile(info, io.BytesIO(LOG))
        assert {info.name: LOG} == read(saved(tmp_path, buffer.getvalue())).contents


def test_packed_backups_and_dumps_are_not_unpacked_unless_they_are_the_source(
    tmp_path: Path,
) -> None:
    saved(tmp_path, gzip.compress(LOG), "memory.raw.gz")
    assert ["memory.raw.gz"] == list(read(tmp_path).contents)
    assert LOG == read(tmp_path / "memory.raw.gz").contents["memory.raw.gz/memory.raw"]


def test_every_problem_code_of_this_layer_is_explained_in_the_reference() -> None:
    root = Path(__file__).parents[2]
    page = (root / "docs" / "reference" / "evidence.md").read_text(encoding="utf-8")
    sources = [
        path.read_text(encoding="utf-8")
        for package in ("evidence", "artefacts")
        for path in (root / "src" / "tocsin" / package).glob("*.py")
    ]
    used = {
        name.lower() for text in sources for name in re.findall(r"ProblemCode\.([A-Z_]+)", text)
    }
    explained = set(re.findall(r"^`([a-z_]+)`\n: ", page, flags=re.MULTILINE))
    assert used == explained
