"""A stream that trickles, as a pipe or a packed file does."""

from __future__ import annotations

import io
from typing import BinaryIO


class Trickle(io.RawIOBase):
    """Gives a few bytes at a time, and fails where it is told to."""

    def __init__(self, data: bytes, step: int, fails_at: int | None = None) -> None:
        super().__init__()
        self._inner = io.BytesIO(data)
        self._step = step
        self._fails_at = fails_at

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if self._fails_at is not None and self._inner.tell() >= self._fails_at:
            raise OSError("the archive is damaged here")
        return self._inner.read(self._step if size < 0 else min(size, self._step))


def trickle(data: bytes, step: int, fails_at: int | None = None) -> BinaryIO:
    """`data`, in pieces of at most `step` bytes."""
    stream: BinaryIO = Trickle(data, step, fails_at)  # type: ignore[assignment]  # all of it that parsers and feeds use
    return stream
