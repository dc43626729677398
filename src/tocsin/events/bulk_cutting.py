"""Which lines of a block are plain rows, and where their values end: worked out with arrays.

A line is *plain* where bytes tell its values as the line reader does. So it may have

* as many values as the header names. Of a log whose last column is free text (`Shape.tail`), the
  separators behind the last but one belong to that column;
* quotes around whole values, doubled inside. A separator between them is none. A quote anywhere
  else makes a line for the line reader;
* letters beyond ASCII, where the reader says so (`Shape.beyond_ascii`), the block is UTF-8 and no
  letter of the line may be taken for an ASCII one: folding makes ``ss`` of ``ß``. Whoever searches
  the bytes for ASCII without case then finds what a folded comparison finds.

Values of plain lines are equal where their bytes are, between the quotes around them: one that has
none around it has none inside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Places: TypeAlias = NDArray[np.int64]
    Flags: TypeAlias = NDArray[np.bool_]

QUOTE = b'"'[0]
_SUSPECTS = 8
"""Different letters of a block that may be taken for ASCII; with more, all such lines are odd."""


class Shape(NamedTuple):
    """How the values of a log stand in its lines, between `separator`.

    `items` names a column with fields of its own, see `tocsin.events.composite`.
    """

    separator: bytes
    has_quotes: bool = False
    tail: bool = False
    beyond_ascii: bool = False
    items: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of a log: the bytes, where each line starts and ends, and where its LF is.

    `marks` are the places of separators and LFs, and `feeds_at` the places of the LFs in `marks`.
    """

    data: bytes
    codes: NDArray[np.uint8]
    starts: Places
    ends: Places
    feeds: Places
    marks: Places
    feeds_at: Places


class Cuts(NamedTuple):
    """The plain lines: their indexes, where their values end (the last at the LF), their quotes.

    `quotes` are numbers for each of them; None where none has any.
    """

    plain: Places
    cuts: Places
    quotes: Places | None


def cut(block: Block, width: int, shape: Shape) -> Cuts:
    """Cut lines under a header of so many columns."""
    good = _letters(block, shape)
    quotes: Places | None = None
    firsts = block.feeds
    if shape.has_quotes and b'"' in block.data:
        quotes, firsts, fine, block = _unquoted(block, shape)
        good &= fine
    counts = np.diff(block.feeds_at, prepend=-1)
    fits = counts == width
    if shape.tail:
        fits = _with_tail(block, counts, width, firsts)
    good &= fits
    if good.all() and not shape.tail:
        return Cuts(np.arange(len(good)), block.marks.reshape(-1, width), quotes)
    plain = np.flatnonzero(good)
    at = block.feeds_at[plain] - counts[plain] + 1
    cuts = block.marks[at[:, None] + np.arange(width)]
    cuts[:, -1] = block.feeds[plain]
    return Cuts(plain, cuts, None if quotes is None else quotes[plain])


def places_of(sign: bytes, data: bytes) -> Places:
    """Where some bytes stand in others, in order."""
    found: list[int] = []
    at = data.find(sign)
    while at >= 0:
        found.append(at)
        at = data.find(sign, at + 1)
    return np.array(found, np.int64)


def _with_tail(block: Block, counts: Places, width: int, firsts: Places) -> Flags:
    """Lines whose last column takes what is left: all of it in quotes, or no quote at all.

    `firsts` is where the first quote of each line stands, or its LF.
    """
    if width < 2:
        return np.zeros(len(counts), np.bool_)
    enough = counts >= width
    at = np.where(enough, block.feeds_at - counts + width - 1, 0)
    begins = block.marks[at] + 1
    fits: Flags = enough & ((firsts == block.feeds) | ((counts == width) & (firsts == begins)))
    return fits


def _unquoted(block: Block, shape: Shape) -> tuple[Places, Places, Flags, Block]:
    """How many quotes each line has, where the first is, whether they stand around values.

    The block has no marks inside quotes any more.
    """
    at = np.flatnonzero(block.codes == QUOTE)
    line = np.searchsorted(block.feeds, at)
    quotes = np.bincount(line, minlength=len(block.feeds))
    firsts = block.feeds.copy()
    firsts[line[::-1]] = at[::-1]
    fine = quotes % 2 == 0
    paired = fine[line]
    opens, closes, line = at[paired][::2], at[paired][1::2], line[paired][::2]
    separator, codes = shape.separator[0], block.codes
    # One that ends beside one that begins: both are one quote inside a value.
    before, behind = codes[opens - 1], codes[closes + 1]
    around = (before == separator) | (before == QUOTE)
    around &= (behind == separator) | (behind == QUOTE) | (closes + 1 == block.ends[line])
    fine[line[~around]] = False
    sure = fine[line]
    low = np.searchsorted(block.marks, opens[sure])
    high = np.searchsorted(block.marks, closes[sure])
    holds = low < high
    if holds.any():
        # Pairs that hold marks do not overlap, so no place is used twice, but as end and start.
        change = np.zeros(len(block.marks) + 1, np.int8)
        np.add.at(change, low[holds], 1)
        np.add.at(change, high[holds], -1)
        inside = np.cumsum(change[:-1], dtype=np.int8).view(np.bool_)
        feeds_at = block.feeds_at - np.cumsum(inside)[block.feeds_at]
        block = replace(block, marks=block.marks[~inside], feeds_at=feeds_at)
    return quotes, firsts, fine, block


def _letters(block: Block, shape: Shape) -> Flags:
    """Lines without NUL, and without letters that may be taken for others."""
    good = np.ones(len(block.feeds), np.bool_)
    signed = block.codes.view(np.int8)
    if signed.min(initial=1) > 0:
        return good
    bad = np.flatnonzero(signed <= 0)
    if shape.beyond_ascii and (suspects := _suspects(block, signed)) is not None:
        found = (places_of(letter.encode("utf-8"), block.data) for letter in suspects)
        bad = np.concatenate([np.flatnonzero(signed == 0), *found])
    good[np.searchsorted(block.feeds, bad)] = False
    return good


def _suspects(block: Block, signed: NDArray[np.int8]) -> list[str] | None:
    """The letters of a block that may be taken for ASCII; None where nothing is sure."""
    try:
        block.data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    beyond = block.codes[signed < 0].tobytes().decode("utf-8")
    letters = [one for one in sorted(set(beyond)) if _may_be_ascii(one)]
    return letters if len(letters) <= _SUSPECTS else None


@lru_cache(maxsize=4096)
def _may_be_ascii(letter: str) -> bool:
    """Whether some way to compare texts, or to read numbers, takes a letter for an ASCII one."""
    others = letter.casefold() + letter.lower() + letter.upper()
    return letter.isdecimal() or any(one.isascii() for one in others)
