"""How many bytes were read, told to whoever shows how far the work is."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer

    from tocsin.matching.crew import Say

TELL_BYTES = 2**22
"""After so many bytes it is told how far a task is: a message each time would cost more."""
_BUFFER_BYTES = 2**12
"""Little: what is in the buffer was not read yet, and what is under it has one of its own."""


class Told:
    """Adds up what was read of one task, and says it now and then."""

    def __init__(self, say: Say, *, is_silent: bool = False) -> None:
        """Say it at once; a silent one only lets know that it is alive."""
        self._is_silent = is_silent
        self._say = say
        self._bytes = 0

    def add(self, read_bytes: int) -> None:
        """Count."""
        self._bytes += read_bytes
        if self._bytes >= TELL_BYTES:
            self.tell()

    def tell(self) -> None:
        """Say what was not said yet."""
        if self._bytes:
            self._say(0 if self._is_silent else self._bytes, at_once=True)
            self._bytes = 0


def counted(stream: BinaryIO, on_bytes: Callable[[int], None]) -> io.BufferedReader:
    """`stream`, which tells of what is read of it; closing it closes `stream`."""
    return io.BufferedReader(_Counted(stream, on_bytes), _BUFFER_BYTES)


class _Counted(io.RawIOBase):
    """A stream that tells how much was read of it. Closing closes the wrapped stream."""

    def __init__(self, source: BinaryIO, on_bytes: Callable[[int], None]) -> None:
        super().__init__()
        self._source = source
        # One step at a time: what came before damage must not be lost with it.
        self._read = source.read1 if isinstance(source, io.BufferedIOBase) else source.read
        self._on_bytes = on_bytes

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._source.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        data = self._read(len(view))
        view[: len(data)] = data
        self._on_bytes(len(data))
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._source.close()
        super().close()
