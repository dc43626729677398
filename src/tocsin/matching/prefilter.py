"""Many patterns searched for in one pass over bytes, with Hyperscan.

The patterns are regular expressions over bytes, searched for without case. They are necessary
conditions: what is found is read and judged afterwards.

No pattern may speak of the end of the data (``$``): Hyperscan 5.4 then misses some that other
patterns stand beside (6 of 24,000 random searches; none without it). Data ends with a LF instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import hyperscan
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_FLAGS = hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_DOTALL


class Prefilter:
    """A set of patterns, by their places in the sequence given."""

    def __init__(self, patterns: Sequence[bytes]) -> None:
        """Compile. Raises `hyperscan.error` for a pattern that Hyperscan does not take."""
        self.size = len(patterns)
        self._database = None
        if patterns:
            self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
            self._database.compile(
                expressions=list(patterns),
                ids=list(range(len(patterns))),
                elements=len(patterns),
                flags=[_FLAGS] * len(patterns),
            )

    def search(self, data: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The patterns that are found, and for each the offset of the last byte of where.

        One pattern may be told several times; the order is that of the offsets.
        """
        found: list[int] = []
        if self._database is not None:
            put = found.append

            def told(pattern: int, _start: int, end: int, _flags: int, _context: object) -> None:
                put(pattern)
                put(end)

            self._database.scan(data, match_event_handler=told)
        pairs = np.array(found, np.int64).reshape(-1, 2)
        return pairs[:, 0], np.maximum(pairs[:, 1] - 1, 0)

    def found_in(self, data: bytes) -> set[int]:
        """Which patterns are found anywhere in `data`."""
        found: set[int] = set()
        if self._database is not None:
            put = found.add
            self._database.scan(data, match_event_handler=lambda pattern, *_: put(pattern))
        return found
