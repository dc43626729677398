"""Work out all correlations, once every row is known.

    rows by rule -> for each correlation, inner ones first: groups -> windows -> firings

What a firing means for other correlations depends on what they ask. One that counts sees each
firing once, at the row with which it became true. One that asks what came together sees every row
at which the condition was true: that a flood went on must not hide what happened in its midst.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tocsin.matching.sigma.correlation.amounts import measuring
from tocsin.matching.sigma.correlation.counts import counting
from tocsin.matching.sigma.correlation.firing import Firing, firing_of
from tocsin.matching.sigma.correlation.hits import HITS_PER_RULE, IN_ORDER, Hit, Stretch
from tocsin.matching.sigma.correlation.rule import Type
from tocsin.matching.sigma.correlation.together import together
from tocsin.matching.sigma.correlation.windows import moments, turn, windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tocsin.matching.sigma.correlation.hits import Hits
    from tocsin.matching.sigma.correlation.link import Step
    from tocsin.matching.sigma.correlation.measure import Measure

FIRINGS_PER_RULE = 10_000
"""Firings of one correlation that are kept; the rest are counted."""
_MICROSECONDS = 1_000_000


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What all correlations found, and what they could not look at.

    `firings` stand in the order of time; `counts` counts all of them by rule. `without_group`
    counts rows that lack a field to group by, `without_value` rows in which the field that is
    measured is missing or no number, both by correlation. `not_kept` and `without_time` count rows
    by rule, as `Hits` does; `not_kept` also the moments of a correlation beyond the limit.
    `silent` are those that only serve others.
    """

    firings: list[Firing] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    without_group: Counter[str] = field(default_factory=Counter)
    without_value: Counter[str] = field(default_factory=Counter)
    without_time: Counter[str] = field(default_factory=Counter)
    not_kept: Counter[str] = field(default_factory=Counter)
    silent: frozenset[str] = frozenset()

    @property
    def speaking(self) -> list[Firing]:
        """The firings of correlations that speak for themselves."""
        return [one for one in self.firings if one.rule not in self.silent]

    def limits(self) -> list[str]:
        """What was not correlated, in sentences for the report."""
        told = (
            (self.without_time, "without a time could not be correlated"),
            (self.without_group, "without a field to group by could not be correlated"),
            (self.without_value, "without a value could not be measured"),
            (self.not_kept, "beyond what is kept could not be correlated"),
        )
        return [
            f"{rule}: {number} {'row' if number == 1 else 'rows'} {what}."
            for counts, what in told
            for rule, number in sorted(counts.items())
        ]


def correlate(hits: Hits) -> Outcome:
    """All firings on `hits`, whose plan says what is asked. Does not depend on their order."""
    outcome = Outcome(
        without_time=Counter(hits.without_time),
        not_kept=Counter(hits.not_kept),
        silent=hits.plan.silent,
    )
    rows: dict[str, list[Hit]] = hits.by_rule()
    fired: dict[str, list[Hit]] = {}
    held: dict[str, list[Hit]] = {}
    asked_together = {
        base for step in hits.plan.steps if step.about.type.is_temporal for base in step.bases
    }
    asked = {base for step in hits.plan.steps for base in step.bases}
    for step in hits.plan.steps:
        inner = held if step.about.type.is_temporal else fired
        found = {base: rows.get(base) or inner.get(base, []) for base in step.bases}
        work = _Work(step, outcome)
        for group in _groups(step, found, outcome):
            work.look_at(group, moments_too=step.id in asked_together)
        if step.id in asked:
            fired[step.id] = sorted(work.fired, key=IN_ORDER)
            held[step.id] = sorted(work.held, key=IN_ORDER)
    outcome.firings.sort(key=lambda one: (one.time, one.first, one.rule, one.group))
    return outcome


def _groups(
    step: Step, found: Mapping[str, Sequence[Hit]], outcome: Outcome
) -> Iterable[list[Hit]]:
    """The rows of `step` by what it groups by, each group in the order of time."""
    groups: dict[tuple[str, ...], list[Hit]] = {}
    for base, places in zip(step.bases, step.group, strict=True):
        for hit in found[base]:
            values = [hit.values[place] for place in places]
            key = tuple([value.casefold() for value in values if value is not None])
            if len(key) < len(places):
                outcome.without_group[step.id] += 1
                continue
            groups.setdefault(key, []).append(hit)
    for group in groups.values():
        if len(step.bases) > 1:
            group.sort(key=IN_ORDER)
            if not step.about.type.is_temporal:
                yield list(_each_row_once(group))
                continue
        yield group


def _each_row_once(group: Iterable[Hit]) -> Iterator[Hit]:
    """A row that two rules matched is one row, where rows are counted and not rules."""
    before: tuple[object, ...] = ()
    for hit in group:
        row = (*hit[:3], hit.rule if hit.inside else "")
        if row != before:
            yield hit
        before = row


def _measure(step: Step, group: Sequence[Hit]) -> Measure:
    if step.about.type.is_temporal:
        return together(step, group)
    if step.about.type in (Type.EVENT_COUNT, Type.VALUE_COUNT):
        return counting(step, group)
    return measuring(step, group)


class _Work:
    """One correlation, group by group."""

    def __init__(self, step: Step, outcome: Outcome) -> None:
        self.fired: list[Hit] = []
        self.held: list[Hit] = []
        self._step = step
        self._outcome = outcome
        self._timespan = step.about.timespan_s * _MICROSECONDS
        self._bases = {base: place for place, base in enumerate(step.bases)}

    def look_at(self, group: list[Hit], *, moments_too: bool) -> None:
        """Find the firings in one group; and the moments, if somebody asks for them."""
        step, outcome = self._step, self._outcome
        times = [hit.time_us for hit in group]
        measure, second = _measure(step, group), _measure(step, group)
        if measure.unread:
            outcome.without_value[step.id] += measure.unread
        for start, end in windows(times, self._timespan, measure):
            outcome.counts[step.id] += 1
            at = turn(start, end, second)
            self.fired.append(self._derived(group, start, end, at))
            if not measure.growing:
                self.held.append(self.fired[-1])
            if outcome.counts[step.id] <= FIRINGS_PER_RULE:
                outcome.firings.append(
                    firing_of(
                        step.id,
                        group[start:end],
                        at=at - start,
                        group=self._named(group[at]),
                        measured=measure.told(),
                    )
                )
        if not moments_too or not measure.growing:
            return
        for start, end in moments(times, self._timespan, _measure(step, group)):
            if len(self.held) < HITS_PER_RULE:
                self.held.append(self._derived(group, start, end, end - 1))
            else:
                outcome.not_kept[step.id] += 1

    def _derived(self, group: list[Hit], start: int, end: int, at: int) -> Hit:
        """What other correlations see: the row at which it became true, standing for all."""
        row = group[at]
        places = self._step.passed[self._bases[row.rule]]
        return Hit(
            time_us=row.time_us,
            origin=row.origin,
            place=row.place,
            rule=self._step.id,
            values=tuple([row.values[place] for place in places]),
            damaged=row.damaged,
            inside=Stretch(group, start, end),
        )

    def _named(self, row: Hit) -> list[tuple[str, str]]:
        """The group's fields, as `row` writes them."""
        places = self._step.group[self._bases[row.rule]]
        return [
            (name, row.values[place] or "")
            for name, place in zip(self._step.about.group_by, places, strict=True)
        ]
