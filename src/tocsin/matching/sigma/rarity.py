"""How rare a text is in rows like those that were seen, guessed from three letters at a time.

Counting thousands of texts in a sample costs more than it saves; this costs a microsecond for
each. A guess may be wrong: it decides what is searched for, and never what is found.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tocsin.matching.sigma.literals import Pattern

MOST = 255
"""Rows that can be counted."""
_PLACES = 2**16
_FIRST, _SECOND = 40503, 2654
"""They spread three bytes over the places; two groups that share one look more common."""
_SMALL = 2**-6
"""Of texts that no row holds the longer one is taken; many of them are still no row."""
_EDGE = b"[\\n]"
_NUMBER = re.compile(rb"\(\?:\^\|\[\^0-9\]\)0\*([0-9]+)\[\^0-9\]")
_HEXADECIMAL = re.compile(rb"\\x([0-9a-f]{2})")


class Rarity:
    """Counts, for each three letters, in how many rows they stand. Takes 64 KiB."""

    def __init__(self) -> None:
        self.rows = 0
        self._counts = np.zeros(_PLACES, np.uint8)

    def add(self, row: bytes) -> None:
        """Take a row; its values stand between LFs. What comes after `MOST` rows is left out."""
        if self.rows < MOST:
            codes = np.frombuffer(row.lower(), np.uint8).astype(np.uint32)
            groups = codes[:-2] * np.uint32(_FIRST) + codes[1:-1] * np.uint32(_SECOND) + codes[2:]
            present = np.zeros(_PLACES, np.bool_)
            present[groups & np.uint32(_PLACES - 1)] = True
            self._counts += present
            self.rows += 1

    def guess(self) -> Guess:
        """What is known so far."""
        return Guess(self._counts.tobytes(), self.rows)


class Guess:
    """Says about how many rows of a sample hold a pattern."""

    def __init__(self, counts: bytes, rows: int) -> None:
        self.rows = rows
        self._counts = counts
        self._known: dict[Pattern, float] = {}

    def rows_with(self, pattern: Pattern) -> float:
        """The number of rows, and a little more for a short pattern than for a long one."""
        if pattern not in self._known:
            self._known[pattern] = self._least(_text(pattern)) + _SMALL / len(pattern)
        return self._known[pattern]

    def _least(self, text: bytes) -> int:
        least, counts = self.rows, self._counts
        for first, second, third in zip(text, text[1:], text[2:], strict=False):
            found = counts[(first * _FIRST + second * _SECOND + third) & (_PLACES - 1)]
            if found < least:
                if not found:
                    return 0
                least = found
        return least


def _text(pattern: Pattern) -> bytes:
    """What a pattern of `tocsin.matching.sigma.literals` searches for, or mostly finds."""
    if number := _NUMBER.fullmatch(pattern):
        return b"\n%b\n" % number[1]
    return _HEXADECIMAL.sub(_byte, pattern.replace(_EDGE, b"\n"))


def _byte(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode())
