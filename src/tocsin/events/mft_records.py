"""Records of an NTFS file table (``$MFT``), read one by one from their bytes.

Written for hostile input: a record is read within its own bytes or refused with `ValueError`.

Source: the NTFS documentation of the Linux-NTFS project (FILE record, attribute headers,
$STANDARD_INFORMATION, $FILE_NAME, $DATA).
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

import msgspec

SECTOR_BYTES = 512
RECORD_SIZES = (1024, 4096, 512, 2048)
MAGIC, BAD_MAGIC = b"FILE", b"BAAD"
RESIDENT_LIMIT = 1024
"""Bytes of a small file's content that are kept; such files lie in the table itself."""

_HEADER = struct.Struct("<4sHHQHHHHIIQ")
_ATTRIBUTE = struct.Struct("<IIBBHHH")
_RESIDENT = struct.Struct("<IH")
_TIMES = struct.Struct("<QQQQ")
_IN_USE, _DIRECTORY = 1, 2
_STANDARD_INFORMATION, _FILE_NAME, _DATA = 0x10, 0x30, 0x80
_ATTRIBUTES_END = b"\xff\xff\xff\xff"
_ENTRY_MASK = 2**48 - 1
_DOS_NAMESPACE = 2
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)

Times = tuple[int, int, int, int]
"""Created, modified, record changed, accessed: steps of 100 ns since 1601."""


class FileName(msgspec.Struct, frozen=True, array_like=True):
    """One $FILE_NAME: a name in a folder, with the times that few tools can forge."""

    parent: int
    parent_sequence: int
    times: Times
    size_bytes: int
    namespace: int
    name: str


class MftRecord(msgspec.Struct, array_like=True):
    """What is wanted of one record. `base` is the record that this one only continues, or 0."""

    sequence: int
    in_use: bool
    is_directory: bool
    base: int
    name: FileName | None = None
    times: Times | None = None
    size_bytes: int | None = None
    streams: list[str] = []
    content: bytes | None = None


def record_size(head: bytes) -> int:
    """Bytes per record, as the table's first record states; 1024 where it states nonsense."""
    if len(head) >= 32 and head.startswith(MAGIC):
        (stated,) = struct.unpack_from("<I", head, 28)
        if stated in RECORD_SIZES:
            return int(stated)
    return RECORD_SIZES[0]


def read_record(block: bytes) -> MftRecord:
    """The record in `block`. Raises `ValueError` where it is damaged."""
    if not block.startswith(MAGIC):
        what = "marked as damaged by the system" if block.startswith(BAD_MAGIC) else "no record"
        raise ValueError(what)
    header = _HEADER.unpack_from(block)
    _, fixup_at, fixups, _, sequence, _, first, flags, used, _, base = header
    whole = _fixed(block, fixup_at, fixups)
    record = MftRecord(
        sequence, bool(flags & _IN_USE), bool(flags & _DIRECTORY), base & _ENTRY_MASK
    )
    _read_attributes(whole, first, min(used, len(whole)), record)
    return record


def _fixed(block: bytes, at: int, count: int) -> bytes:
    """Put back the last two bytes of each sector; a wrong mark there is a torn write."""
    sectors = len(block) // SECTOR_BYTES
    if count - 1 != sectors or at + 2 * count > SECTOR_BYTES - 2:
        raise ValueError(f"{count} fix-ups at {at} do not fit its {sectors} sectors")
    whole = bytearray(block)
    mark = block[at : at + 2]
    for sector in range(1, sectors + 1):
        end = sector * SECTOR_BYTES
        if block[end - 2 : end] != mark:
            raise ValueError(f"sector {sector} is not of the same write as the others")
        whole[end - 2 : end] = block[at + 2 * sector : at + 2 * sector + 2]
    return bytes(whole)


def _read_attributes(whole: bytes, at: int, end: int, record: MftRecord) -> None:
    while at + 4 <= end:
        if whole[at : at + 4] == _ATTRIBUTES_END:
            return
        if at + 24 > end:
            break
        kind, length, non_resident, name_length, name_at, _, _ = _ATTRIBUTE.unpack_from(whole, at)
        if length < 24 or length % 8 or at + length > end:
            raise ValueError(f"an attribute of {length} bytes at {at} does not fit")
        attribute = whole[at : at + length]
        if kind == _DATA:
            name = _text(attribute, name_at, name_length)
            _read_data(attribute, record, name, resident=not non_resident)
        elif kind in (_STANDARD_INFORMATION, _FILE_NAME) and not non_resident:
            value = _value(attribute)
            if kind == _FILE_NAME:
                _read_name(value, record)
            else:
                record.times = _times(value, 0)
        at += length
    raise ValueError("its attributes have no end")


def _value(attribute: bytes) -> bytes:
    size, at = _RESIDENT.unpack_from(attribute, 16)
    if at + size > len(attribute):
        raise ValueError(f"a value of {size} bytes does not fit its attribute")
    return attribute[at : at + size]


def _times(value: bytes, at: int) -> Times:
    if at + _TIMES.size > len(value):
        raise ValueError("its times are cut off")
    created, modified, changed, accessed = _TIMES.unpack_from(value, at)
    return created, modified, changed, accessed


def _read_name(value: bytes, record: MftRecord) -> None:
    """Keep the best name: a long one before a short one, the first of several links."""
    if len(value) < 66:
        raise ValueError("its name is cut off")
    length, namespace = value[64], value[65]
    known = record.name
    if known is not None and (known.namespace != _DOS_NAMESPACE or namespace == _DOS_NAMESPACE):
        return
    (parent,) = struct.unpack_from("<Q", value)
    (size,) = struct.unpack_from("<Q", value, 48)
    record.name = FileName(
        parent & _ENTRY_MASK,
        parent >> 48,
        _times(value, 8),
        size,
        namespace,
        _text(value, 66, length),
    )


def _read_data(attribute: bytes, record: MftRecord, name: str, *, resident: bool) -> None:
    """Size and, where it lies in the table, content of the file; streams only by name."""
    if name:
        record.streams.append(name)
    elif resident:
        value = _value(attribute)
        record.size_bytes = len(value)
        record.content = value[:RESIDENT_LIMIT]
    else:
        if len(attribute) < 64:
            raise ValueError("its content's description is cut off")
        (first_cluster,) = struct.unpack_from("<Q", attribute, 16)
        if first_cluster == 0:
            (record.size_bytes,) = struct.unpack_from("<Q", attribute, 48)


def _text(data: bytes, at: int, characters: int) -> str:
    encoded = data[at : at + 2 * characters]
    if len(encoded) < 2 * characters:
        raise ValueError("a name is cut off")
    return encoded.decode("utf-16-le", "replace")


def filetime(value: int) -> datetime | None:
    """A time of the table in UTC; None for zero and for what no calendar has."""
    try:
        return _FILETIME_EPOCH + timedelta(microseconds=value // 10) if value else None
    except OverflowError:
        return None
