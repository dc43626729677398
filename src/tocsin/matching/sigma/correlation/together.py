"""Which rules matched in a window: all of them, some, or one after the other."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from tocsin.matching.sigma.correlation.measure import fits, grows
from tocsin.matching.sigma.correlation.rule import Type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.matching.sigma.correlation.hits import Hit
    from tocsin.matching.sigma.correlation.link import Step
    from tocsin.matching.sigma.correlation.measure import Measure
    from tocsin.matching.sigma.correlation.rule import Alternative


def together(step: Step, group: Sequence[Hit]) -> Measure:
    """The measure for ``temporal`` and ``temporal_ordered``."""
    places = {base: place for place, base in enumerate(step.bases)}
    rules = [places[hit.rule] for hit in group]
    if step.about.type is Type.TEMPORAL:
        return _Together(step, rules)
    return _InOrder(step, rules, [hit.time_us for hit in group])


class _Together:
    """Which of the rules matched, in whatever order."""

    def __init__(self, step: Step, rules: Sequence[int]) -> None:
        about = step.about
        self.growing = (
            not any(one.absent for one in about.alternatives)
            if about.alternatives
            else grows(about.bounds)
        )
        self.unread = 0
        self._rules = rules
        self._fits = fits(about.bounds)
        self._ways = about.alternatives
        self._counts = [0] * len(step.bases)
        self._present = 0

    def add(self, place: int) -> None:
        rule = self._rules[place]
        self._present += not self._counts[rule]
        self._counts[rule] += 1

    def remove(self, place: int) -> None:
        rule = self._rules[place]
        self._counts[rule] -= 1
        self._present -= not self._counts[rule]

    def holds(self) -> bool:
        if self._ways:
            return any(self._can_be(way) for way in self._ways)
        return self._fits(self._present)

    def told(self) -> str:
        return f"{self._present} of {len(self._counts)} rules"

    def _can_be(self, way: Alternative) -> bool:
        counts = self._counts
        return all(counts[rule] for rule in way.needed) and not any(
            counts[rule] for rule in way.absent
        )


class _InOrder(_Together):
    """Which of the rules matched, one after the other in the order of the correlation.

    Rows of the same time are in order: logs that write whole seconds cannot say otherwise. The
    number that is compared is that of the longest run of rules in order.
    """

    def __init__(self, step: Step, rules: Sequence[int], times: Sequence[int]) -> None:
        super().__init__(step, rules)
        self._times = times
        self._by_rule: list[list[int]] = [[] for _ in step.bases]
        for rule, time in zip(rules, times, strict=True):
            self._by_rule[rule].append(time)
        self._start = self._end = 0

    def add(self, place: int) -> None:
        if not self._present:
            self._start = place
        super().add(place)
        self._end = place + 1

    def remove(self, place: int) -> None:
        super().remove(place)
        self._start = place + 1

    def holds(self) -> bool:
        if self._ways:
            return any(self._can_be(way) and self._run(way.needed) for way in self._ways)
        if self.growing and not self._fits(self._present):
            return False
        return self._present > 0 and self._fits(self._longest())

    def told(self) -> str:
        return f"{self._present} of {len(self._counts)} rules, in order"

    def _run(self, rules: Sequence[int]) -> bool:
        """Whether all of `rules` matched one after the other."""
        time = self._times[self._start]
        for rule in rules:
            first = self._first(rule, time)
            if first is None:
                return False
            time = first
        return True

    def _longest(self) -> int:
        every = range(len(self._by_rule))
        if self._present == len(self._by_rule) and self._run(every):
            return self._present
        # The earliest time at which a run of so many rules can end.
        ends: list[int] = [self._times[self._start]]
        for rule in every:
            if not self._counts[rule]:
                continue
            for length in range(len(ends) - 1, -1, -1):
                time = self._first(rule, ends[length])
                if time is None:
                    continue
                if length + 1 == len(ends):
                    ends.append(time)
                else:
                    ends[length + 1] = min(ends[length + 1], time)
        return len(ends) - 1

    def _first(self, rule: int, time: int) -> int | None:
        """The first time in the window, at `time` or later, at which `rule` matched."""
        times = self._by_rule[rule]
        place = bisect_left(times, time)
        if place == len(times) or times[place] > self._times[self._end - 1]:
            return None
        return times[place]
