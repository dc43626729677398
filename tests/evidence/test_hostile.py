"""Hostile and damaged sources: none crashes us, none is silent, and the rest is still read."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import socket
import tarfile
import zlib
from contextlib import suppress
from dataclasses import replace
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
from tocsin.evidence.damage import KEPT_OF_EACH_CODE, problem_of
from tocsin.evidence.open import open_collection
from tocsin.model.problem import ProblemCode as Code

if TYPE_CHECKING:
    from pathlib import Path


GOOD = ZipMember(name=b"good.log")
ZEROS = bytes(2_000_000)
TIGHT = Limits(ratio_from_bytes=600_000)


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
        assert LOG == content_of(good)


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
    (tmp_path / "u_ex.log").write_bytes(pack(bytes(50_000_000)))
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


# --- Anything ------------------------------------------------------------------------------

SEEDS = (
    raw_zip(GOOD, ZipMember(name=b"C/b.log", flags=8), ZipMember(name=b"c", method=0)).all(),
    tar_of(("good.log", LOG), link_of("l", tarfile.SYMTYPE), ("b" * 200, LOG)),
    tar_of(("good.log", LOG), ("b.log", LOG * 50), mode="w:gz"),
    zlib.compress(LOG, wbits=31),
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
