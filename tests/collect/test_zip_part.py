from __future__ import annotations

import os
import zipfile
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.evidence.archives import read
from tocsin.collect.zip_part import Written, ZipPart, stored_member
from tocsin.evidence.open import open_collection
from tocsin.model.artefact import TimeKind

if TYPE_CHECKING:
    from pathlib import Path

MODIFIED = datetime(2021, 3, 3, 4, 5, 6, 123456, tzinfo=UTC)
CREATED = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
GIB = 2**30


def add(part: ZipPart, name: str, data: bytes, most_bytes: int | None = None) -> Written:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    part.begin(name, most_bytes or len(data), modified=MODIFIED, created=CREATED)
    part.write(packer.compress(data) + packer.flush())
    return part.finish(len(data), zlib.crc32(data))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.zip"


@pytest.mark.parametrize("most_bytes", [None, 6 * GIB])
def test_a_member_is_read_back_with_its_times(path: Path, most_bytes: int | None) -> None:
    part = ZipPart(path)
    add(part, "C/a.log", b"one", most_bytes)
    add(part, "C/ä.log", b"two", most_bytes)
    part.close()
    with zipfile.ZipFile(path) as opened:
        assert opened.testzip() is None
        assert ["C/a.log", "C/ä.log"] == opened.namelist()
    with open_collection(path) as collection:
        (first, _) = collection.members()
        assert {(TimeKind.MODIFIED, MODIFIED), (TimeKind.CREATED, CREATED)} == {
            (time.kind, time.value) for time in first.times
        }


def test_what_was_begun_and_not_finished_is_not_there(path: Path) -> None:
    part = ZipPart(path)
    add(part, "C/a.log", b"one")
    part.begin("C/b.log", 3, modified=None)
    part.write(b"half of it")
    part.close()
    with zipfile.ZipFile(path) as opened:
        assert ["C/a.log"] == opened.namelist()


def test_without_its_directory_all_that_was_finished_is_found(path: Path) -> None:
    part = ZipPart(path)
    add(part, "C/a.log", b"one")
    add(part, "C/b.log", b"two")
    part.begin("C/c.log", 99, modified=None)
    part.abandon()
    assert {"C/a.log": b"one", "C/b.log": b"two"}.items() <= read(path).contents.items()


def test_it_is_continued_behind_the_members_that_are_known(path: Path) -> None:
    part = ZipPart(path)
    first, _ = add(part, "C/a.log", b"one"), add(part, "C/b.log", b"two")
    part.abandon()
    again = ZipPart(path, [first])
    add(again, "C/c.log", b"three")
    again.close()
    assert {"C/a.log": b"one", "C/c.log": b"three"} == read(path).contents


def test_a_stored_member_can_be_put_back(path: Path) -> None:
    marker = stored_member("m.json", b"{}", MODIFIED)
    part = ZipPart(path, [marker])
    part.put_back(marker, b"{}")
    add(part, "C/a.log", b"one")
    part.close()
    assert {"m.json": b"{}", "C/a.log": b"one"} == read(path).contents


def test_its_size_is_known_before_it_is_closed(path: Path) -> None:
    part = ZipPart(path)
    for number in range(5):
        add(part, f"C/{number}.log", b"x")
    expected = part.size_bytes
    part.close()
    assert expected - 98 < path.stat().st_size <= expected


@pytest.mark.parametrize("year", [1601, 1979, 2108, 2500])
def test_a_time_that_a_zip_cannot_hold_is_no_error(path: Path, year: int) -> None:
    part = ZipPart(path)
    part.begin("C/a.log", 0, modified=datetime(year, 1, 1, tzinfo=UTC))
    part.finish(0, 0)
    part.close()
    with zipfile.ZipFile(path) as opened:
        assert ["C/a.log"] == opened.namelist()


def test_a_directory_beyond_four_gibibytes_is_found(path: Path) -> None:
    """A sparse file stands for 5 GiB of members."""
    part = ZipPart(path)
    first = add(part, "C/a.log", b"one")
    hole = replace(first, name="C/hole.bin", at=first.end, packed_bytes=5 * GIB, wide=True)
    part.abandon()
    os.truncate(path, hole.end)
    again = ZipPart(path, [first, replace(hole, size_bytes=5 * GIB, method=0, crc=0)])
    add(again, "C/z.log", b"last")
    again.close()
    with zipfile.ZipFile(path) as opened:
        assert [3, 5 * GIB, 4] == [one.file_size for one in opened.infolist()]
        assert b"last" == opened.read("C/z.log")
    with open_collection(path) as collection:
        *_, last = collection.members()
        with last.open() as stream:
            assert b"last" == stream.read()


def test_more_members_than_sixteen_bits_can_count_are_found(path: Path) -> None:
    part = ZipPart(path)
    for number in range(66_000):
        part.begin(f"{number:05}", 0, modified=None)
        part.write(b"\x03\x00")
        part.finish(0, 0)
    part.close()
    with zipfile.ZipFile(path) as opened:
        assert 66_000 == len(opened.infolist())
