"""Counting: how many rows, and how many different values."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tocsin.matching.sigma.correlation.measure import fits, grows
from tocsin.matching.sigma.correlation.rule import Type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.matching.sigma.correlation.hits import Hit
    from tocsin.matching.sigma.correlation.link import Step
    from tocsin.matching.sigma.correlation.measure import Measure
    from tocsin.matching.sigma.correlation.rule import Bound


def counting(step: Step, group: Sequence[Hit]) -> Measure:
    """The measure for ``event_count`` and ``value_count``."""
    if step.about.type is Type.EVENT_COUNT:
        return _EventCount(step.about.bounds)
    places = dict(zip(step.bases, step.values, strict=True))
    return _ValueCount(step.about.bounds, [_folded(hit, places[hit.rule]) for hit in group])


class _EventCount:
    """How many rows."""

    def __init__(self, bounds: Sequence[Bound]) -> None:
        self.growing = grows(bounds)
        self.unread = 0
        self._fits = fits(bounds)
        self._count = 0

    def add(self, _place: int) -> None:
        self._count += 1

    def remove(self, _place: int) -> None:
        self._count -= 1

    def holds(self) -> bool:
        return self._fits(self._count)

    def told(self) -> str:
        return ""


class _ValueCount:
    """How many different values; a row that lacks one of the fields brings none."""

    def __init__(self, bounds: Sequence[Bound], values: Sequence[tuple[str, ...] | None]) -> None:
        self.growing = grows(bounds)
        self.unread = sum(value is None for value in values)
        self._values = values
        self._fits = fits(bounds)
        self._seen: Counter[tuple[str, ...]] = Counter()

    def add(self, place: int) -> None:
        value = self._values[place]
        if value is not None:
            self._seen[value] += 1

    def remove(self, place: int) -> None:
        value = self._values[place]
        if value is not None:
            self._seen[value] -= 1
            if not self._seen[value]:
                del self._seen[value]

    def holds(self) -> bool:
        return bool(self._seen) and self._fits(len(self._seen))

    def told(self) -> str:
        return f"{len(self._seen)} different values"


def _folded(hit: Hit, places: Sequence[int]) -> tuple[str, ...] | None:
    """The values at `places`, case-folded as everywhere in Sigma; None where one is missing."""
    found = []
    for place in places:
        value = hit.values[place]
        if value is None:
            return None
        found.append(value.casefold())
    return tuple(found)
