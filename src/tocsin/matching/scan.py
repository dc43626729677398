"""One pass over one artefact: every row parsed, shown to the observers, and matched."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO, Protocol

from tocsin.events.kind import kind_of
from tocsin.matching.match import Match
from tocsin.matching.sigma.correlation.hits import Hits
from tocsin.matching.sigma.correlation.link import Plan
from tocsin.matching.words import holding
from tocsin.model.problem import Problem
from tocsin.model.rule import RuleKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from tocsin.events.format import Format
    from tocsin.matching.rules import RuleSet, Seen
    from tocsin.matching.sigma.plan import Hit
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event

TEXT_LIMIT = 4096
"""Characters of a row that a citation keeps, and of each of its columns."""
MATCHES_PER_RULE = 2000
"""Rows of one rule that are kept; the rest are counted, so a flood cannot eat the memory."""


class Observer(Protocol):
    """Somebody who wants to see every row: coverage, builds, addresses."""

    def row(self, artefact: Artefact, form: Format, kind: str, event: Event) -> None:
        """One row, in file order."""

    def problem(self, kind: str, problem: Problem) -> None:
        """One place that could not be read; `kind` is that of the rows around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The stretch of time that the analyst asked for, UTC; an end may be open."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, time: datetime | None) -> bool:
        """Whether `time` lies in it. What has no time is always looked at."""
        if time is None:
            return True
        return (self.since is None or time >= self.since) and (
            self.until is None or time <= self.until
        )

    def limits(self) -> list[str]:
        """What the analyst has excluded, in words."""
        if self.since is None and self.until is None:
            return []
        since = f"{self.since:%Y-%m-%d %H:%M}" if self.since else "the beginning"
        until = f"{self.until:%Y-%m-%d %H:%M}" if self.until else "the end"
        return [f"Only rows from {since} to {until} UTC were matched, as was asked for."]


@dataclass(kw_only=True)
class Tally:
    """What all passes found: the matches that are kept, and the counts of all of them.

    Where a rule has more matches than its share, one that tells something new (another page or
    file, another source, no benign mask) takes the place of one that repeats another: whoever
    floods a rule with one decoy must not push out the row that decides. `correlated` collects the
    rows that correlations stand on.
    """

    correlated: Hits = field(default_factory=lambda: Hits(Plan()))
    counts: Counter[str] = field(default_factory=Counter)
    _kept: dict[int, Match] = field(default_factory=dict)
    _told: dict[str, set[tuple[str, bool, str]]] = field(default_factory=dict)
    _repeating: dict[str, list[int]] = field(default_factory=dict)
    _next: int = 0

    @property
    def matches(self) -> list[Match]:
        """The matches that are kept, in the order in which they were met."""
        return list(self._kept.values())

    def keep(self, match: Match) -> None:
        """Count a match, and keep it unless its rule has filled its share with as much."""
        self.counts[match.rule] += 1
        told = self._told.setdefault(match.rule, set())
        repeating = self._repeating.setdefault(match.rule, [])
        about = match.values.get("url_path") or match.values.get("file_path") or ""
        news = (match.kind, bool(match.benign), about.lower())
        if self.counts[match.rule] > MATCHES_PER_RULE:
            if news in told or not repeating:
                return
            del self._kept[repeating.pop()]
        if news in told:
            repeating.append(self._next)
        told.add(news)
        self._kept[self._next] = match
        self._next += 1


def scan(
    stream: BinaryIO,
    artefact: Artefact,
    form: Format,
    *,
    rules: RuleSet,
    period: Period,
    observers: Sequence[Observer],
    tally: Tally,
    seen: Seen,
) -> Event | None:
    """Read `artefact` once, to its end, and give its first row. Never raises on its content."""
    matcher = rules.sigma_for(form)
    first: Event | None = None
    kind = kind_of(form.name, "")
    for row in form.parse(stream, artefact):
        if isinstance(row, Problem):
            if (part := row.salvaged) and period.holds(part.time) and (hits := matcher.hits(part)):
                _keep(hits, artefact, form, part, rules, tally, damaged=True)
            _keep_named(row.salvaged, artefact, form, rules, period, tally, damaged=True)
            told = replace(row, salvaged=None)
            for observer in observers:
                observer.problem(kind, told)
            continue
        first = first or row
        kind = kind_of(form.name, row.stream)
        for observer in observers:
            observer.row(artefact, form, kind, row)
        if period.holds(row.time) and (found := matcher.hits(row, seen)):
            _keep(found, artefact, form, row, rules, tally)
        _keep_named(row, artefact, form, rules, period, tally)
    return first


def reduced(rule: str, artefact: Artefact, form: Format, event: Event) -> Match:
    """The match of `rule` on `event`, cut to what is kept."""
    return Match(
        rule=rule,
        artefact=artefact,
        kind=kind_of(form.name, event.stream),
        time=event.time,
        place=event.place,
        values=_values(form, event),
        text=event.text[:TEXT_LIMIT],
    )


def _keep(
    found: Sequence[Hit],
    artefact: Artefact,
    form: Format,
    event: Event,
    rules: RuleSet,
    tally: Tally,
    *,
    damaged: bool = False,
) -> None:
    matcher = rules.sigma_for(form)
    found = tally.correlated.take(found, matcher, artefact, form, event, damaged=damaged)
    benign = tuple(hit.id for hit in found if rules.infos[hit.id].kind is RuleKind.BENIGN)
    tally.counts.update(benign)
    kind = kind_of(form.name, event.stream)
    values: dict[str, str] | None = None
    for rule, view in found:
        if rule in benign:
            continue
        values = _values(form, event) if values is None else values
        tally.keep(
            Match(
                rule=rule,
                artefact=artefact,
                kind=kind,
                time=event.time,
                place=event.place,
                values=values,
                text=event.text[:TEXT_LIMIT],
                benign=benign,
                damaged=damaged,
                view=view,
            )
        )


def _keep_named(
    event: Event | None,
    artefact: Artefact,
    form: Format,
    rules: RuleSet,
    period: Period,
    tally: Tally,
    *,
    damaged: bool = False,
) -> None:
    """What a list of the user's names is a lead, whatever the rules say of the row."""
    if event is None or not period.holds(event.time):
        return
    if hits := rules.indicators.match(event, form):
        match = reduced("", artefact, form, event)
        for hit in hits:
            tally.keep(replace(match, rule=hit.rule, damaged=damaged))


def _values(form: Format, event: Event) -> dict[str, str]:
    """What is kept of a row's columns: a megabyte in one of them must not be kept 2000 times."""
    return {name: value[:TEXT_LIMIT] for name, value in form.values(event).items()}


def rows_with(
    stream: BinaryIO, artefact: Artefact, form: Format, wanted: Sequence[str]
) -> Iterator[Event]:
    """Only the rows whose text holds one of `wanted` (lower case); for the second hunt."""
    holds = holding(wanted)
    for row in form.parse(stream, artefact):
        if not isinstance(row, Problem) and holds(row.text.lower()):
            yield row
