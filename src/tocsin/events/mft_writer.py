"""Write small file tables (``$MFT``): the samples that tests and synthetic servers start from.

Only what those need: one name per file, content either inside the table or only its size.

Source: the NTFS documentation of the Linux-NTFS project.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tocsin.events.mft_folders import ROOT_ENTRY
from tocsin.events.mft_records import MAGIC, SECTOR_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

RECORD_BYTES = 1024

_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_HEADER_BYTES = 56
_FIXUP_AT = 48
_MARK = b"\x07\x00"
_WIN32_AND_DOS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MftEntry:
    """One file or folder. Times are aware; `name_created` is the one that few tools can forge.

    `parent` is the folder's entry number, 5 for the drive's root. `content` lies in the table, up
    to about 600 bytes; without it only `size_bytes` is written.
    """

    entry: int
    name: str
    created: datetime
    parent: int = ROOT_ENTRY
    sequence: int = 1
    parent_sequence: int = 1
    modified: datetime | None = None
    name_created: datetime | None = None
    is_directory: bool = False
    in_use: bool = True
    content: bytes | None = None
    size_bytes: int = 0


def write_mft(entries: Iterable[MftEntry]) -> bytes:
    """Return a table with these entries, the table's own and the root; the rest is empty.

    Raises `ValueError` where an entry does not fit into a record of 1024 bytes.
    """
    given = {entry.entry: entry for entry in entries}
    first = min((entry.created for entry in given.values()), default=_FILETIME_EPOCH)
    own = MftEntry(entry=0, name="$MFT", created=first, parent_sequence=ROOT_ENTRY)
    root = MftEntry(
        entry=ROOT_ENTRY,
        name=".",
        created=first,
        sequence=ROOT_ENTRY,
        parent_sequence=ROOT_ENTRY,
        is_directory=True,
    )
    table = {0: own, ROOT_ENTRY: root, **given}
    return b"".join(
        _record(table[number]) if number in table else bytes(RECORD_BYTES)
        for number in range(max(table) + 1)
    )


def _record(entry: MftEntry) -> bytes:
    attributes = _attribute(0x10, _standard_information(entry), 0)
    attributes += _attribute(0x30, _file_name(entry), 1)
    if not entry.is_directory:
        if entry.content is not None:
            attributes += _attribute(0x80, entry.content, 2)
        else:
            attributes += _content_elsewhere(entry.size_bytes)
    attributes += b"\xff\xff\xff\xff" + bytes(4)
    used = _HEADER_BYTES + len(attributes)
    if used > RECORD_BYTES:
        raise ValueError(f"entry {entry.entry} does not fit into {RECORD_BYTES} bytes")
    flags = (1 if entry.in_use else 0) | (2 if entry.is_directory else 0)
    header = struct.pack(
        "<4sHHQHHHHIIQHHI",
        MAGIC,
        _FIXUP_AT,
        1 + RECORD_BYTES // SECTOR_BYTES,
        0,
        entry.sequence,
        1,
        _HEADER_BYTES,
        flags,
        used,
        RECORD_BYTES,
        0,
        3,
        0,
        entry.entry,
    )
    whole = bytearray((header.ljust(_HEADER_BYTES, b"\0") + attributes).ljust(RECORD_BYTES, b"\0"))
    whole[_FIXUP_AT : _FIXUP_AT + 2] = _MARK
    for sector in range(1, RECORD_BYTES // SECTOR_BYTES + 1):
        end = sector * SECTOR_BYTES
        saved = _FIXUP_AT + 2 * sector
        whole[saved : saved + 2] = whole[end - 2 : end]
        whole[end - 2 : end] = _MARK
    return bytes(whole)


def _attribute(kind: int, value: bytes, number: int) -> bytes:
    length = 24 + len(value) + -len(value) % 8
    head = struct.pack("<IIBBHHHIHH", kind, length, 0, 0, 24, 0, number, len(value), 24, 0)
    return (head + value).ljust(length, b"\0")


def _content_elsewhere(size: int) -> bytes:
    """A $DATA that says how large the file is, without a cluster of it."""
    allocated = size + -size % 4096
    return struct.pack(
        "<IIBBHHHQqHHIQQQ", 0x80, 72, 1, 0, 64, 0, 2, 0, -1, 64, 0, 0, allocated, size, size
    ).ljust(72, b"\0")


def _standard_information(entry: MftEntry) -> bytes:
    created, modified = entry.created, entry.modified or entry.created
    return _times(created, modified) + bytes(40)


def _file_name(entry: MftEntry) -> bytes:
    created = entry.name_created or entry.created
    size = len(entry.content) if entry.content is not None else entry.size_bytes
    name = entry.name.encode("utf-16-le")
    # The root is its own folder; its number and sequence are always the same.
    sequence = ROOT_ENTRY if entry.parent == ROOT_ENTRY else entry.parent_sequence
    return (
        struct.pack("<Q", entry.parent | sequence << 48)
        + _times(created, created)
        + struct.pack("<QQII", size, size, 0, 0)
        + struct.pack("<BB", len(name) // 2, _WIN32_AND_DOS)
        + name
    )


def _times(created: datetime, modified: datetime) -> bytes:
    return struct.pack("<QQQQ", *map(_filetime, (created, modified, modified, modified)))


def _filetime(moment: datetime) -> int:
    return (moment - _FILETIME_EPOCH) // timedelta(microseconds=1) * 10
