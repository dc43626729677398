"""How common the texts are that rules look for, told from samples of the rows and from all since.

Which of a rule's texts is searched for decides the speed more than anything else.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import hyperscan
import numpy as np

from tocsin.matching.prefilter import Prefilter
from tocsin.matching.sigma.literals import letters
from tocsin.matching.sigma.needs import choose

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from tocsin.events.bulk import Rows
    from tocsin.matching.sigma.asks import Asks
    from tocsin.matching.sigma.literals import Clause, Pattern

COMMON = 0.003
"""The share of rows above which a clause is too common to read all of them for one rule."""
_BYTES = 2**17
_PARTS = 4
"""Places of a block from which a sample is taken: the first minute of a day is like no other."""
_NEVER = 1e12
"""The price of a pattern that Hyperscan does not take."""
_UNLIKELY = 8.0
"""What one letter more makes a text rarer by, of which nothing else is known."""


class Samples:
    """Counts, for every pattern that some rule could be searched by, the rows that hold it."""

    def __init__(self, asks: Sequence[Asks]) -> None:
        """Begin with nothing known."""
        self.taken = 0
        self._asks = asks
        self._patterns: list[Pattern] = []
        self._usable: frozenset[Pattern] = frozenset()
        self._search: Prefilter | None = None
        self._rows = 0
        self._held: Counter[Pattern] = Counter()
        self._met: dict[Pattern, float] = {}

    def take(self, rows: Rows) -> None:
        """Sample a block."""
        if self._search is None:
            self._patterns, self._search = _usable(_all_patterns(self._asks))
            self._usable = frozenset(self._patterns)
        for part in range(_PARTS):
            low = int(rows.starts[part * len(rows.starts) // _PARTS])
            self._count(self._search, rows, low, min(low + _BYTES // _PARTS, len(rows.data)))
        self.taken += 1

    def meet(self, found: Mapping[Pattern, int], rows: int) -> None:
        """Learn in how many of all `rows` some patterns were found."""
        for pattern, times in found.items():
            self._met[pattern] = max(times / max(rows, 1), self._met.get(pattern, 0.0))

    def cost(self, pattern: Pattern) -> float:
        """What a pattern lets pass; what is in no sample is not free: the longer, the rarer."""
        if pattern not in self._usable:
            return _NEVER
        return self._rows_with(pattern) + self._rows * _UNLIKELY ** -letters(pattern)

    def is_usable(self, clause: Clause) -> bool:
        """Whether all of it can be searched for."""
        return clause <= self._usable

    def is_common(self, clause: Clause) -> bool:
        """Whether it passes too many rows to read them all."""
        return sum(map(self._rows_with, clause)) > COMMON * self._rows

    def share(self, patterns: Sequence[Pattern]) -> float:
        """The share of rows that at most hold one of these."""
        return sum(map(self._rows_with, patterns)) / max(self._rows, 1)

    def _rows_with(self, pattern: Pattern) -> float:
        """Of so many rows as were sampled, those that hold a pattern, as far as is known."""
        return max(self._held[pattern], self._met.get(pattern, 0.0) * self._rows)

    def _count(self, search: Prefilter, rows: Rows, low: int, high: int) -> None:
        self._rows += int(np.diff(np.searchsorted(rows.starts, (low, high)))[0])
        size = len(self._patterns)
        if not size:
            return
        which, at = search.search(rows.data[low:high])
        pairs: NDArray[np.int64] = np.unique(rows.lines_of(at + low) * size + which)
        held = np.bincount(pairs % size, minlength=size)
        for place in np.flatnonzero(held).tolist():
            self._held[self._patterns[place]] += int(held[place])


def _all_patterns(asks: Sequence[Asks]) -> list[Pattern]:
    """Every pattern that some clause may be made of."""
    wanted: dict[Pattern, None] = {}

    def free(pattern: Pattern) -> float:
        wanted[pattern] = None
        return 0.0

    for one in asks:
        choose(one.need, free)
    return list(wanted)


def _usable(patterns: list[Pattern]) -> tuple[list[Pattern], Prefilter]:
    """Those that Hyperscan takes, and all of them compiled."""
    try:
        return patterns, Prefilter(patterns)
    except hyperscan.HyperscanError:
        usable = [one for one in patterns if _compiles(one)]
        return usable, Prefilter(usable)


def _compiles(pattern: Pattern) -> bool:
    try:
        Prefilter([pattern])
    except hyperscan.HyperscanError:
        return False
    return True
