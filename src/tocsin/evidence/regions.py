"""Bytes that can be read at any place: a file of the source, or a masked stretch of the spool.

Reading takes the offset along (`pread`), so that many streams over one file never disturb each
other, also not after a fork.
"""

from __future__ import annotations

import errno
import io
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, Protocol

from tocsin.evidence.damage import MemberError
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

BUFFER_BYTES = 256 * 1024
_MASK = 0xA5
MASK_TABLE = bytes(value ^ _MASK for value in range(256))
"""Masks and unmasks with `bytes.translate`: a virus scanner must not eat spooled evidence."""


class Region(Protocol):
    """A stretch of bytes with random access."""

    @property
    def size_bytes(self) -> int:
        """How many bytes there are."""
        ...

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset`; empty at the end. Raises `OSError`."""
        ...

    def part(self, start: int, size_bytes: int) -> Region:
        """The stretch from `start`, cut where this region ends."""
        ...


class Handle:
    """An open file descriptor that knows when it was closed, since numbers are used again."""

    def __init__(self, descriptor: int) -> None:
        """Own `descriptor`."""
        self._descriptor = descriptor

    @property
    def descriptor(self) -> int:
        """The number, to hand on to a child process."""
        if self._descriptor < 0:
            raise OSError(errno.EBADF, "the collection is closed")
        return self._descriptor

    def read_at(self, offset: int, count: int) -> bytes:
        """Read without moving any position. Raises `MemberError` where the system cannot."""
        try:
            return os.pread(self.descriptor, count, offset)
        except OSError as error:
            detail = f"it cannot be read at byte {offset}: {error.strerror}"
            raise MemberError(ProblemCode.UNREADABLE, detail) from error

    def close(self) -> None:
        """Close once; again does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class HandleRegion:
    """A stretch of an open file; `masked` where the spool wrote it."""

    handle: Handle
    start: int
    size_bytes: int
    masked: bool = False

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset`, unmasked."""
        count = min(count, self.size_bytes - offset)
        if count <= 0:
            return b""
        data = self.handle.read_at(self.start + offset, count)
        return data.translate(MASK_TABLE) if self.masked else data

    def part(self, start: int, size_bytes: int) -> HandleRegion:
        """The stretch from `start`, cut where this region ends."""
        size_bytes = max(0, min(size_bytes, self.size_bytes - start))
        return replace(self, start=self.start + start, size_bytes=size_bytes)


class RegionStream(io.RawIOBase):
    """A seekable stream over a region; `consumed` counts the bytes that were read from it."""

    def __init__(self, region: Region) -> None:
        """Start at the beginning of `region`."""
        super().__init__()
        self._region = region
        self._position = 0
        self.consumed = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move; nothing is read."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._region.size_bytes}
        self._position = max(0, base[whence] + offset)
        return self._position

    def tell(self) -> int:
        """Where the next read starts."""
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill `buffer` as far as one read goes."""
        view = memoryview(buffer).cast("B")
        data = self._region.read_at(self._position, len(view))
        view[: len(data)] = data
        self._position += len(data)
        self.consumed += len(data)
        return len(data)


def stream_of(region: Region) -> io.BufferedReader[RegionStream]:
    """A buffered, seekable stream over `region`."""
    return io.BufferedReader(RegionStream(region), BUFFER_BYTES)


def chunks_of(stream: BinaryIO | io.BufferedIOBase) -> Iterator[bytes]:
    """What `stream` holds, piece by piece.

    One step of the stream below at a time, so that what came before damage is not lost with it.
    A stream that is damaged ends once before it raises, so its end is asked for twice.
    """
    read = stream.read1 if isinstance(stream, io.BufferedIOBase) else stream.read
    while chunk := read(BUFFER_BYTES) or read(BUFFER_BYTES):
        yield chunk


def is_valid_range(region: Region, start: int, size_bytes: int) -> bool:
    """Whether a stretch that hostile data names lies inside `region`."""
    return 0 <= start <= region.size_bytes and 0 <= size_bytes <= region.size_bytes - start
