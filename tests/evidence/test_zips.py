"""Our own reading of zip archives agrees with the standard library's."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import inflate64
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.evidence.archives import LOG, ZipMember, raw_zip, read, saved
from tocsin.evidence.open import open_collection
from tocsin.model.artefact import TimeKind

if TYPE_CHECKING:
    from pathlib import Path

METHODS = st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\\/:#%", categories=("L", "N")), min_size=1, max_size=20)  # fmt: skip


class Unseekable(io.RawIOBase):
    """Makes `zipfile` write sizes behind the data, as streaming collectors do."""

    def __init__(self) -> None:
        super().__init__()
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        self.data += bytes(data)  # type: ignore[call-overload]  # zipfile writes bytes
        return len(bytes(data))  # type: ignore[call-overload]  # as above


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.dictionaries(NAMES, st.binary(max_size=3_000), max_size=6),
    method=METHODS,
    streamed=st.booleans(),
    comment=st.binary(max_size=200),
)
def test_what_zipfile_writes_we_read(
    tmp_path: Path, files: dict[str, bytes], method: int, streamed: bool, comment: bytes
) -> None:
    target: Unseekable | io.BytesIO = Unseekable() if streamed else io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.comment = comment
        for name, data in files.items():
            archive.writestr(name, data)
    written = bytes(target.data) if isinstance(target, Unseekable) else target.getvalue()
    done = read(saved(tmp_path, written))

    assert files == {name: data for name, data in done.contents.items() if "/" not in name}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.dictionaries(NAMES, st.binary(max_size=3_000), min_size=1, max_size=6), method=METHODS
)
def test_what_zipfile_writes_is_found_without_its_directory(
    tmp_path: Path, files: dict[str, bytes], method: int
) -> None:
    target = Unseekable()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        directory_at = archive.fp.tell() if archive.fp else 0
    done = read(saved(tmp_path, bytes(target.data[:directory_at])))

    assert files == {name: data for name, data in done.contents.items() if "/" not in name}


def test_zip64_sizes_and_places_are_read(tmp_path: Path) -> None:
    wide = struct.pack("<2H2Q", 1, 16, len(LOG), len(LOG))
    archive = raw_zip(ZipMember(name=b"wide.log", method=0, extra=wide), ZipMember(name=b"x"))
    for part in ("body", "directory"):
        data = bytearray(getattr(archive, part))
        at = data.index(b"wide.log") - (12 if part == "body" else 26)
        data[at : at + 8] = b"\xff" * 8
        setattr(archive, part, bytes(data))
    assert {"wide.log": LOG, "x": LOG} == read(saved(tmp_path, archive.all())).contents
    assert {"wide.log": LOG, "x": LOG} == read(saved(tmp_path, archive.body)).contents


def test_a_zip64_directory_is_found(tmp_path: Path) -> None:
    archive = raw_zip(*(ZipMember(name=b"%d" % n) for n in range(3)))
    size, offset = len(archive.directory), len(archive.body)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 3, 3, size, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, size + offset, 1)
    end = b"PK\x05\x06" + b"\xff" * 16 + b"\0\0"
    for front in (b"", b"PK\x07\x08" + bytes(100)):
        data = front + archive.body + archive.directory + record + locator + end
        done = read(saved(tmp_path, data))
        assert ({"0": LOG, "1": LOG, "2": LOG}, []) == (done.contents, done.problems)


def test_deflate64_as_windows_explorer_writes_it_is_read(tmp_path: Path) -> None:
    data = LOG * 5_000 + os.urandom(100_000)
    packer = inflate64.Deflater()
    packed = packer.deflate(data) + packer.flush()
    member = ZipMember(name=b"big.log", data=data, method=9, packed=packed)
    archive = raw_zip(member, ZipMember(name=b"x"))
    assert {"big.log": data, "x": LOG} == read(saved(tmp_path, archive.all())).contents
    assert {"big.log": data, "x": LOG} == read(saved(tmp_path, archive.body)).contents


def test_zstandard_is_read(tmp_path: Path) -> None:
    data = LOG * 5_000
    packed = zstandard.ZstdCompressor().compress(data)
    member = ZipMember(name=b"big.log", data=data, method=93, packed=packed)
    assert {"big.log": data} == read(saved(tmp_path, raw_zip(member).all())).contents


def test_a_stored_archive_in_a_cut_off_one_is_found_whole(tmp_path: Path) -> None:
    inner = raw_zip(ZipMember(name=b"in.log")).all()
    outer = raw_zip(ZipMember(name=b"in.zip", data=inner, method=0, flags=8), ZipMember(name=b"x"))
    done = read(saved(tmp_path, outer.body))
    assert {"in.zip": inner, "in.zip/in.log": LOG, "x": LOG} == done.contents


def test_times_in_extra_fields_are_exact_and_utc(tmp_path: Path) -> None:
    written, created = 132592032000000000 + 1234567, 132592032000000000
    ntfs = struct.pack("<2HL2H3Q", 0x000A, 32, 0, 1, 24, written, 0, created)
    unix = struct.pack("<2HBl", 0x5455, 5, 1, 1614643201)
    members = [
        ZipMember(name=b"ntfs", extra=ntfs),
        ZipMember(name=b"unix", extra=unix),
        ZipMember(name=b"never", date=0, time=0),
    ]
    with open_collection(saved(tmp_path, raw_zip(*members).all())) as collection:
        times = {
            member.path.inside: {time.kind: time.value for time in member.times}
            for member in collection.members()
        }
    day = datetime(2021, 3, 3, tzinfo=UTC)
    assert {
        "never": {},
        "ntfs": {TimeKind.CREATED: day, TimeKind.MODIFIED: day.replace(microsecond=123456)},
        "unix": {TimeKind.MODIFIED: day.replace(day=2, second=1)},
    } == times


def test_the_unicode_name_field_is_preferred(tmp_path: Path) -> None:
    raw = b"B?cher"
    name = "Bücher".encode()
    extra = struct.pack("<2HBL", 0x7075, 5 + len(name), 1, zlib.crc32(raw)) + name
    wrong = struct.pack("<2HBL", 0x7075, 5 + len(name), 1, 0) + name
    members = [ZipMember(name=raw, extra=extra), ZipMember(name=b"other", extra=wrong)]
    assert {"Bücher", "other"} == set(read(saved(tmp_path, raw_zip(*members).all())).contents)
