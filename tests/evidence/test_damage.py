"""Damaged, encrypted and vanishing sources: each is told, and the rest is still read."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import py7zr
import pytest

from tests.evidence.archives import (
    LOG,
    ZipMember,
    content_of,
    link_of,
    raw_zip,
    read,
    saved,
    sevenzip_of,
    tar_of,
)
from tocsin.errors import SourceError
from tocsin.evidence.collection import Limits
from tocsin.evidence.damage import problem_of
from tocsin.evidence.open import open_collection
from tocsin.model.problem import ProblemCode as Code

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD = ZipMember(name=b"good.log")


def test_an_encrypted_member_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    secret = ZipMember(name=b"secret.log", flags=1)
    done = read(saved(tmp_path, raw_zip(secret, GOOD).all()))

    assert {"good.log": LOG} == done.contents
    assert ["secret.log"] == done.of(Code.ENCRYPTED)


def test_a_zip_with_nothing_but_encrypted_members_is_refused(tmp_path: Path) -> None:
    source = saved(tmp_path, raw_zip(ZipMember(name=b"data.zip", flags=1)).all())
    with pytest.raises(SourceError, match=r"evidence\.bin: .* password"):
        open_collection(source)


def test_a_7z_with_a_password_is_refused(tmp_path: Path) -> None:
    source = saved(tmp_path, sevenzip_of({"x.log": LOG}, password="pw", hide_names=True))
    with pytest.raises(SourceError, match="password"):
        open_collection(source)


def test_members_of_a_7z_with_a_password_are_named(tmp_path: Path) -> None:
    done = read(saved(tmp_path, sevenzip_of({"x.log": LOG, "y.log": LOG}, password="pw")))
    assert ["x.log", "y.log"] == done.of(Code.ENCRYPTED)
    assert {} == done.contents


def test_a_wrong_checksum_is_told_after_the_content(tmp_path: Path) -> None:
    wrong = ZipMember(name=b"wrong.log", crc=1)
    done = read(saved(tmp_path, raw_zip(wrong, GOOD).all()))

    assert {"wrong.log": LOG, "good.log": LOG} == done.contents
    assert ["wrong.log"] == done.of(Code.BAD_MEMBER)


def test_damaged_packed_data_gives_what_came_before(tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    packed = bytearray(ZipMember(name=b"", data=data).content())
    packed[2_000_000:2_000_100] = bytes(100)
    # Random data is stored in blocks with lengths: break one of those.
    bad = ZipMember(
        name=b"bad.log", data=data, packed=bytes(packed[:2_000_000]) + b"\xff" * 1_000_000
    )
    done = read(saved(tmp_path, raw_zip(bad, GOOD).all()))

    assert ["bad.log"] == done.of(Code.BAD_MEMBER)
    assert data[:1_000_000] == done.contents["bad.log"][:1_000_000]
    assert LOG == done.contents["good.log"]


def test_a_member_that_ends_before_its_claimed_size_is_told(tmp_path: Path) -> None:
    short = ZipMember(name=b"short.log", size=10_000)
    done = read(saved(tmp_path, raw_zip(short, GOOD).all()))

    assert {"short.log": LOG, "good.log": LOG} == done.contents
    assert ["short.log"] == done.of(Code.TRUNCATED)


def test_a_directory_that_points_nowhere_costs_only_that_member(tmp_path: Path) -> None:
    lost = [ZipMember(name=b"lost.log", header_at=at) for at in (3, 10**6, 0xFFFFFFF0)]
    done = read(saved(tmp_path, raw_zip(*lost, GOOD).all()))

    assert LOG == done.contents["good.log"]
    assert 3 == len(done.of(Code.BAD_MEMBER))


def test_a_compression_method_that_nobody_knows_is_told(tmp_path: Path) -> None:
    odd = ZipMember(name=b"odd.log", method=98, packed=b"\0\1\2")
    done = read(saved(tmp_path, raw_zip(odd, GOOD).all()))

    assert {"good.log": LOG} == done.contents
    assert ["odd.log"] == done.of(Code.UNREADABLE)


@pytest.mark.parametrize("flags", [0, 8], ids=["sizes in front", "sizes behind"])
@pytest.mark.parametrize("method", [0, 8], ids=["stored", "deflated"])
def test_a_zip_without_its_directory_is_read_by_the_members_headers(
    tmp_path: Path, flags: int, method: int
) -> None:
    members = [ZipMember(name=b"%d.log" % n, flags=flags, method=method) for n in range(5)]
    done = read(saved(tmp_path, raw_zip(*members).body))

    assert {f"{n}.log": LOG for n in range(5)} == done.contents
    assert ["evidence.bin"] == done.of(Code.TRUNCATED)


@pytest.mark.parametrize("flags", [0, 8], ids=["sizes in front", "sizes behind"])
def test_a_zip_cut_off_within_a_member_gives_the_part_that_is_there(
    tmp_path: Path, flags: int
) -> None:
    noise = os.urandom(200_000)
    archive = raw_zip(GOOD, ZipMember(name=b"cut.log", data=noise, flags=flags))
    done = read(saved(tmp_path, archive.body[:150_000]))

    assert LOG == done.contents["good.log"]
    assert noise[:100_000] == done.contents["cut.log"][:100_000]
    assert ["cut.log", "evidence.bin"] == sorted(done.of(Code.TRUNCATED))


def test_a_zip_with_a_damaged_directory_gives_all_members(tmp_path: Path) -> None:
    archive = raw_zip(*(ZipMember(name=b"%d.log" % n) for n in range(6)))
    third = archive.directory.index(b"2.log") - 46
    archive.directory = archive.directory[:third] + b"\xff" * 30 + archive.directory[third + 30 :]
    done = read(saved(tmp_path, archive.all()))

    assert {f"{n}.log" for n in range(6)} == set(done.contents)
    assert ["evidence.bin"] == done.of(Code.TRUNCATED)


def test_a_cut_off_zip_is_not_taken_for_the_archive_at_its_end(tmp_path: Path) -> None:
    inner = raw_zip(ZipMember(name=b"inner.log")).all()
    outer = raw_zip(GOOD, ZipMember(name=b"inner.zip", data=inner, method=0))
    done = read(saved(tmp_path, outer.body))

    assert LOG == done.contents["good.log"]
    assert LOG == done.contents["inner.zip/inner.log"]
    assert ["evidence.bin"] == done.of(Code.TRUNCATED)


def test_something_behind_the_archives_end_changes_nothing(tmp_path: Path) -> None:
    done = read(saved(tmp_path, raw_zip(GOOD).all() + bytes(1_000)))
    assert ({"good.log": LOG}, []) == (done.contents, done.problems)


def test_something_in_front_of_the_archive_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    moved = b"PK\x07\x08" + bytes(996) + raw_zip(GOOD).all()
    done = read(saved(tmp_path, moved))
    assert ({"good.log": LOG}, []) == (done.contents, done.problems)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PK\x03\x04" + bytes(100), "neither a directory nor a single member"),
        (raw_zip(GOOD, disk=2).all(), "split archive"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(100), "cannot be read"),
        (sevenzip_of({"x.log": os.urandom(5_000)})[:3_000], "Was the copy completed"),
        (b"Rar!\x1a\x07\x01\x00" + bytes(100), "RAR archive: unpack it"),
        (b"vhdxfile" + bytes(100), "mount it read-only"),
        (b"EVF\x09\x0d\x0a\xff\x00" + bytes(100), "mount it read-only"),
    ],
    ids=["zip", "part of a zip", "7z", "cut-off 7z", "RAR", "VHDX", "EnCase"],
)
def test_a_source_that_cannot_be_opened_at_all_says_what_to_do(
    tmp_path: Path, data: bytes, message: str
) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        open_collection(saved(tmp_path, data))
    assert str(tmp_path / "evidence.bin") == caught.value.where


def test_the_same_inside_a_collection_is_a_problem(tmp_path: Path) -> None:
    saved(tmp_path, LOG, "good.log")
    saved(tmp_path, b"PK\x03\x04" + bytes(100), "a.zip")
    saved(tmp_path, b"vhdxfile" + bytes(100), "b.vhdx")
    saved(tmp_path, raw_zip(ZipMember(name=b"x", flags=1)).all(), "c.zip")
    saved(tmp_path, sevenzip_of({"x": LOG})[:-20], "d.7z")
    done = read(tmp_path)

    assert LOG == done.contents["good.log"]
    assert {"a.zip", "b.vhdx", "c.zip", "d.7z", "good.log"} == set(done.contents)
    assert ["a.zip"] == done.of(Code.TRUNCATED)
    assert ["b.vhdx"] == done.of(Code.UNREADABLE)
    assert ["c.zip", "c.zip/x"] == sorted(done.of(Code.ENCRYPTED))
    assert ["d.7z"] == done.of(Code.BAD_MEMBER)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_cut_off_within_a_member_gives_what_came_before(tmp_path: Path, mode: str) -> None:
    noise = os.urandom(2_000_000)
    archive = tar_of(("good.log", LOG), ("cut.log", noise), ("lost.log", LOG), mode=mode)
    done = read(saved(tmp_path, archive[: len(archive) // 2]))

    assert LOG == done.contents["good.log"]
    assert noise[:1_000] == done.contents["cut.log"][:1_000]
    assert Code.TRUNCATED in done.codes
    assert "lost.log" not in done.contents


def test_a_tar_cut_off_between_members_says_so(tmp_path: Path) -> None:
    done = read(saved(tmp_path, tar_of(("good.log", LOG))[:1024]))
    assert {"good.log": LOG} == done.contents
    assert ["evidence.bin"] == done.of(Code.TRUNCATED)


def test_a_damaged_header_in_a_tar_costs_only_its_member(tmp_path: Path) -> None:
    archive = bytearray(tar_of(("a.log", LOG), ("b.log", LOG), ("c.log", LOG)))
    archive[1024:1100] = b"\xff" * 76
    done = read(saved(tmp_path, bytes(archive)))

    assert {"a.log": LOG, "c.log": LOG} == done.contents
    assert [Code.BAD_MEMBER] == done.codes
    assert "1024 bytes" in done.problems[0].detail


def test_two_tars_in_one_file_are_both_read(tmp_path: Path) -> None:
    done = read(saved(tmp_path, tar_of(("a.log", LOG)) + tar_of(("b.log", LOG))))
    assert ({"a.log": LOG, "b.log": LOG}, []) == (done.contents, done.problems)


def test_a_tar_member_of_endless_size_is_cut_where_the_file_ends(tmp_path: Path) -> None:
    head = bytearray(tar_of(("endless", b""))[:512])
    head[124:136] = b"\x80" + (2**62).to_bytes(11, "big")
    head[148:156] = b"%06o\0 " % (sum(head) - sum(head[148:156]) + 8 * 32)
    done = read(saved(tmp_path, tar_of(("good.log", LOG))[:1024] + bytes(head) + LOG))

    assert {"good.log": LOG, "endless": LOG} == done.contents
    assert ["endless", "evidence.bin"] == sorted(done.of(Code.TRUNCATED))


def test_a_sparse_file_in_a_tar_is_told(tmp_path: Path) -> None:
    sparse = link_of("sparse.log", tarfile.GNUTYPE_SPARSE)
    done = read(saved(tmp_path, tar_of(sparse, ("good.log", LOG))))
    assert {"good.log": LOG} == done.contents
    assert ["sparse.log"] == done.of(Code.UNREADABLE)


def test_a_damaged_block_of_a_7z_costs_only_its_files(tmp_path: Path) -> None:
    first, second = os.urandom(5_000), os.urandom(5_000)
    buffer = io.BytesIO(sevenzip_of({"a.log": first}))
    with py7zr.SevenZipFile(buffer, "a") as archive:
        archive.writestr(second, "b.log")
    data = bytearray(buffer.getvalue())
    data[32:40] = b"\xff" * 8
    done = read(saved(tmp_path, bytes(data)))

    assert second == done.contents["b.log"]
    assert ["a.log"] == done.of(Code.BAD_MEMBER)


def test_a_wrong_checksum_in_a_7z_is_told_and_the_block_read_on(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with py7zr.SevenZipFile(buffer, "w", filters=[{"id": py7zr.FILTER_COPY}]) as archive:
        archive.writestr(LOG, "a.log")
        archive.writestr(LOG, "b.log")
    data = bytearray(buffer.getvalue())
    data[32:33] = b"!"
    done = read(saved(tmp_path, bytes(data)))

    assert {"a.log": b"!" + LOG[1:], "b.log": LOG} == done.contents
    assert ["a.log"] == done.of(Code.BAD_MEMBER)


def test_a_7z_that_names_more_files_than_allowed_is_refused(tmp_path: Path) -> None:
    source = saved(tmp_path, sevenzip_of({f"{n}.log": LOG for n in range(30)}))
    with pytest.raises(SourceError, match="more files than are allowed"):
        open_collection(source, Limits(members=10))


def test_a_cut_off_gzip_log_gives_the_lines_that_are_there(tmp_path: Path) -> None:
    lines = b"".join(b"%d %s\n" % (n, os.urandom(20).hex().encode()) for n in range(50_000))
    saved(tmp_path, gzip.compress(lines)[:-500_000], "u_ex210303.log.gz")
    saved(tmp_path, LOG, "good.log")
    done = read(tmp_path)

    got = done.contents["u_ex210303.log.gz/u_ex210303.log"]
    assert lines[: len(got)] == got
    assert len(got) > 1_000_000
    assert LOG == done.contents["good.log"]
    assert ["u_ex210303.log.gz/u_ex210303.log"] == done.of(Code.TRUNCATED)


def test_a_file_that_vanishes_is_unreadable(tmp_path: Path) -> None:
    saved(tmp_path, LOG, "a.log")
    saved(tmp_path, LOG, "good.log")
    with open_collection(tmp_path) as collection:
        gone, good = collection.members()
        (tmp_path / "a.log").unlink()
        with pytest.raises(OSError, match="No such file") as caught:
            gone.open()
        assert Code.UNREADABLE == problem_of(caught.value, "a.log").code
        assert LOG == content_of(good)


@contextmanager
def without_privileges() -> Iterator[Path]:
    """A folder to work in, as somebody whom permissions bind."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        is_root = os.geteuid() == 0
        try:
            yield Path(name)
        finally:
            if is_root:
                os.seteuid(0)


