"""Write small event log files: the samples that the tests and the synthetic servers start from.

Only what those need: no templates, every value as text. What is written is well formed, with
checksums and the chunk's table of names, so that other readers take it as well.

Source: libevtx's description of the EVTX format (chunk and record headers, binary XML tokens).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tocsin.events.evtx_frames import (
    CHECKSUM_AT,
    CHUNK_BYTES,
    CHUNK_MAGIC,
    FILE_HEADER_BYTES,
    FILE_MAGIC,
    RECORD_HEADER_BYTES,
    RECORD_MAGIC,
    RECORDS_START,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"

_NAME_BUCKETS = 64
_NAME_TABLE = 128
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)

_OPEN, _OPEN_WITH_ATTRIBUTES = 0x01, 0x41
_CLOSE_START, _CLOSE_EMPTY, _END = 0x02, 0x03, 0x04
_ATTRIBUTE, _ATTRIBUTE_FOLLOWED = 0x06, 0x46
_TEXT_VALUE = b"\x05\x01"
_FRAGMENT = b"\x0f\x01\x01\x00"
_END_OF_STREAM = b"\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvtxRecord:
    """One event to write. `time` is aware; `data` pairs a name, or None, with a text."""

    channel: str
    provider: str
    event_id: int
    time: datetime
    record_id: int
    computer: str
    level: int = 4
    data: Sequence[tuple[str | None, str]] = ()
    user_sid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Element:
    name: str
    attributes: tuple[tuple[str, str], ...] = ()
    content: str | tuple[_Element, ...] = ()


def write_evtx(records: Iterable[EvtxRecord]) -> bytes:
    """Return a whole EVTX file with these records, in this order, in as many chunks as needed.

    Raises `ValueError` where one record does not fit into a chunk of 64 KiB.
    """
    chunks: list[_Chunk] = []
    for record in records:
        if not chunks or not chunks[-1].add(record):
            chunks.append(_Chunk())
            if not chunks[-1].add(record):
                raise ValueError(f"record {record.record_id} does not fit into a chunk")
    return _file_header(chunks) + b"".join(chunk.finish() for chunk in chunks)


def _file_header(chunks: list[_Chunk]) -> bytes:
    following = chunks[-1].last_id + 1 if chunks else 1
    head = struct.pack(
        "<8sQQQIHHHH",
        FILE_MAGIC,
        0,
        max(0, len(chunks) - 1),
        following,
        128,
        1,
        3,
        FILE_HEADER_BYTES,
        len(chunks),
    ).ljust(120, b"\0")
    return (head + struct.pack("<II", 0, zlib.crc32(head))).ljust(FILE_HEADER_BYTES, b"\0")


class _Chunk:
    """One block of 64 KiB: offsets of names count from its start, so it is built in place."""

    def __init__(self) -> None:
        self._bytes = bytearray(RECORDS_START)
        self._names: dict[str, int] = {}
        self._ids: list[int] = []
        self._last_record_offset = 0

    @property
    def last_id(self) -> int:
        """The number of the last record."""
        return self._ids[-1]

    def add(self, record: EvtxRecord) -> bool:
        """Append the record, or leave the chunk as it was and say that there is no room."""
        start, names = len(self._bytes), dict(self._names)
        self._bytes += bytes(RECORD_HEADER_BYTES) + _FRAGMENT
        self._write(_document(record))
        self._bytes += _END_OF_STREAM
        self._bytes += bytes(-(len(self._bytes) + 4) % 8)
        size = len(self._bytes) + 4 - start
        self._bytes += struct.pack("<I", size)
        struct.pack_into(
            "<4sIQQ",
            self._bytes,
            start,
            RECORD_MAGIC,
            size,
            record.record_id,
            _filetime(record.time),
        )
        if len(self._bytes) > CHUNK_BYTES:
            del self._bytes[start:]
            self._names = names
            return False
        self._ids.append(record.record_id)
        self._last_record_offset = start
        return True

    def finish(self) -> bytes:
        """Return the chunk with its header, table of names and checksums."""
        self._link_names()
        head = struct.pack(
            "<8sQQQQIIII",
            CHUNK_MAGIC,
            self._ids[0],
            self._ids[-1],
            self._ids[0],
            self._ids[-1],
            128,
            self._last_record_offset,
            len(self._bytes),
            zlib.crc32(self._bytes[RECORDS_START:]),
        )
        self._bytes[: len(head)] = head
        checksum = zlib.crc32(self._bytes[:120] + self._bytes[128:RECORDS_START])
        struct.pack_into("<I", self._bytes, CHECKSUM_AT, checksum)
        return bytes(self._bytes.ljust(CHUNK_BYTES, b"\0"))

    def _link_names(self) -> None:
        """Enter every name into its bucket of the table; names of one bucket form a chain."""
        for name, offset in self._names.items():
            slot = _NAME_TABLE + 4 * (_name_hash(name) % _NAME_BUCKETS)
            before = self._bytes[slot : slot + 4]
            self._bytes[offset : offset + 4] = before
            struct.pack_into("<I", self._bytes, slot, offset)

    def _write(self, element: _Element) -> None:
        """Write one element; outside a template it carries no dependency identifier."""
        token = _OPEN_WITH_ATTRIBUTES if element.attributes else _OPEN
        self._bytes += struct.pack("<BI", token, 0)
        body = len(self._bytes)
        self._write_name(element.name)
        if element.attributes:
            self._write_attributes(element.attributes)
        if element.content:
            self._bytes.append(_CLOSE_START)
            if isinstance(element.content, str):
                self._write_text(element.content)
            else:
                for child in element.content:
                    self._write(child)
            self._bytes.append(_END)
        else:
            self._bytes.append(_CLOSE_EMPTY)
        struct.pack_into("<I", self._bytes, body - 4, len(self._bytes) - body)

    def _write_attributes(self, attributes: tuple[tuple[str, str], ...]) -> None:
        self._bytes += bytes(4)
        start = len(self._bytes)
        for index, (name, value) in enumerate(attributes, start=1):
            followed = index < len(attributes)
            self._bytes.append(_ATTRIBUTE_FOLLOWED if followed else _ATTRIBUTE)
            self._write_name(name)
            self._write_text(value)
        struct.pack_into("<I", self._bytes, start - 4, len(self._bytes) - start)

    def _write_name(self, name: str) -> None:
        """Refer to the name, which stands in full where it is used first in the chunk."""
        known = self._names.get(name)
        offset = len(self._bytes) + 4 if known is None else known
        self._bytes += struct.pack("<I", offset)
        if known is None:
            self._names[name] = offset
            encoded = name.encode("utf-16-le")
            self._bytes += struct.pack("<IHH", 0, _name_hash(name), len(encoded) // 2)
            self._bytes += encoded + b"\0\0"

    def _write_text(self, text: str) -> None:
        encoded = text.encode("utf-16-le", errors="surrogatepass")
        if len(encoded) > CHUNK_BYTES:
            raise ValueError(f"a value of {len(encoded)} bytes does not fit into a chunk")
        self._bytes += _TEXT_VALUE + struct.pack("<H", len(encoded) // 2) + encoded


def _document(record: EvtxRecord) -> _Element:
    data = tuple(
        _Element(name="Data", attributes=(("Name", name),) if name else (), content=text)
        for name, text in record.data
    )
    security = (("UserID", record.user_sid),) if record.user_sid else ()
    moment = record.time.astimezone(UTC).isoformat(timespec="microseconds")
    system = (
        _Element(name="Provider", attributes=(("Name", record.provider),)),
        _Element(name="EventID", content=str(record.event_id)),
        _Element(name="Level", content=str(record.level)),
        _Element(name="TimeCreated", attributes=(("SystemTime", moment.replace("+00:00", "Z")),)),
        _Element(name="EventRecordID", content=str(record.record_id)),
        _Element(name="Channel", content=record.channel),
        _Element(name="Computer", content=record.computer),
        _Element(name="Security", attributes=security),
    )
    return _Element(
        name="Event",
        attributes=(("xmlns", NAMESPACE),),
        content=(
            _Element(name="System", content=system),
            _Element(name="EventData", content=data),
        ),
    )


def _filetime(moment: datetime) -> int:
    """Count the steps of 100 ns since 1601."""
    return (moment - _FILETIME_EPOCH) // timedelta(microseconds=1) * 10


def _name_hash(name: str) -> int:
    value = 0
    for character in name:
        value = (value * 65599 + ord(character)) & 0xFFFFFFFF
    return value & 0xFFFF
