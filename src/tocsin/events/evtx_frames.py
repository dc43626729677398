"""Where the records of an EVTX file are, found without decoding them.

An EVTX file is a header of 4 KiB and chunks of 64 KiB; each chunk has a header of 512 bytes and
then records, one behind the other. The file header is of no use to us (on a copied live log it
is stale), so damage to it loses nothing. What counts as one unit, a row or a problem:

* a record: the signature ``**``, two NUL bytes and a size that fits into its chunk;
* a stretch of other bytes between records, from where the chain of sizes breaks to the next
  record that can be trusted (its size stands at its end once more); padding of NUL is none;
* the end of a chunk that the file's end cuts off;
* a stretch of other bytes where a chunk should be; padding of NUL is none.

A chunk's records end where its header says, if the header's checksum is right; behind that lie
left-overs of what was there before, which are not read. Else they may fill the chunk.

Source: libevtx's description of the EVTX format.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE_MAGIC = b"ElfFile\0"
CHUNK_MAGIC = b"ElfChnk\0"
RECORD_MAGIC = b"**\0\0"
FILE_HEADER_BYTES = 4096
CHUNK_BYTES = 65536
RECORDS_START = 512
RECORD_HEADER_BYTES = 24
SMALLEST_RECORD = 40
"""Bytes: header, the shortest binary XML there can be, and the size at the end."""
FREE_SPACE_AT = 48
CHECKSUM_AT = 124

_HEADER = struct.Struct("<4sIQ")


class Frame(NamedTuple):
    """One unit in a chunk: a record with its number, or, without a size, damage.

    `offset` counts from the chunk's start. `record_id` of damage is known only where the record's
    own header is intact.
    """

    offset: int
    size: int
    record_id: int | None
    cut: bool = False

    @property
    def is_record(self) -> bool:
        """Whether there is a record to decode."""
        return self.size > 0


class Piece(NamedTuple):
    """A chunk, or a stretch of `length` bytes that holds none; `offset` is the file's."""

    offset: int
    length: int
    chunk: bytes | None


def pieces(stream: BinaryIO) -> Iterator[Piece]:
    """The chunks of a file, and what lies between them except NUL bytes. Raises `OSError`."""
    buffer = _read(stream, FILE_HEADER_BYTES)
    offset = 0
    if buffer.startswith(FILE_MAGIC):
        if len(buffer) < FILE_HEADER_BYTES:
            yield Piece(0, len(buffer), None)
            return
        buffer, offset = b"", FILE_HEADER_BYTES
    lost_at: int | None = None
    while True:
        buffer += _read(stream, CHUNK_BYTES - len(buffer))
        at = buffer.find(CHUNK_MAGIC)
        ended = len(buffer) < CHUNK_BYTES
        skipped = at if at >= 0 else len(buffer) - (0 if ended else len(CHUNK_MAGIC) - 1)
        if lost_at is None and buffer[:skipped].strip(b"\0"):
            lost_at = offset
        offset += skipped
        buffer = buffer[skipped:]
        if lost_at is not None and (at >= 0 or ended):
            yield Piece(lost_at, offset - lost_at, None)
            lost_at = None
        if at == 0:
            yield Piece(offset, len(buffer), buffer)
            offset += len(buffer)
            buffer = b""
        if ended and at <= 0:
            return


def frames(chunk: bytes) -> list[Frame]:
    """Every unit in a chunk, in its order. Never raises."""
    end = records_end(chunk)
    limit = min(end, len(chunk))
    cut = len(chunk) < end
    found: list[Frame] = []
    at = RECORDS_START
    while at < limit:
        record = _record_at(chunk, at, limit)
        if record is not None:
            found.append(record)
            at += record.size
            continue
        following = _next_trusted(chunk, at + SMALLEST_RECORD, limit)
        if chunk[at:following].strip(b"\0"):
            found.append(Frame(at, 0, _record_id(chunk, at), cut and following == limit))
        at = following
    if cut and not (found and found[-1].cut):
        found.append(Frame(len(chunk), 0, None, cut=True))
    return found


def records_end(chunk: bytes) -> int:
    """Where the chunk's records end, as far as its header can be believed."""
    if len(chunk) < RECORDS_START:
        return CHUNK_BYTES
    stated = zlib.crc32(chunk[:120] + chunk[128:RECORDS_START])
    (checksum,) = struct.unpack_from("<I", chunk, CHECKSUM_AT)
    (free,) = struct.unpack_from("<I", chunk, FREE_SPACE_AT)
    believed = stated == checksum and RECORDS_START <= free <= CHUNK_BYTES
    return int(free) if believed else CHUNK_BYTES


def _record_at(chunk: bytes, at: int, limit: int) -> Frame | None:
    """The record at this place; None where there is none that fits."""
    if at + SMALLEST_RECORD > limit:
        return None
    magic, size, number = _HEADER.unpack_from(chunk, at)
    fits = magic == RECORD_MAGIC and SMALLEST_RECORD <= size <= limit - at
    return Frame(at, size, number) if fits else None


def _record_id(chunk: bytes, at: int) -> int | None:
    if chunk[at : at + 4] != RECORD_MAGIC or at + RECORD_HEADER_BYTES > len(chunk):
        return None
    (number,) = struct.unpack_from("<Q", chunk, at + 8)
    return int(number)


def _next_trusted(chunk: bytes, start: int, limit: int) -> int:
    """The next place with a record whose size stands at its end as well; else `limit`."""
    at = chunk.find(RECORD_MAGIC, start, limit)
    while at >= 0:
        record = _record_at(chunk, at, limit)
        if record is not None:
            (behind,) = struct.unpack_from("<I", chunk, at + record.size - 4)
            if behind == record.size:
                return at
        at = chunk.find(RECORD_MAGIC, at + 1, limit)
    return limit


def _read(stream: BinaryIO, size: int) -> bytes:
    """As many bytes as asked for, unless the stream ends."""
    parts = bytearray()
    while len(parts) < size and (more := stream.read(size - len(parts))):
        parts += more
    return bytes(parts)
