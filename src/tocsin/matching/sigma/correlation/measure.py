"""What a correlation measures in a window, kept up to date as rows come in and go out.

Numbers are compared exactly, as fractions where they are no integers.
"""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

from tocsin.matching.sigma.correlation.rule import Operator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tocsin.matching.sigma.correlation.rule import Bound

COMPARE: dict[Operator, Callable[[Fraction | int, Fraction | int], bool]] = {
    Operator.LT: operator.lt,
    Operator.LTE: operator.le,
    Operator.GT: operator.gt,
    Operator.GTE: operator.ge,
    Operator.EQ: operator.eq,
    Operator.NEQ: operator.ne,
}
_MORE_IS_ENOUGH = frozenset({Operator.GT, Operator.GTE})


class Measure(Protocol):
    """One measure over the rows of one group, which are in the order of time.

    Rows are added and removed by their place in the group, both in rising order: a window only
    moves forward. `growing` says that rows that are added can only help the condition, never
    undo it. `unread` counts rows whose value is no number.
    """

    growing: bool
    unread: int

    def add(self, place: int) -> None:
        """The window takes this row in."""

    def remove(self, place: int) -> None:
        """The window lets this row go."""

    def holds(self) -> bool:
        """Whether the condition is true for the window."""

    def told(self) -> str:
        """What was measured, for people."""


def grows(bounds: Sequence[Bound]) -> bool:
    """Whether more can only help."""
    return all(one.operator in _MORE_IS_ENOUGH for one in bounds)


def fits(bounds: Sequence[Bound], unit: int = 1) -> Callable[[Fraction | int], bool]:
    """Whether a number, of which `unit` make 1, is within all of `bounds`."""
    tests = [(COMPARE[one.operator], _exact(one.number, unit)) for one in bounds]
    if len(tests) == 1:
        compare, bound = tests[0]
        return lambda number: compare(number, bound)
    return lambda number: all(compare(number, bound) for compare, bound in tests)


def _exact(number: str, unit: int) -> Fraction | int:
    """An integer where it is one, as these compare ten times as fast."""
    exact = Fraction(number) * unit
    return exact.numerator if exact.denominator == 1 else exact
