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
_WIDTHS = (8, 16, 32, 64)
"""Bytes that are taken at once from each row: so many cost hardly more than eight."""


def hashes(rows: Rows, columns: Sequence[str]) -> NDArray[np.uint64]:
    """One number for the values of `columns` in each plain row.

    Equal values give equal numbers. A column that is not there counts as empty. Rows that differ
    and have the same number are taken for the same, and one of them may be lost. So it must not be
    possible to make such values: whichever two somebody picks, their numbers are the same with a
    chance below 2**-50, as long as the secrets of this process are not known (see `_hidden`).
    """
    found = np.full(len(rows.plain), _secret("all", "second", 0), np.uint64)
    for place, name in enumerate(columns):
        found += _hidden(_of_column(rows, name).copy(), "column", place)
    return found


def _hidden(words: NDArray[np.uint64], use: str, place: int) -> NDArray[np.uint64]:
    """One word for each row, as numbers of which nobody can tell the difference; overwrites it.

    A word is multiplied by an odd secret, its bytes are turned round, and it is multiplied by
    another odd secret; what belongs together is added up. Multiplying alone would not do: modulo
    2**64 a difference of 2**63 stays 2**63 whatever the odd factor, and two of them cancel. Turned
    round, the highest bits are the lowest, which reach all others.

    For two rows that differ in a word by d, let D be the difference after turning. Whatever is
    added, the sums are equal for at most one in 2**(63-v) of the second secrets, where 2**v is the
    highest power of 2 in D. And 2**(8*k) is in it only where the highest k bytes of both products
    are the same, so where the first secret times d comes within 2**(64-8*k) of 0: for about one in
    2**(8*k-1) of them. Over all k this makes less than 2**-50.
    """
    words *= _secret(use, "first", place)
    words.byteswap(inplace=True)
    words *= _secret(use, "second", place)
    return words


def _of_column(rows: Rows, name: str) -> NDArray[np.uint64]:
    """The same for one column; kept with the rows, because several ask for it."""
    known = rows.kept.get(name)
    if known is None:
        known = np.zeros(len(rows.plain), np.uint64)
        for number, (begins, ends) in enumerate(rows.deciding(name)):
            found = _of_values(rows.padded(), begins, ends - begins)
            known += _hidden(found, "item", number) if number else found
        rows.kept[name] = known
    return known


def _of_values(padded: NDArray[np.uint8], begins: Places, lengths: Places) -> NDArray[np.uint64]:
    """What is made of each word of eight bytes as in `_hidden`, and of the length, added up."""
    found = lengths.astype(np.uint64) * _secret("length", "second", 0)
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
        first, second = _secrets(at, width)
        cells *= first
        cells.byteswap(inplace=True)
        found[some] += cells @ second
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
def _secrets(at: int, width: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    words = range(at // 8, (at + width) // 8)
    first, second = (
        np.array([_secret("word", step, one) for one in words], np.uint64)
        for step in ("first", "second")
    )
    return first, second


@lru_cache(maxsize=4096)
def _secret(use: str, step: str, place: int) -> np.uint64:
    """An odd number that nobody can tell outside this process.

    Python's hash of a text is made with a key that is new for each process, in a way that does not
    tell it (SipHash), unless the environment fixes it. Source: PEP 456, 2013.
    """
    return np.uint64((hash(f"{__name__} {use} {step} {place}") | 1) & (2**64 - 1))


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
            keys += _hidden(signs.copy(), "signs", 0)
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
