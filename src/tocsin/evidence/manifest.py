"""SHA-256 of every file, taken while it is read for another reason, so that it is read once."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from tocsin.evidence.regions import BUFFER_BYTES, chunks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from _typeshed import WriteableBuffer

    from tocsin.evidence.collection import Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a file's content is: its size, as it was read, and its SHA-256 in lower-case hex.

    `others` are the digests that were asked for besides, by the name of the algorithm.
    """

    size_bytes: int
    sha256: str
    others: Mapping[str, str] = field(default_factory=dict)


def sha256_of(member: Member) -> Digest:
    """Read the whole of `member`. Raises `OSError` where it cannot be read to its end."""
    with HashingStream(member.open()) as stream:
        return stream.finish()


class HashingStream(io.BufferedReader):
    """A stream that hashes what passes through it; `finish` hashes what the reader left out.

    A reader may stop early, seek forward over parts, or read a part twice: each byte of the
    content is hashed once, in order. `on_bytes` hears how many bytes were newly hashed. `others`
    are further algorithms (``md5``), each of which costs about as much again. Closing closes the
    wrapped stream.
    """

    def __init__(
        self,
        raw: BinaryIO,
        on_bytes: Callable[[int], None] | None = None,
        others: Iterable[str] = (),
    ) -> None:
        """Wrap `raw`, which stands at its start."""
        self._tap = _Tap(raw, on_bytes, others)
        super().__init__(self._tap, BUFFER_BYTES)

    def finish(self) -> Digest:
        """Read what was not read yet, and say what the whole content is.

        Raises `OSError` where the rest cannot be read; `hashed_bytes` then says how far it came.
        """
        self._tap.read_rest()
        return Digest(
            size_bytes=self._tap.hashed_bytes,
            sha256=self._tap.digest.hexdigest(),
            others={name: other.hexdigest() for name, other in self._tap.others.items()},
        )

    @property
    def hashed_bytes(self) -> int:
        """How many bytes from the start are in the hash so far."""
        return self._tap.hashed_bytes


class _Tap(io.RawIOBase):
    def __init__(
        self, source: BinaryIO, on_bytes: Callable[[int], None] | None, others: Iterable[str]
    ) -> None:
        super().__init__()
        self._source = source
        # One step at a time: what came before damage must not be lost with it.
        self._read = source.read1 if isinstance(source, io.BufferedIOBase) else source.read
        self._on_bytes = on_bytes
        self._position = 0
        self.hashed_bytes = 0
        self.digest = hashlib.sha256()
        self.others = {name: hashlib.new(name, usedforsecurity=False) for name in sorted(others)}

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._source.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._position = self._source.seek(offset, whence)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        data = self._read(len(view))
        view[: len(data)] = data
        self._take(data)
        return len(data)

    def read_rest(self) -> None:
        if self._position != self.hashed_bytes:
            self.seek(self.hashed_bytes)
        for data in chunks_of(self._source):
            self._take(data)

    def close(self) -> None:
        if not self.closed:
            self._source.close()
        super().close()

    def _take(self, data: bytes) -> None:
        start, self._position = self._position, self._position + len(data)
        known = self.hashed_bytes - start
        if 0 <= known < len(data):
            news = memoryview(data)[known:]
            self.digest.update(news)
            for other in self.others.values():
                other.update(news)
            self.hashed_bytes = self._position
            if self._on_bytes is not None:
                self._on_bytes(len(data) - known)
