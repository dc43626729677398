"""Fields that are packed into one column, found in bulk; see `tocsin.events.composite`.

Nobody needs their values here, only what decides them: texts that differ where the values do.
Mostly that is what stands between ``;S:BLD=`` and the next ``;``. Where a row is not so simple,
the whole column is what decides.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Places: TypeAlias = NDArray[np.int64]

_ITEM = re.compile(rb"[A-Za-z]\w{0,7}:[^=;]{1,128}=")
"""As `tocsin.events.composite` has it; here of ASCII alone."""
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
    at = _found(data, sign)
    row = np.searchsorted(begins, at, side="right") - 1
    within = (row >= 0) & (at < ends[row])
    at, row = at[within], row[within]
    times = np.bincount(row, minlength=len(begins))
    # An item in quotes may read otherwise than it stands.
    quotes = np.flatnonzero(codes == _QUOTE)
    of = np.searchsorted(begins, quotes, side="right") - 1
    unsure = times > 1
    unsure[of[(of >= 0) & (quotes < ends[of])]] = True
    low, high = begins.copy(), begins.copy()
    before = at - 2
    simple = (codes[at - 1] == _TYPE) & ((before < begins[row]) | (codes[before] == _END))
    unsure[row[~simple]] = True
    for place, number in zip(at.tolist(), row.tolist(), strict=True):
        if unsure[number]:
            continue
        start, end = place + len(sign), int(ends[number])
        border = data.find(b";", start, end)
        low[number] = start
        high[number] = border if border >= 0 else end
        if 0 <= border < end - 1:
            behind = _ITEM.match(data, border + 1, end)
            unsure[number] = behind is None
    return np.where(unsure, begins, low), np.where(unsure, ends, high)


def _found(data: bytes, sign: bytes) -> Places:
    found: list[int] = []
    at = data.find(sign)
    while at >= 0:
        found.append(at)
        at = data.find(sign, at + 1)
    return np.array(found, np.int64)