def test_a_file_or_folder_without_permission_is_unreadable() -> None:
    with without_privileges() as folder:
        saved(folder, LOG, "good.log")
        saved(folder, LOG, "closed.log").chmod(0)
        (folder / "closed").mkdir(mode=0)
        if os.geteuid() == 0:
            os.seteuid(65534)
        done = read(folder)
        with pytest.raises(SourceError, match="Permission denied"):
            open_collection(folder / "closed")
        with pytest.raises(SourceError, match="Permission denied"):
            open_collection(folder / "closed.log")

    assert {"good.log": LOG, "closed.log": b""} == done.contents
    assert ["closed", "closed.log"] == sorted(done.of(Code.UNREADABLE))


def test_a_folder_deeper_than_the_system_can_name_is_unreadable(tmp_path: Path) -> None:
    saved(tmp_path, LOG, "good.log")
    part = "d" * 250
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir(part, dir_fd=at)
        above, at = at, os.open(part, os.O_RDONLY, dir_fd=at)
        os.close(above)
    os.close(at)
    done = read(tmp_path)

    assert {"good.log": LOG} == done.contents
    assert [Code.UNREADABLE] == done.codes


@pytest.mark.parametrize("name", ["no such place", "fifo"])
def test_a_source_that_is_no_file_or_folder_is_refused(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(SourceError):
        open_collection(tmp_path / name)
