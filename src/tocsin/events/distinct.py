"""The different values of some columns, over all rows that are read in bulk.

Logs say the same again and again. Whoever asks only about some columns needs to look at each
combination of their values once, and to know how often it comes.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tocsin.events.bulk import Places, Rows

MOST = 100_000
"""Combinations that are told apart at a time; then `Distinct` is full, and begins anew."""

_BITS = 16
_SHIFT = np.uint64(64 - _BITS)
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_STIR = np.uint64(29)
_FOLD = np.uint64(32)
_SEED = hash(__name__) & (2**64 - 1)
"""Python's own hash of a text has a secret in it that is new for each process."""
_WIDTHS = (8, 16, 32, 64)
"""Bytes that are taken at once from each row: so many cost hardly more than eight."""


def hashes(rows: Rows, columns: Sequence[str]) -> NDArray[np.uint64]:
    """One number for the values of `columns` in each plain row.

    Equal values give equal numbers. A column that is not there counts as empty. Different values
    give different numbers but for a chance of one in 2**64 for each pair; nobody can make two
    values that collide without knowing this process's `_SEED`.
    """
    found = np.full(len(rows.plain), _SEED, np.uint64)
    for name in columns:
        found ^= _of_column(rows, name)
        found *= _FACTOR
        found ^= found >> _STIR
    return found


def _of_column(rows: Rows, name: str) -> NDArray[np.uint64]:
    """The same for one column; kept with the rows, because several ask for it."""
    known = rows.kept.get(name)
    if known is None:
        place = rows.column(name)
        if place is None:
            known = np.zeros(len(rows.plain), np.uint64)
        else:
            known = _of_values(rows.padded(), place[0], place[1] - place[0])
        rows.kept[name] = known
    return known


def _of_values(padded: NDArray[np.uint8], begins: Places, lengths: Places) -> NDArray[np.uint64]:
    """A secret number for each word of eight bytes, times the word, all added up."""
    found = lengths.astype(np.uint64) * _secret(0)
    longest = int(lengths.max(initial=0))
    width = next((one for one in _WIDTHS if one >= longest), _WIDTHS[-1])
    if width > _WIDTHS[0] and np.count_nonzero(lengths > width // 2) < len(lengths) // 4:
        # A few long values are not worth twice the work for all others.
        width //= 2
    taken = np.ndarray((len(padded) - width + 1,), f"V{width}", padded, strides=(1,))
    for at in range(0, longest, width):
        some = np.flatnonzero(lengths > at) if at else slice(None)
        left = lengths[some] - at
        cells = taken[begins[some] + at].view("<u8").reshape(-1, width // 8)
        cells &= _kept(width).take(np.minimum(left, width), axis=0)
        cells ^= cells >> _FOLD
        cells *= _FACTOR
        cells ^= cells >> _STIR
        found[some] += cells @ _secrets(at, width)
    return found


@cache
def _kept(width: int) -> NDArray[np.uint64]:
    """By the length of what is left of a value: what of each word belongs to it."""
    words = range(0, width, 8)
    return np.array(
        [
            [(1 << 8 * min(max(left - word, 0), 8)) - 1 for word in words]
            for left in range(width + 1)
        ],
        np.uint64,
    )


@lru_cache(maxsize=4096)
def _secrets(at: int, width: int) -> NDArray[np.uint64]:
    return np.array([_secret(1 + at // 8 + word) for word in range(width // 8)], np.uint64)


def _secret(place: int) -> np.uint64:
    """An odd number that nobody can tell outside this process."""
    return np.uint64((hash((_SEED, place)) | 1) & (2**64 - 1))


class Distinct:
    """Numbers the combinations of values of some columns, from 0, in the order of meeting them."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._numbers: dict[int, int] = {}
        self._hashes = np.zeros(1 << _BITS, np.uint64)
        self._ids = np.zeros(1 << _BITS, np.int64)

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def is_full(self) -> bool:
        """Whether its owner must take note of everything and `forget`."""
        return len(self._numbers) >= MOST

    def forget(self) -> None:
        """Begin anew at 0."""
        self._numbers.clear()
        self._hashes[:] = 0

    def number(
        self,
        rows: Rows,
        which: Places | None = None,
        signs: NDArray[np.uint64] | None = None,
    ) -> tuple[Places, list[int]]:
        """The number of each plain row's combination, and one row for each new number.

        With `which`, only of those plain rows; the second list then points into it. `signs` are
        one more value for each plain row that tells rows apart.
        """
        keys = hashes(rows, self.columns)
        if signs is not None:
            keys ^= signs
            keys *= _FACTOR
            keys ^= keys >> _STIR
        if which is not None:
            keys = keys[which]
        slots = (keys >> _SHIFT).astype(np.int64)
        ids = self._ids.take(slots)
        missed = np.flatnonzero(self._hashes.take(slots) != keys)
        fresh: list[int] = []
        if len(missed):
            different, first, inverse = np.unique(
                keys[missed], return_index=True, return_inverse=True
            )
            numbers = np.empty(len(different), np.int64)
            for at in np.argsort(first).tolist():
                key = int(different[at])
                known = self._numbers.get(key)
                if known is None:
                    known = self._numbers[key] = len(self._numbers)
                    fresh.append(int(missed[first[at]]))
                numbers[at] = known
            ids[missed] = numbers[inverse]
            into = (different >> _SHIFT).astype(np.int64)
            self._hashes[into] = different
            self._ids[into] = numbers
        return ids, fresh
