"""Look at the beginning of a stream that cannot seek, and still read it from its start."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from typing_extensions import Buffer


def look_ahead(stream: BinaryIO, size: int) -> tuple[bytes, BinaryIO]:
    """Up to `size` bytes of `stream`, and a stream that gives those and then the rest.

    Where reading fails, the error is raised by the new stream, after what could be read.
    """
    head = bytearray()
    error: OSError | None = None
    try:
        while len(head) < size and (more := stream.read(size - len(head))):
            head += more
    except OSError as failure:
        error = failure
    whole = bytes(head)
    # RawIOBase has all of BinaryIO that a reader uses; only the type hierarchy says otherwise.
    return whole, cast("BinaryIO", _Rejoined(whole, stream, error))


class _Rejoined(io.RawIOBase):
    def __init__(self, head: bytes, rest: BinaryIO, error: OSError | None) -> None:
        super().__init__()
        self._head = memoryview(head)
        self._rest = rest
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        room = memoryview(buffer).cast("B")
        if self._head:
            part: bytes | memoryview = self._head[: len(room)]
            self._head = self._head[len(part) :]
        elif self._error:
            raise self._error
        else:
            part = self._rest.read(len(room))
        room[: len(part)] = part
        return len(part)
