"""Numbers in a field: their sum, their average, a percentile.

Decimal numbers are counted in the smallest unit that one of them has, so that everything is exact
and no sum depends on the order of its parts.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from tocsin.matching.sigma.correlation.measure import COMPARE, fits, grows
from tocsin.matching.sigma.correlation.rule import Type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.matching.sigma.correlation.hits import Hit
    from tocsin.matching.sigma.correlation.link import Step
    from tocsin.matching.sigma.correlation.measure import Measure
    from tocsin.matching.sigma.correlation.rule import Bound

_NUMBER = re.compile(r"\s*([+-]?[0-9]{1,40})(?:\.([0-9]{1,40}))?\s*", re.ASCII)


def measuring(step: Step, group: Sequence[Hit]) -> Measure:
    """The measure for ``value_sum``, ``value_avg`` and ``value_percentile``."""
    about = step.about
    places = {base: values[0] for base, values in zip(step.bases, step.values, strict=True)}
    texts = [hit.values[places[hit.rule]] for hit in group]
    if about.type is Type.VALUE_PERCENTILE:
        return _Percentile(about.bounds, texts, Fraction(about.percentile or "50"))
    return _Total(about.bounds, texts, average=about.type is Type.VALUE_AVG)


class _Total:
    """The sum of the values, or their average; a row without a number brings none."""

    def __init__(
        self, bounds: Sequence[Bound], texts: Sequence[str | None], *, average: bool
    ) -> None:
        self._numbers, unit = _scaled(texts)
        self.unread = sum(number is None for number in self._numbers)
        self.growing = (
            not average
            and grows(bounds)
            and all(number is None or number >= 0 for number in self._numbers)
        )
        self._average = average
        self._unit = unit
        self._bounds = [(COMPARE[one.operator], Fraction(one.number) * unit) for one in bounds]
        self._sum = self._count = 0

    def add(self, place: int) -> None:
        number = self._numbers[place]
        if number is not None:
            self._sum += number
            self._count += 1

    def remove(self, place: int) -> None:
        number = self._numbers[place]
        if number is not None:
            self._sum -= number
            self._count -= 1

    def holds(self) -> bool:
        if not self._count:
            return False
        weight = self._count if self._average else 1
        return all(compare(self._sum, bound * weight) for compare, bound in self._bounds)

    def told(self) -> str:
        if self._average:
            return f"average {_text(Fraction(self._sum, self._unit * (self._count or 1)))}"
        return f"sum {_text(Fraction(self._sum, self._unit))}"


class _Percentile:
    """The value below which so many per cent of the values lie; between two, in proportion."""

    def __init__(
        self, bounds: Sequence[Bound], texts: Sequence[str | None], percentile: Fraction
    ) -> None:
        self.growing = False
        numbers, unit = _scaled(texts)
        self.unread = sum(number is None for number in numbers)
        self._sorted = sorted({number for number in numbers if number is not None})
        rank = {number: place for place, number in enumerate(self._sorted)}
        self._ranks = [None if number is None else rank[number] for number in numbers]
        share = percentile / 100
        self._share, self._parts = share.numerator, share.denominator
        self._unit = unit * self._parts
        self._fits = fits(bounds, self._unit)
        self._tree = _Ranks(len(self._sorted))

    def add(self, place: int) -> None:
        rank = self._ranks[place]
        if rank is not None:
            self._tree.change(rank, 1)

    def remove(self, place: int) -> None:
        rank = self._ranks[place]
        if rank is not None:
            self._tree.change(rank, -1)

    def holds(self) -> bool:
        return bool(self._tree.total) and self._fits(self._value())

    def told(self) -> str:
        value = Fraction(self._value() if self._tree.total else 0, self._unit)
        return f"percentile {_text(Fraction(100 * self._share, self._parts))} is {_text(value)}"

    def _value(self) -> int:
        """In whole units, of which `_unit` make 1."""
        place, part = divmod(self._share * (self._tree.total - 1), self._parts)
        low = self._sorted[self._tree.at(place)]
        if not part:
            return low * self._parts
        high = self._sorted[self._tree.at(place + 1)]
        return low * self._parts + part * (high - low)


class _Ranks:
    """How many values there are of each rank; a binary indexed tree, so that all is logarithmic.

    Source: P. Fenwick, A New Data Structure for Cumulative Frequency Tables (1994).
    """

    def __init__(self, ranks: int) -> None:
        self.total = 0
        self._sums = [0] * (ranks + 1)
        self._top = 1 << ranks.bit_length() >> 1

    def change(self, rank: int, by: int) -> None:
        self.total += by
        place = rank + 1
        while place < len(self._sums):
            self._sums[place] += by
            place += place & -place

    def at(self, number: int) -> int:
        """The rank of the value that is the `number`-th smallest, from 0."""
        place, step = 0, self._top
        while step:
            after = place + step
            if after < len(self._sums) and self._sums[after] <= number:
                place = after
                number -= self._sums[after]
            step >>= 1
        return place


def _scaled(texts: Sequence[str | None]) -> tuple[list[int | None], int]:
    """Decimal numbers (None: no number) as multiples of a unit, and how many units make 1."""
    found = [None if text is None else _NUMBER.fullmatch(text) for text in texts]
    digits = max((len(one[2] or "") for one in found if one), default=0)
    return [
        None if one is None else int(one[1] + (one[2] or "").ljust(digits, "0")) for one in found
    ], 10**digits


def _text(number: Fraction) -> str:
    if number.denominator == 1:
        return str(number)
    return f"{float(number):.2f}"
