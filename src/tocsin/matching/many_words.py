"""Very many plain words searched for in one pass over bytes.

Hyperscan keeps some kilobytes for each word (1.7 million took 4 GiB and more than ten minutes to
compile), so a long list is searched for otherwise: eight bytes of each word, the rarest in the
list, stand in a sorted table. All stretches of eight bytes of the data are looked up there at
once, and where one is known the whole word is compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from tocsin.matching.prefilter import Prefilter
from tocsin.matching.sigma.literals import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.uint64]
    Places = NDArray[np.int64]

FEW = 10_000
"""Words up to which Hyperscan is used, which searches ten times as fast. To compile so many takes
it 0.7 s of CPU, 100,000 take 20 s and 200,000 take 132 s (here 1 s)."""
_BYTES = 8
_STEP = 2**17
"""Stretches of data looked up at once: they and their marks stay in the processor's cache."""
_WORDS_AT_ONCE = 50_000
_COUNTER_BITS = 22
_FEWEST_MARK_BITS, _MOST_MARK_BITS = 20, 27
_MARKS_PER_WORD = 64
_MIX = np.uint64(0x9E3779B97F4A7C15)
"""An odd number with bits all over: what is multiplied by it is spread over the high bits."""
_EIGHT_BYTES = np.dtype("<u8")


class WordSearch(Protocol):
    """Whatever finds words, or patterns, by their places in a sequence."""

    def search(self, data: bytes) -> tuple[Places, Places]:
        """Which are found, and for each the offset of its last byte, in the order of these."""


def word_search(words: Sequence[bytes]) -> WordSearch:
    """Whoever finds these words, of lower-case ASCII, in any case."""
    if len(words) > FEW:
        return ManyWords(words)
    return Prefilter([literal(word.decode()) for word in words])


class ManyWords:
    """Words of lower-case ASCII, found in any case. About 40 bytes for each of eight or more."""

    def __init__(self, words: Sequence[bytes]) -> None:
        """Take `words`, each once."""
        self._words = words
        lengths = np.fromiter(map(len, words), np.int64, len(words))
        self._short = np.flatnonzero(lengths < _BYTES)
        self._few = Prefilter([literal(words[one].decode()) for one in self._short.tolist()])
        of_words = np.flatnonzero(lengths >= _BYTES)
        offsets, keys = _rarest(words, of_words)
        order = np.argsort(keys, kind="stable")
        self._of_words = of_words[order]
        self._offsets = offsets[order]
        self._keys, self._begins = np.unique(keys[order], return_index=True)
        self._begins = np.append(self._begins, len(order))
        bits = int(_MARKS_PER_WORD * max(len(keys), 1)).bit_length()
        self._bits = min(max(bits, _FEWEST_MARK_BITS), _MOST_MARK_BITS)
        self._marks = np.zeros(2 ** (self._bits - 3), np.uint8)
        spread = _spread(self._keys, self._bits)
        np.bitwise_or.at(self._marks, spread >> 3, _bit(spread))
        self._shapes: dict[int, dict[tuple[int, int], dict[bytes, int]]] = {}

    def search(self, data: bytes) -> tuple[Places, Places]:
        """The words that are found, and for each the offset of the last byte of where."""
        numbers, places = self._few.search(data)
        found = list(zip(places.tolist(), self._short[numbers].tolist(), strict=True))
        lower = data.lower()
        for at, key in self._known(lower):
            for (offset, length), words in self._shapes_of(key).items():
                begin = at - offset
                if begin >= 0 and (word := words.get(lower[begin : begin + length])) is not None:
                    found.append((begin + length - 1, word))
        pairs = np.array(sorted(found), np.int64).reshape(-1, 2)
        return pairs[:, 1], pairs[:, 0]

    def _known(self, lower: bytes) -> Iterator[tuple[int, int]]:
        """Where eight bytes of words stand, and the place of these among the keys."""
        for shift in range(min(_BYTES, max(len(lower) - _BYTES + 1, 0))):
            whole = np.frombuffer(lower, _EIGHT_BYTES, (len(lower) - shift) // _BYTES, shift)
            for first in range(0, len(whole), _STEP):
                part = whole[first : first + _STEP]
                spread = _spread(part, self._bits)
                marked = np.flatnonzero(self._marks[spread >> 3] & _bit(spread))
                keys = np.searchsorted(self._keys, part[marked])
                known = np.append(self._keys, np.uint64(0))[keys] == part[marked]
                at = (marked[known] + first) * _BYTES + shift
                yield from zip(at.tolist(), keys[known].tolist(), strict=True)

    def _shapes_of(self, key: int) -> dict[tuple[int, int], dict[bytes, int]]:
        """The words with these eight bytes, by where they stand in them and how long they are."""
        known = self._shapes.get(key)
        if known is None:
            known = self._shapes[key] = {}
            for place in range(self._begins[key], self._begins[key + 1]):
                word = int(self._of_words[place])
                text = self._words[word]
                shape = (int(self._offsets[place]), len(text))
                known.setdefault(shape, {})[text] = word
        return known


def _rarest(words: Sequence[bytes], which: Places) -> tuple[Places, Numbers]:
    """For each of these words, where in it the eight bytes stand that the fewest have, and they.

    What begins thousands of names, or ends them, would be found in every row.
    """
    counts = np.zeros(2**_COUNTER_BITS, np.int64)
    for _, _, keys, inside in _stretches(words, which):
        spread = _spread(keys[inside], _COUNTER_BITS)
        counts += np.bincount(spread.astype(np.int64), minlength=len(counts))
    offsets, chosen = [np.zeros(0, np.int64)], [np.zeros(0, np.uint64)]
    for starts, size, keys, inside in _stretches(words, which):
        cost = np.full(size, np.iinfo(np.int64).max)
        cost[inside] = counts[_spread(keys[inside], _COUNTER_BITS)] * size + inside
        best = np.minimum.reduceat(cost, starts) % size
        offsets.append(best - starts)
        chosen.append(keys[best])
    return np.concatenate(offsets), np.concatenate(chosen)


def _stretches(
    words: Sequence[bytes], which: Places
) -> Iterator[tuple[Places, int, Numbers, Places]]:
    """Words in a row: where each begins, their bytes, all eight bytes, and those in one word."""
    for first in range(0, len(which), _WORDS_AT_ONCE):
        some = [words[one] for one in which[first : first + _WORDS_AT_ONCE].tolist()]
        text = np.frombuffer(b"".join(some), np.uint8)
        ends = np.cumsum(np.fromiter(map(len, some), np.int64, len(some)))
        views = np.lib.stride_tricks.sliding_window_view(text, _BYTES)
        keys = np.ascontiguousarray(views).view(_EIGHT_BYTES).ravel()
        crossing = (ends[:-1, None] - np.arange(1, _BYTES)).ravel()
        inside = np.delete(np.arange(len(keys)), crossing)
        yield np.append(0, ends[:-1]), len(text), keys, inside


def _spread(keys: Numbers, bits: int) -> Numbers:
    """Each as a number of so many bits, equal for equal ones; it may overflow, on purpose."""
    return (keys * _MIX) >> np.uint64(64 - bits)


def _bit(spread: Numbers) -> NDArray[np.uint8]:
    return np.left_shift(np.uint8(1), (spread & np.uint64(7)).astype(np.uint8))
