"""Deflate in blocks on several processors, as one stream that any unzipper reads.

Each block is compressed with the end of the one before as its dictionary, so that little is lost
against compressing in one go. The bytes depend on the content alone, not on the number of
processors. Source: RFC 1951; the method is that of Mark Adler's pigz.
"""

from __future__ import annotations

import zlib
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Executor, Future

LEVEL = 3
"""On logs 1.6 times as fast as 5, for a seventh more bytes: a server in need should not wait."""
_WINDOW_BYTES = 32 * 1024
_MOST_RATIO = 200
_RATIO_FROM_BYTES = 32 * 2**20
# Readers, ours among them, take what grows to many times its size for an attack; a log full of
# NUL bytes would be one. `tocsin.evidence.collection.Limits` has the other side of this.


def deflated(blocks: Iterable[bytes], pool: Executor, ahead: int) -> Iterator[bytes]:
    """What `blocks` deflate to, in order; `ahead` blocks are worked on at the same time."""
    waiting: deque[tuple[bytes, Future[bytes]]] = deque()
    balance = _Balance()
    window = b""
    iterator = iter(blocks)
    block = next(iterator, b"")
    while True:
        following = next(iterator, None)
        is_last = following is None
        waiting.append((block, pool.submit(_packed, block, window, LEVEL, is_last=is_last)))
        window = block[-_WINDOW_BYTES:]
        while waiting and (is_last or len(waiting) > ahead):
            plain, future = waiting.popleft()
            packed = future.result()
            if balance.is_too_good(len(plain), len(packed)):
                packed = _packed(plain, b"", 0, is_last=is_last and not waiting)
            yield balance.counted(plain, packed)
        if following is None:
            return
        block = following


class _Balance:
    """How many bytes went in and came out so far."""

    def __init__(self) -> None:
        self._plain = self._packed = 0

    def is_too_good(self, plain: int, packed: int) -> bool:
        plain, packed = self._plain + plain, self._packed + packed
        return plain > _RATIO_FROM_BYTES and plain > _MOST_RATIO * packed

    def counted(self, plain: bytes, packed: bytes) -> bytes:
        self._plain += len(plain)
        self._packed += len(packed)
        return packed


def _packed(block: bytes, window: bytes, level: int, *, is_last: bool) -> bytes:
    if window:
        packer = zlib.compressobj(level, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, window)
    else:
        packer = zlib.compressobj(level, zlib.DEFLATED, -15, 9)
    end = zlib.Z_FINISH if is_last else zlib.Z_SYNC_FLUSH
    return packer.compress(block) + packer.flush(end)
