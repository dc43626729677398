"""Where members of tar, 7z and nested archives lie while the collection is open.

One nameless file in the temporary folder (`TMPDIR`): it is unlinked as soon as it is made, so the
system removes it however we end, `kill -9` included; nobody else can open it, and no member's
name ever reaches our disk. Its content is masked, so that no virus scanner takes evidence away.
"""

from __future__ import annotations

import errno
import os
import tempfile
from typing import TYPE_CHECKING

from tocsin.errors import SourceError
from tocsin.evidence.regions import MASK_TABLE, Handle, HandleRegion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Spool:
    """An append-only file of masked stretches."""

    def __init__(self, on_bytes: Callable[[int], None] | None = None) -> None:
        """Make no file yet; `on_bytes` hears of every write, for progress."""
        self._handle: Handle | None = None
        self._end = 0
        self._on_bytes = on_bytes

    def write(self, chunks: Iterable[bytes]) -> HandleRegion:
        """Keep what `chunks` yields, and say where it lies.

        Raises `SourceError` where our own disk is full: that is not the evidence's fault.
        """
        handle = self._open()
        start = self._end
        for chunk in chunks:
            self._append(handle, chunk.translate(MASK_TABLE))
        return HandleRegion(handle=handle, start=start, size_bytes=self._end - start, masked=True)

    def close(self) -> None:
        """Give the space back."""
        if self._handle is not None:
            self._handle.close()

    def _open(self) -> Handle:
        if self._handle is None:
            with tempfile.TemporaryFile(prefix="tocsin-", buffering=0) as file:
                self._handle = Handle(os.dup(file.fileno()))
        return self._handle

    def _append(self, handle: Handle, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                written = os.pwrite(handle.descriptor, view, self._end)
            except OSError as error:
                if error.errno in _FULL:
                    raise SourceError(
                        f"no space left in {tempfile.gettempdir()} to unpack into: set TMPDIR to "
                        "a larger disk, or unpack the archive yourself and hunt in the folder"
                    ) from error
                raise
            self._end += written
            view = view[written:]
            if self._on_bytes is not None:
                self._on_bytes(written)
