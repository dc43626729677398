"""Hostile and damaged sources: none crashes us, none is silent, and the rest is still read."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import socket
import struct
import tarfile
import zlib
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import py7zr
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.evidence.archives import (
    LOG,
    UNIX_LINK,
    ZipMember,
    link_of,
    raw_zip,
    read,
    saved,
    sevenzip_of,
    tar_of,
)
from tocsin.errors import SourceError
from tocsin.evidence.collection import Limits
from tocsin.evidence.damage import KEPT_OF_EACH_CODE, problem_of
from tocsin.evidence.open import open_collection
from tocsin.model.problem import ProblemCode as Code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.evidence.collection import Member

GOOD = ZipMember(name=b"good.log")
ZEROS = bytes(2_000_000)
TIGHT = Limits(ratio_from_bytes=600_000)


def content(member: Member) -> bytes:
    with member.open() as stream:
        return stream.read()


# --- Names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        (b"../../../etc/cron.d/x", "%2E%2E/%2E%2E/%2E%2E/etc/cron.d/x"),
        (b"..\\..\\Windows\\x", "%2E%2E/%2E%2E/Windows/x"),
        (b"/etc/passwd", "etc/passwd"),
        (b"C:\\Windows\\x", "C%3A/Windows/x"),
        (b"C:x", "C%3Ax"),
        (b"\\\\server\\share\\x", "server/share/x"),
        (b"a\0.log", "a%00.log"),
        (b"a\r\n\x1b]0;x\x07.log", "a%0D%0A%1B]0;x%07.log"),
    ],
)
def test_a_member_that_would_climb_out_is_read_under_a_safe_name(
    tmp_path: Path, name: bytes, inside: str
) -> None:
    done = read(saved(tmp_path, raw_zip(ZipMember(name=name), GOOD).all()))

    assert {inside: LOG, "good.log": LOG} == done.contents
    assert [Code.PATH_TRAVERSAL] == done.codes
    assert [tmp_path / "evidence.bin"] == list(tmp_path.iterdir())


def test_a_tar_with_climbing_and_absolute_names_is_read_under_safe_ones(tmp_path: Path) -> None:
    done = read(saved(tmp_path, tar_of(("../up.log", LOG), ("/abs.log", LOG), ("good.log", LOG))))

    assert {"%2E%2E/up.log": LOG, "abs.log": LOG, "good.log": LOG} == done.contents
    assert [Code.PATH_TRAVERSAL] * 2 == done.codes


def test_a_7z_with_climbing_names_is_read_under_safe_ones(tmp_path: Path) -> None:
    archive = sevenzip_of({"AA/up.log": LOG, "good.log": LOG})
    buffer = io.BytesIO()
    with py7zr.SevenZipFile(buffer, "w") as made:
        made.writestr(LOG, "good.log")
        made.writestr(LOG, "up.log")
        made.files.files_list[1]["filename"] = "../../up.log"
    del archive
    done = read(saved(tmp_path, buffer.getvalue()))

    assert {"%2E%2E/%2E%2E/up.log": LOG, "good.log": LOG} == done.contents
    assert [Code.PATH_TRAVERSAL] == done.codes


def test_of_two_members_with_one_name_both_are_kept(tmp_path: Path) -> None:
    two = ZipMember(name=b"C/x.log", data=b"other")
    done = read(saved(tmp_path, raw_zip(ZipMember(name=b"C/x.log"), two, GOOD).all()))

    assert {"C/x.log": LOG, "C/x.log#2": b"other", "good.log": LOG} == done.contents
    assert ["C/x.log"] == done.of(Code.DUPLICATE_NAME)


def test_the_later_of_two_keeps_its_place_on_the_server(tmp_path: Path) -> None:
    source = saved(tmp_path, tar_of(("C/x.log", LOG), ("C/x.log", b"other")))
    with open_collection(source) as collection:
        assert ["C:/x.log", "C:/x.log"] == [m.path.server for m in collection.members()]
    assert [Code.DUPLICATE_NAME] == read(source).codes


@pytest.mark.parametrize(
    ("raw", "flags", "inside"),
    [
        ("Bücher.log".encode("cp437"), 0, "Bücher.log"),
        ("Bücher.log".encode(), 0x800, "Bücher.log"),
        (b"B\xff\xfecher.log", 0x800, "B%FF%FEcher.log"),
    ],
    ids=["cp437", "UTF-8", "not the UTF-8 it claims"],
)
def test_names_in_any_encoding_survive_as_text(
    tmp_path: Path, raw: bytes, flags: int, inside: str
) -> None:
    done = read(saved(tmp_path, raw_zip(ZipMember(name=raw, flags=flags), GOOD).all()))
    assert {inside, "good.log"} == set(done.contents)
    inside.encode("utf-8")


def test_a_name_of_64_kib_is_cut(tmp_path: Path) -> None:
    done = read(saved(tmp_path, raw_zip(ZipMember(name=b"n" * 65_000), GOOD).all()))
    assert [LOG, LOG] == list(done.contents.values())
    assert max(map(len, done.contents)) < 5_000
    assert [Code.PATH_TRAVERSAL] == done.codes


# --- Links and devices ---------------------------------------------------------------------


def test_a_link_in_a_zip_is_not_followed(tmp_path: Path) -> None:
    link = ZipMember(name=b"link.log", data=b"/etc/passwd", attributes=UNIX_LINK)
    done = read(saved(tmp_path, raw_zip(link, GOOD).all()))

    assert {"good.log": LOG} == done.contents
    assert ["link.log"] == done.of(Code.LINK)


def test_links_and_devices_in_a_tar_are_not_followed(tmp_path: Path) -> None:
    kinds = {
        "sym": tarfile.SYMTYPE,
        "hard": tarfile.LNKTYPE,
        "fifo": tarfile.FIFOTYPE,
        "char": tarfile.CHRTYPE,
        "block": tarfile.BLKTYPE,
    }
    links = [link_of(name, kind, "/etc/passwd") for name, kind in kinds.items()]
    done = read(saved(tmp_path, tar_of(*links, ("good.log", LOG))))

    assert {"good.log": LOG} == done.contents
    assert list(kinds) == done.of(Code.LINK)


def test_links_loops_and_devices_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "good.log").write_bytes(LOG)
    (folder / "file").symlink_to("/etc/passwd")
    (folder / "dangling").symlink_to("/no/such/file")
    (folder / "sub" / "loop").symlink_to(folder)
    os.mkfifo(folder / "fifo")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(folder / "door"))
        done = read(folder)

    assert {"sub/good.log": LOG} == done.contents
    assert ["dangling", "door", "fifo", "file", "sub/loop"] == sorted(done.of(Code.LINK))


def test_a_pipe_that_takes_a_files_place_does_not_make_us_wait(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(LOG)
    (tmp_path / "good.log").write_bytes(LOG)
    with open_collection(tmp_path) as collection:
        changed, good = collection.members()
        (tmp_path / "a.log").unlink()
        os.mkfifo(tmp_path / "a.log")
        with pytest.raises(OSError, match="no file any more") as caught:
            changed.open()
        assert Code.LINK == problem_of(caught.value, "a.log").code
        assert LOG == content(good)


# --- Bombs ---------------------------------------------------------------------------------


def test_a_zip_member_that_grows_too_much_is_cut(tmp_path: Path) -> None:
    bomb = ZipMember(name=b"bomb.log", data=ZEROS)
    done = read(saved(tmp_path, raw_zip(bomb, GOOD).all()), TIGHT)

    assert ["bomb.log"] == done.of(Code.BOMB)
    assert LOG == done.contents["good.log"]
    assert 300_000 < len(done.contents["bomb.log"]) <= 600_000


def test_a_zip_member_that_claims_to_be_small_gives_no_more_than_it_claims(tmp_path: Path) -> None:
    liar = ZipMember(name=b"liar.log", data=ZEROS, size=10)
    done = read(saved(tmp_path, raw_zip(liar, GOOD).all()))

    assert ["liar.log"] == done.of(Code.BOMB)
    assert {"liar.log": bytes(10), "good.log": LOG} == done.contents


def test_a_member_larger_than_allowed_is_cut_in_zip_and_tar(tmp_path: Path) -> None:
    limits = Limits(member_bytes=500)
    for archive in (
        raw_zip(ZipMember(name=b"big.log", data=os.urandom(1_000)), GOOD).all(),
        tar_of(("big.log", os.urandom(1_000)), ("good.log", LOG)),
    ):
        done = read(saved(tmp_path, archive), limits)
        assert ["big.log"] == done.of(Code.BOMB)
        assert LOG == done.contents["good.log"]


def test_members_beyond_the_total_are_left_out_and_named(tmp_path: Path) -> None:
    members = [ZipMember(name=b"%d.log" % n, data=os.urandom(400)) for n in range(5)]
    done = read(saved(tmp_path, raw_zip(*members, GOOD).all()), Limits(total_bytes=1_000))

    assert ["2.log", "3.log", "4.log"] == done.of(Code.BOMB)
    assert {"0.log", "1.log", "good.log"} == set(done.contents)


def test_overlapping_members_count_each_time(tmp_path: Path) -> None:
    """One packed kernel, named a thousand times: small on disk, endless unpacked."""
    kernel = ZipMember(name=b"k0", data=ZEROS)
    kernel.packed = kernel.content()
    again = [replace(kernel, name=b"k%d" % n, header_at=0) for n in range(1, 1_000)]
    limits = Limits(total_bytes=6_000_000, ratio=10_000)
    done = read(saved(tmp_path, raw_zip(kernel, *again).all()), limits)

    assert {"k0", "k1", "k2"} == set(done.contents)
    assert 997 == len(done.of(Code.BOMB))


def test_a_bomb_in_a_tar_is_cut_and_what_follows_is_read(tmp_path: Path) -> None:
    done = read(saved(tmp_path, tar_of(("bomb", ZEROS), ("good.log", LOG), mode="w:gz")), TIGHT)

    assert ["bomb"] == done.of(Code.BOMB)
    assert LOG == done.contents["good.log"]
    assert len(done.contents["bomb"]) < len(ZEROS)


def test_what_a_tar_unpacks_to_counts_even_where_it_is_passed_over(tmp_path: Path) -> None:
    limits = Limits(ratio_from_bytes=600_000, total_bytes=4_000_000)
    bombs = [(f"bomb{n}", ZEROS) for n in range(10)]
    done = read(saved(tmp_path, tar_of(("good.log", LOG), *bombs, mode="w:gz")), limits)

    assert LOG == done.contents["good.log"]
    assert "evidence.bin" in done.of(Code.BOMB)
    assert len(done.contents) < 6


def test_a_bomb_in_a_7z_is_cut_and_what_follows_is_read(tmp_path: Path) -> None:
    done = read(saved(tmp_path, sevenzip_of({"bomb": ZEROS, "good.log": LOG})), TIGHT)

    assert ["bomb"] == done.of(Code.BOMB)
    assert LOG == done.contents["good.log"]
    assert len(done.contents["bomb"]) < len(ZEROS)


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, bz2.compress, zstandard.ZstdCompressor(level=19).compress],
    ids=["gzip", "bzip2", "zstd"],
)
def test_a_packed_log_that_grows_too_much_is_cut(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    (tmp_path / "good.log").write_bytes(LOG)
    (tmp_path / "u_ex.log.packed").write_bytes(pack(bytes(50_000_000)))
    limits = Limits(ratio_from_bytes=100_000)
    done = read(tmp_path, limits)

    assert [Code.BOMB] == done.codes
    assert LOG == done.contents["good.log"]


def test_an_archive_in_itself_ends_at_the_depth_that_is_allowed(tmp_path: Path) -> None:
    inner = raw_zip(GOOD).all()
    for _ in range(50):
        inner = raw_zip(ZipMember(name=b"deeper.zip", data=inner), GOOD).all()
    done = read(saved(tmp_path, inner), Limits(nesting=3))

    assert ["deeper.zip/deeper.zip/deeper.zip"] == done.of(Code.NESTED_ARCHIVE)
    assert LOG == done.contents["good.log"]
    assert LOG == done.contents["deeper.zip/deeper.zip/good.log"]


def test_more_members_than_allowed_are_not_read(tmp_path: Path) -> None:
    members = [ZipMember(name=b"%03d" % n) for n in range(100)]
    for archive in (
        raw_zip(*members).all(),
        tar_of(*((f"{n:03}", LOG) for n in range(100))),
    ):
        done = read(saved(tmp_path, archive), Limits(members=10))
        assert [f"{n:03}" for n in range(10)] == list(done.contents)
        assert [Code.TOO_MANY_MEMBERS] == done.codes


def test_a_million_problems_are_counted_and_a_thousand_listed(tmp_path: Path) -> None:
    links = [ZipMember(name=b"%d" % n, data=b"", attributes=UNIX_LINK) for n in range(3_000)]
    done = read(saved(tmp_path, raw_zip(*links, GOOD).all()))

    assert KEPT_OF_EACH_CODE + 1 == len(done.of(Code.LINK))
    assert "2000 more" in done.problems[-1].detail
    assert LOG == done.contents["good.log"]


def test_a_pax_header_of_gigabytes_is_not_read_into_memory(tmp_path: Path) -> None:
    head = bytearray(tarfile.TarInfo("x").tobuf(tarfile.USTAR_FORMAT))
    head[124:136] = b"%011o\0" % (2 * 2**20)
    head[156:157] = b"x"
    head[148:156] = b"%06o\0 " % (sum(head) - sum(head[148:156]) + 8 * 32)
    done = read(saved(tmp_path, bytes(head) + bytes(2 * 2**20) + tar_of(("good.log", LOG))))

    assert {"good.log": LOG} == done.contents
    assert [Code.BOMB] == done.codes


# --- Damage --------------------------------------------------------------------------------


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
        assert LOG == content(good)


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


# --- Anything ------------------------------------------------------------------------------

SEEDS = (
    raw_zip(GOOD, ZipMember(name=b"C/b.log", flags=8), ZipMember(name=b"c", method=0)).all(),
    tar_of(("good.log", LOG), link_of("l", tarfile.SYMTYPE), ("b" * 200, LOG)),
    tar_of(("good.log", LOG), ("b.log", LOG * 50), mode="w:gz"),
    zlib.compress(LOG, wbits=31),
    struct.pack("<4s", b"PK\x05\x06") + bytes(18),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.sampled_from(SEEDS), data=st.data())
def test_no_change_to_an_archive_crashes_us(
    tmp_path: Path, seed: bytes, data: st.DataObject
) -> None:
    mutated = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(mutated) - 1))
        mutated[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(mutated)))
    source = saved(tmp_path, bytes(mutated[:cut]))
    with suppress(SourceError):
        done = read(source, Limits(total_bytes=10**7, members=1_000))
        assert done.contents or done.problems
