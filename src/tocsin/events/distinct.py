"""The different values of some columns, over all rows that are read in bulk.

Logs say the same again and again. Whoever asks only about some columns needs to look at each
combination of their values once, and to know how often it comes.
"""

from __future__ import annotations

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
_SEED = np.uint64(hash(__name__) & (2**64 - 1))
"""Python's own hash of a text has a secret in it that is new for each process."""
_KEEP = np.array([(1 << (8 * size)) - 1 for size in range(9)], np.uint64)
"""Of a word of eight bytes, what belongs to a value that ends within it."""


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
        known = np.full(len(rows.plain), _SEED, np.uint64)
        place = rows.column(name)
        if place is not None:
            if "" not in rows.kept:
                rows.kept[""] = _words(rows)
            _mix(known, rows.kept[""], place[0], place[1] - place[0])
        rows.kept[name] = known
    return known


def _words(rows: Rows) -> NDArray[np.uint64]:
    """The eight bytes from each place on; the end of the block is filled up."""
    padded = np.empty(len(rows.codes) + 8, np.uint8)
    padded[: len(rows.codes)] = rows.codes
    padded[len(rows.codes) :] = 0
    return np.ndarray(shape=(len(rows.codes) + 1,), dtype="<u8", buffer=padded, strides=(1,))


def _mix(
    found: NDArray[np.uint64], words: NDArray[np.uint64], begins: Places, lengths: Places
) -> None:
    longest = int(lengths.max(initial=0))
    at = 0
    while at < longest:
        left = lengths - at
        some = left > 0
        if some.all():
            word = words[begins + at] & _KEEP.take(np.minimum(left, 8))
            found ^= word
            found *= _FACTOR
            found ^= found >> _STIR
        else:
            rest = np.flatnonzero(some)
            word = words[begins[rest] + at] & _KEEP.take(np.minimum(left[rest], 8))
            mixed = (found[rest] ^ word) * _FACTOR
            found[rest] = mixed ^ (mixed >> _STIR)
        at += 8
    found ^= lengths.astype(np.uint64)


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
