"""What a zip archive says is in it: by its central directory, or by the members' own headers.

Read by ourselves and not with `zipfile`, because a collection must not be lost to one name that is
no UTF-8, to a cut-off end, or to Deflate64, which Windows Explorer writes for large files.
Source: PKWARE's APPNOTE.TXT, sections 4.3 to 4.5; Info-ZIP's extra fields.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.evidence.naming import decoded
from tocsin.evidence.regions import is_valid_range, stream_of
from tocsin.evidence.times import dos_time, extra_times
from tocsin.model.artefact import FileTime, TimeKind, TimeOrigin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tocsin.evidence.regions import Region

LOCAL = b"PK\x03\x04"
CENTRAL = b"PK\x01\x02"
END = b"PK\x05\x06"
DESCRIPTOR = b"PK\x07\x08"
_END64 = b"PK\x06\x06"
_LOCATOR64 = b"PK\x06\x07"

_CENTRAL = struct.Struct("<4s4B4HL2L5H2L")
_LOCAL = struct.Struct("<4s2B4HL2L2H")
_END = struct.Struct("<4s4H2LH")
_MAX16, _MAX32 = 0xFFFF, 0xFFFFFFFF
_UNIX, _MAC = 3, 19


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipEntry:
    """One member as its header describes it; every number in it may be a lie.

    `size_bytes` and `crc` are None where only the end of the data would tell. `header_at` is the
    local header's place; `data_at` is the content's, where it is known without that header.
    """

    name: str
    flags: int
    method: int
    crc: int | None
    packed_bytes: int
    size_bytes: int | None
    header_at: int
    mode: int
    times: tuple[FileTime, ...]
    data_at: int | None = None

    @property
    def is_encrypted(self) -> bool:
        """Whether it needs a password."""
        return bool(self.flags & 0x41)

    @property
    def is_folder(self) -> bool:
        """Whether it only stands for a folder."""
        return self.name.endswith(("/", "\\")) and not self.size_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Where the central directory lies; `shift` is what was put before the archive."""

    start: int
    size_bytes: int
    shift: int
    is_part: bool
    """Whether it is one file of an archive that was split over several."""
    is_last: bool = True
    """Whether nothing but its own comment follows."""


class DirectoryDamagedError(Exception):
    """The central directory cannot be read, or not further."""


def find_directory(region: Region) -> Directory | None:
    """The central directory, by the record at the archive's end; None where that is missing."""
    tail_bytes = min(region.size_bytes, _END.size + _MAX16)
    tail_at = region.size_bytes - tail_bytes
    tail = region.read_at(tail_at, tail_bytes)
    index = tail.rfind(END)
    while index >= 0:
        record = tail[index : index + _END.size]
        found = _directory(region, record, tail_at + index)
        if found is not None:
            return found
        # Content may look like the record; the true one points to where it lies behind.
        index = tail.rfind(END, 0, index + len(END) - 1)
    return None


def _directory(region: Region, record: bytes, end_at: int) -> Directory | None:
    if len(record) < _END.size:
        return None
    _, disk, first_disk, _, _, size, offset, comment = _END.unpack(record)
    is_last = end_at + _END.size + comment == region.size_bytes
    if (_MAX32 in (size, offset) or disk == _MAX16) and (wide := _find_wide(region, end_at)):
        return wide
    if is_last and (disk or first_disk):
        return Directory(start=0, size_bytes=0, shift=0, is_part=True)
    start = end_at - size
    shift = start - offset
    if start < 0 or shift < 0 or (size and region.read_at(start, 4) != CENTRAL):
        return None
    return Directory(start=start, size_bytes=size, shift=shift, is_part=False, is_last=is_last)


def _find_wide(region: Region, end_at: int) -> Directory | None:
    locator = region.read_at(max(0, end_at - 20), 20)
    if len(locator) < 20 or not locator.startswith(_LOCATOR64):
        return None
    _, disk, record_at, disks = struct.unpack("<4sLQL", locator)
    # What was put before the archive moves the record; it lies right before the locator.
    for at in (record_at, end_at - 20 - 56):
        record = region.read_at(at, 56) if 0 <= at < region.size_bytes else b""
        if len(record) == 56 and record.startswith(_END64):
            size, offset = struct.unpack_from("<2Q", record, 40)
            start = at - size
            if start < offset:
                return None
            is_part = disk != 0 or disks > 1
            return Directory(start=start, size_bytes=size, shift=start - offset, is_part=is_part)
    return None


