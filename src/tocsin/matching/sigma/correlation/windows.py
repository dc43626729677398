"""Windows of time over the rows of one group.

A window is as long as the timespan and has both its ends: two rows that are exactly a timespan
apart are together. `windows` gives those in which a condition holds; each row is in one of them at
most. `turn` finds the row of such a window with which it became true. `moments` gives every row at
which a condition has become, or is still, true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tocsin.matching.sigma.correlation.measure import Measure


def windows(times: Sequence[int], timespan: int, measure: Measure) -> Iterator[tuple[int, int]]:
    """The windows in which `measure` holds, as places from and to (not included).

    Windows are tried in the order of time. Each begins at a row, and has all rows of the timespan
    from there, so none that another could have in addition: half a window never counts as one
    that had few rows. Where the condition holds, its rows are used up, and the next window begins
    after them. While a window is given, `measure` stands at it.
    """
    start = end = reached = 0
    total = len(times)
    while start < total:
        limit = times[start] + timespan
        while end < total and times[end] <= limit:
            measure.add(end)
            end += 1
        if end > reached:  # else it is a part of the window before
            reached = end
            if measure.holds():
                yield start, end
                for place in range(start, end):
                    measure.remove(place)
                start = end
                continue
            if end == total:
                return
        measure.remove(start)
        start += 1


def turn(start: int, end: int, measure: Measure) -> int:
    """The place of the row with which the condition becomes true, in a window where it holds.

    Where more rows could undo it, that is the last one. `measure` has an empty window, before and
    after.
    """
    if not measure.growing:
        return end - 1
    place = start
    measure.add(place)
    while place + 1 < end and not measure.holds():
        place += 1
        measure.add(place)
    for added in range(start, place + 1):
        measure.remove(added)
    return place


def moments(times: Sequence[int], timespan: int, measure: Measure) -> Iterator[tuple[int, int]]:
    """Every row at which the condition holds for the timespan that ends with it.

    Gives the places of the window from and to, where the row is the last but for the others of the
    same time. Meant for a `measure` that is growing: for it, this finds whatever `windows` does.
    """
    start = end = 0
    total = len(times)
    while end < total:
        first, now = end, times[end]
        while end < total and times[end] == now:
            measure.add(end)
            end += 1
        while times[start] < now - timespan:
            measure.remove(start)
            start += 1
        if measure.holds():
            for place in range(first, end):
                yield start, place + 1
