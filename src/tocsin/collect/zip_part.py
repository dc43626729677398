"""One zip archive that is written as it goes, cut back where something failed, and continued.

Sizes are not known before a member is written, so its header is completed afterwards. Until then
it says that its sizes are unknown: whoever finds the archive after a crash reads it up to there.
Source: PKWARE's APPNOTE.TXT, sections 4.3 to 4.5 (Zip64: 4.5.3, NTFS times: 4.5.5).
"""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_DEFLATED, _STORED = 8, 0
_UTF8, _SIZES_UNKNOWN = 0x0800, 0x0008
_VERSION = 45
_MAX16, _MAX32 = 0xFFFF, 0xFFFFFFFF
_WIDE_FROM = _MAX32 - 2**24
"""From this size on a member may pack to more than 32 bits can hold."""
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_FIRST_YEAR, _LAST_YEAR = 1980, 2107
_EPOCH_WINDOWS = datetime(1601, 1, 1, tzinfo=UTC)
_WRITING = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A member as it lies in its archive; offsets and sizes in bytes."""

    name: str
    size_bytes: int
    packed_bytes: int
    crc: int
    at: int
    modified: datetime | None
    created: datetime | None
    wide: bool = False
    """Whether its local header has 64-bit sizes."""
    method: int = _DEFLATED

    @property
    def header(self) -> bytes:
        """Its local header, complete."""
        return _local(self, 0)

    @property
    def data_at(self) -> int:
        """Where its packed content begins."""
        return self.at + len(self.header)

    @property
    def end(self) -> int:
        """Where the next member may begin."""
        return self.data_at + self.packed_bytes


class ZipPart:
    """An archive on disk. Members are appended; `close` writes the directory."""

    def __init__(self, path: Path, members: Iterable[Written] = ()) -> None:
        """Create `path`, or take it up again with the `members` that are known to be sound."""
        self.path = path
        self.members = list(members)
        self.end = max((member.end for member in self.members), default=0)
        self._descriptor = os.open(path, _WRITING, 0o600)
        self._directory_bytes = sum(map(_directory_bytes, self.members))
        self._at = self.end
        self._begun: Written

    @property
    def size_bytes(self) -> int:
        """How large it is, or would be, with its directory."""
        return self._at + self._directory_bytes + 98

    def begin(
        self,
        name: str,
        most_bytes: int,
        *,
        modified: datetime | None,
        created: datetime | None = None,
    ) -> None:
        """Start a member of at most `most_bytes`. What was begun and not finished is dropped."""
        os.ftruncate(self._descriptor, self.end)
        self._at = self.end
        self._begun = Written(
            name=name,
            size_bytes=0,
            packed_bytes=0,
            crc=0,
            at=self.end,
            modified=modified,
            created=created,
            wide=most_bytes >= _WIDE_FROM,
        )
        self.write(_local(self._begun, _SIZES_UNKNOWN))

    def write(self, data: bytes) -> None:
        """Append to the member that was begun. Raises `OSError` where the disk is full."""
        view = memoryview(data)
        os.lseek(self._descriptor, self._at, os.SEEK_SET)
        while view:
            count = os.write(self._descriptor, view)
            view = view[count:]
            self._at += count

    def finish(self, size_bytes: int, crc: int) -> Written:
        """Complete the member that was begun, whose content has this size and CRC-32."""
        packed = self._at - self._begun.data_at
        member = replace(self._begun, size_bytes=size_bytes, packed_bytes=packed, crc=crc)
        os.lseek(self._descriptor, member.at, os.SEEK_SET)
        os.write(self._descriptor, member.header)
        self.members.append(member)
        self._directory_bytes += _directory_bytes(member)
        self.end = self._at
        return member

    def put_back(self, member: Written, data: bytes) -> None:
        """Write a stored `member` that is in the directory to where it lies, once more."""
        os.lseek(self._descriptor, member.at, os.SEEK_SET)
        os.write(self._descriptor, member.header + data)

    def close(self) -> None:
        """Write the directory behind the members, and close. Raises `OSError`."""
        try:
            os.ftruncate(self._descriptor, self.end)
            self._at = self.end
            start = self.end
            for member in self.members:
                self.write(_central(member))
            self.write(_end(len(self.members), start, self._at))
            os.fsync(self._descriptor)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close as it is, to be continued; nothing where it is closed already."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def stored_member(name: str, data: bytes, modified: datetime) -> Written:
    """The first member of an archive, as it is: not compressed."""
    return Written(
        name=name,
        size_bytes=len(data),
        packed_bytes=len(data),
        crc=zlib.crc32(data),
        at=0,
        modified=modified,
        created=None,
        method=_STORED,
    )


def _local(member: Written, flags: int) -> bytes:
    name = member.name.encode()
    sizes = (member.packed_bytes, member.size_bytes)
    extra = b""
    if member.wide:
        extra = struct.pack("<2H2Q", 1, 16, member.size_bytes, member.packed_bytes)
        sizes = (_MAX32, _MAX32)
    date, time = _dos_time(member.modified)
    head = _LOCAL.pack(
        b"PK\x03\x04", _VERSION, _UTF8 | flags, member.method, time, date, member.crc, *sizes,
        len(name), len(extra),
    )  # fmt: skip
    return head + name + extra


def _central(member: Written) -> bytes:
    name = member.name.encode()
    fields = [member.size_bytes, member.packed_bytes, member.at]
    wide = b"".join(struct.pack("<Q", field) for field in fields if field >= _MAX32)
    size, packed, at = (min(field, _MAX32) for field in fields)
    extra = struct.pack("<2H", 1, len(wide)) + wide if wide else b""
    extra += _ntfs_times(member)
    date, time = _dos_time(member.modified)
    head = _CENTRAL.pack(
        b"PK\x01\x02", _VERSION, _VERSION, _UTF8, member.method, time, date, member.crc, packed,
        size, len(name), len(extra), 0, 0, 0, 0, at,
    )  # fmt: skip
    return head + name + extra


def _directory_bytes(member: Written) -> int:
    return len(_central(member))


def _end(count: int, start: int, end: int) -> bytes:
    size = end - start
    record = b""
    if count >= _MAX16 or size >= _MAX32 or start >= _MAX32:
        record = struct.pack(
            "<4sQ2H2L4Q", b"PK\x06\x06", 44, _VERSION, _VERSION, 0, 0, count, count, size, start
        )
        record += struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    few = min(count, _MAX16)
    return record + struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, few, few, min(size, _MAX32), min(start, _MAX32), 0
    )


def _ntfs_times(member: Written) -> bytes:
    if member.modified is None and member.created is None:
        return b""
    modified, created = _filetime(member.modified), _filetime(member.created)
    return struct.pack("<2HL2H3Q", 0x000A, 32, 0, 1, 24, modified, 0, created)


def _filetime(value: datetime | None) -> int:
    if value is None:
        return 0
    return max(0, 10 * ((value - _EPOCH_WINDOWS) // timedelta(microseconds=1)))


def _dos_time(value: datetime | None) -> tuple[int, int]:
    if value is None or not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        return 0x21, 0  # 1980-01-01
    date = (value.year - _FIRST_YEAR) << 9 | value.month << 5 | value.day
    return date, value.hour << 11 | value.minute << 5 | value.second // 2