def central_entries(region: Region, directory: Directory) -> Iterator[ZipEntry]:
    """Every member that the central directory names, in its order.

    Raises `DirectoryDamagedError` where it cannot be read further.
    """
    if not is_valid_range(region, directory.start, directory.size_bytes):
        raise DirectoryDamagedError
    with stream_of(region) as stream:
        stream.seek(directory.start)
        left = directory.size_bytes
        while left > 0:
            fixed = stream.read(_CENTRAL.size)
            if len(fixed) < _CENTRAL.size or not fixed.startswith(CENTRAL):
                raise DirectoryDamagedError
            fields = _CENTRAL.unpack(fixed)
            name_bytes, extra_bytes, comment_bytes = fields[12:15]
            rest = stream.read(name_bytes + extra_bytes + comment_bytes)
            if len(rest) < name_bytes + extra_bytes + comment_bytes:
                raise DirectoryDamagedError
            left -= len(fixed) + len(rest)
            extra = rest[name_bytes : name_bytes + extra_bytes]
            yield _central_entry(fields, rest[:name_bytes], extra, directory.shift)


def _central_entry(fields: tuple[int, ...], raw_name: bytes, extra: bytes, shift: int) -> ZipEntry:
    system, flags, method, time, date, crc, packed, size = fields[2], *fields[5:12]
    attributes, offset = fields[17:19]
    blocks = dict(_extra_blocks(extra))
    size, packed, offset = _widened([size, packed, offset], blocks.get(0x0001, b""))
    return ZipEntry(
        name=_name(raw_name, flags, blocks),
        flags=flags,
        method=method,
        crc=crc,
        packed_bytes=packed,
        size_bytes=size,
        header_at=offset + shift,
        mode=attributes >> 16 if system in (_UNIX, _MAC) else 0,
        times=_times(dos_time(date, time), blocks),
    )


def local_entry(region: Region, at: int) -> ZipEntry | None:
    """The member whose local header lies at `at`, or None where there is none."""
    fixed = region.read_at(at, _LOCAL.size)
    if len(fixed) < _LOCAL.size or not fixed.startswith(LOCAL):
        return None
    _, _, _, flags, method, time, date, crc, packed, size, name_bytes, extra_bytes = _LOCAL.unpack(
        fixed
    )
    rest = region.read_at(at + _LOCAL.size, name_bytes + extra_bytes)
    if len(rest) < name_bytes + extra_bytes or not name_bytes:
        return None
    blocks = dict(_extra_blocks(rest[name_bytes:]))
    size, packed = _widened([size, packed], blocks.get(0x0001, b""))
    unknown = bool(flags & 0x08) and not packed
    return ZipEntry(
        name=_name(rest[:name_bytes], flags, blocks),
        flags=flags,
        method=method,
        crc=None if unknown else crc,
        packed_bytes=packed,
        size_bytes=None if unknown else size,
        header_at=at,
        mode=0,
        times=_times(dos_time(date, time), blocks),
        data_at=at + _LOCAL.size + len(rest),
    )


def _extra_blocks(extra: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(extra):
        tag, size = struct.unpack_from("<2H", extra, at)
        yield tag, extra[at + 4 : at + 4 + size]
        at += 4 + size


def _widened(values: list[int], block: bytes) -> list[int]:
    """Zip64: each value that is all ones stands in `block`, in this order."""
    at = 0
    for index, value in enumerate(values):
        if value == _MAX32 and at + 8 <= len(block):
            (values[index],) = struct.unpack_from("<Q", block, at)
            at += 8
    return values


def _name(raw: bytes, flags: int, blocks: dict[int, bytes]) -> str:
    unicode_name = blocks.get(0x7075, b"")
    if unicode_name[1:5] == zlib.crc32(raw).to_bytes(4, "little"):
        return decoded(unicode_name[5:])
    if flags & 0x800:
        return decoded(raw)
    return decoded(raw, fallback="cp437")


def _times(written: datetime | None, blocks: dict[int, bytes]) -> tuple[FileTime, ...]:
    exact = extra_times(blocks)
    if written is not None:
        exact.setdefault(TimeKind.MODIFIED, written)
    return tuple(
        FileTime(kind=kind, value=value, origin=TimeOrigin.ARCHIVE)
        for kind, value in sorted(exact.items())
    )
