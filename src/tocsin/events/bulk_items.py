"""Fields that are packed into one column, found in bulk; see `tocsin.events.composite`.

Nobody needs their values here, only what decides them: texts that differ where the values do.
Mostly that is what stands from ``S:BLD=`` to the next ``;``. Where a row is not so simple, the
whole column is what decides.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from tocsin.events.bulk_cutting import places_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Places: TypeAlias = NDArray[np.int64]

_ITEM = re.compile(rb"'?[A-Za-z]\w{0,7}:[^=;]{1,128}=")
"""As `tocsin.events.composite` has it; here of ASCII alone, and perhaps in quotes."""
_PIECES = re.compile(rb"(?:(?:'(?:[^']|'')*+'(?=;)|(?!')[^;]*+);)*+")
"""Pieces with their ends; a quoted one ends at its quote."""
_LAST = re.compile(rb"'(?:[^']|'')*+'|(?!')[^;]*+")
_QUOTE, _END, _TYPE = b"'"[0], b";"[0], b"S"[0]


class Packed(NamedTuple):
    """A column with items: the block, and where the value of each row begins and ends."""

    data: bytes
    codes: NDArray[np.uint8]
    begins: Places
    ends: Places


def deciding(packed: Packed, name: str) -> tuple[Places, Places]:
    """Where the text lies that decides the item `name` of each row; empty where it has none.

    Rows that are equal there have equal items of this name, or none of them has one.
    """
    data, codes, begins, ends = packed
    sign = f":{name}=".encode()
    at = places_of(sign, data)
    row = np.searchsorted(begins, at, side="right") - 1
    within = (row >= 0) & (at < ends[row])
    at, row = at[within], row[within]
    times = np.bincount(row, minlength=len(begins))
    before = at - 2
    simple = (codes[at - 1] == _TYPE) & ((before < begins[row]) | (codes[before] == _END))
    unsure = times > 1
    unsure[row[~simple]] = True
    low, high = begins.copy(), begins.copy()
    for place, number in zip((at - 1).tolist(), row.tolist(), strict=True):
        if not unsure[number]:
            end = _end_of(data, int(begins[number]), place, int(ends[number]))
            unsure[number] = end is None
            low[number], high[number] = place, end or place
    for number in np.flatnonzero(_quoted(packed) & (times == 0)).tolist():
        unsure[number] = not _is_regular(data, int(begins[number]), int(ends[number]))
    return np.where(unsure, begins, low), np.where(unsure, ends, high)


def _end_of(data: bytes, begin: int, place: int, end: int) -> int | None:
    """The end of the item at `place` of a column; None where it is not surely one and complete."""
    pieces = _PIECES.match(data, begin, place)
    if pieces is None or pieces.end() != place:
        return None
    border = data.find(b";", place, end)
    if border < 0:
        return end
    is_last = border + 1 == end or _ITEM.match(data, border + 1, end)
    return border if is_last else None


def _is_regular(data: bytes, begin: int, end: int) -> bool:
    """Whether each quoted item of a column ends at its quote."""
    pieces = _PIECES.match(data, begin, end)
    return pieces is not None and _LAST.fullmatch(data, pieces.end(), end) is not None


def _quoted(packed: Packed) -> NDArray[np.bool_]:
    """The rows in which some item may stand in quotes, which then may read otherwise."""
    codes, begins, ends = packed.codes, packed.begins, packed.ends
    quotes = np.flatnonzero(codes == _QUOTE)
    row = np.searchsorted(begins, quotes, side="right") - 1
    starts = (row >= 0) & (quotes < ends[row])
    starts &= (codes[quotes - 1] == _END) | (quotes == begins[row])
    found = np.zeros(len(begins), np.bool_)
    found[row[starts]] = True
    return found
