"""Read one file off the server: for reading only, without a trace, hashed on the way.

What is read is what was there when it was opened. A log that grows is cut at the size it had; one
that shrinks, or that the disk does not give to its end, is taken as far as it goes. Either is
said in `note`.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zlib
from typing import TYPE_CHECKING

from tocsin.evidence.directories import open_for_reading
from tocsin.evidence.own_manifest import Note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

BLOCK_BYTES = 2**20
HOLE_BYTES = 2**30
"""A stretch at the end that was never written is left out from this size on."""


class ReadFile:
    """A file that is read once, from start to end. Opening raises `OSError`.

    `size_bytes`, `sha256` and `crc` describe what was given out; they are whole after `blocks`.
    """

    def __init__(
        self,
        path: bytes,
        *,
        most_bytes: int,
        on_bytes: Callable[[int], None] | None = None,
    ) -> None:
        """Open `path`, of which at most `most_bytes` are read."""
        self._descriptor = open_for_reading(path)
        try:
            self.status = os.fstat(self._descriptor)
            if not stat.S_ISREG(self.status.st_mode):
                raise OSError(0, "it is no file any more")
        except OSError:
            os.close(self._descriptor)
            raise
        self._on_bytes = on_bytes
        self.note: Note | None = None
        self.detail = ""
        self.planned_bytes = self._planned(most_bytes)
        self.size_bytes = 0
        self.crc = 0
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Of what was given out so far, in lower-case hexadecimal."""
        return self._digest.hexdigest()

    def blocks(self) -> Iterator[bytes]:
        """The content, in blocks of `BLOCK_BYTES` except the last."""
        left = self.planned_bytes
        while left > 0:
            block = self._block(min(BLOCK_BYTES, left))
            if not block:
                break
            left -= len(block)
            self._digest.update(block)
            self.crc = zlib.crc32(block, self.crc)
            self.size_bytes += len(block)
            if self._on_bytes is not None:
                self._on_bytes(len(block))
            yield block
        if self.note is None:
            self._compare()

    def tail(self, count: int) -> bytes:
        """The last `count` bytes; nothing is hashed. Raises `OSError`."""
        os.lseek(self._descriptor, max(0, self.status.st_size - count), os.SEEK_SET)
        try:
            return os.read(self._descriptor, count)
        finally:
            os.lseek(self._descriptor, 0, os.SEEK_SET)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        os.close(self._descriptor)

    def _planned(self, most_bytes: int) -> int:
        size = self.status.st_size
        if size > most_bytes:
            self._say(Note.CUT, f"{most_bytes} of {size} bytes: more of one file is not taken")
            size = most_bytes
        data_end = _end_of_data(self._descriptor, size)
        if size - data_end >= HOLE_BYTES:
            self._say(
                Note.CUT,
                f"{data_end} of {size} bytes: what follows was never written (a sparse file)",
            )
            return data_end
        return size

    def _block(self, count: int) -> bytes:
        parts: list[bytes] = []
        while count > 0:
            try:
                part = os.read(self._descriptor, count)
            except OSError as error:
                where = self.size_bytes + sum(map(len, parts))
                reason = error.strerror or str(error)
                self._say(Note.CUT, f"it cannot be read beyond byte {where}: {reason}")
                break
            if not part:
                break
            parts.append(part)
            count -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _compare(self) -> None:
        """Say what happened to the file while it was read."""
        now = os.fstat(self._descriptor)
        before = self.status
        if self.size_bytes < self.planned_bytes:
            self._say(
                Note.CUT, f"{self.size_bytes} of {before.st_size} bytes: it shrank meanwhile"
            )
        elif now.st_size > before.st_size:
            self._say(
                Note.GREW,
                f"the first {before.st_size} bytes; it grew to {now.st_size} meanwhile",
            )
        elif now.st_mtime_ns != before.st_mtime_ns:
            self._say(Note.WRITTEN, "it was written to while it was read")

    def _say(self, note: Note, detail: str) -> None:
        self.note, self.detail = note, detail


def _end_of_data(descriptor: int, size: int) -> int:
    """Where the last written byte lies, as far as the file system tells; else `size`."""
    seek_data, seek_hole = getattr(os, "SEEK_DATA", None), getattr(os, "SEEK_HOLE", None)
    if size < HOLE_BYTES or seek_data is None or seek_hole is None:
        return size
    end = 0
    try:
        while end < size:
            try:
                start = os.lseek(descriptor, end, seek_data)
            except OSError:
                break  # no data beyond `end`: that is how the system says so
            end = min(size, os.lseek(descriptor, start, seek_hole))
    except OSError:
        return size
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)
    return end
