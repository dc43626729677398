"""One pass over one artefact: every row parsed, shown to the observers, and matched."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeAlias

from tocsin.events.kind import kind_of
from tocsin.matching.finding import rows_that_may_hold
from tocsin.matching.match import Match
from tocsin.matching.narrowing import Asked, Before, Plain, narrowed
from tocsin.matching.sigma.correlation.hits import Hits
from tocsin.matching.sigma.correlation.link import Plan
from tocsin.matching.watching import Watching
from tocsin.matching.words import holding
from tocsin.model.problem import Problem
from tocsin.model.rule import RuleKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from typing import Self

    from tocsin.events.format import Format, Row
    from tocsin.events.stretches import Stretch
    from tocsin.matching.rules import RuleSet, Seen
    from tocsin.matching.sigma.plan import Hit
    from tocsin.matching.watching import Several, Watch
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event

TEXT_LIMIT = 4096
"""Characters of a row that a citation keeps, and of each of its columns."""
MATCHES_PER_RULE = 2000
"""Rows of one rule that are kept; the rest are counted, so a flood cannot eat the memory."""

News: TypeAlias = tuple[str, bool, str]
"""Where a match is, whether it is benign, and what page or file it is about."""


class Observer(Protocol):
    """Somebody who wants to see every row: coverage, builds, addresses.

    Every file, and every stretch of a large one, is shown to a `fresh` observer, perhaps in
    another process; then all are put together in the order of reading. So the result does not
    depend on how many processes there are. An observer can be pickled.
    """

    def fresh(self) -> Self:
        """An observer of this kind that has seen nothing."""
        return type(self)()

    def absorb(self, later: Self) -> None:
        """Take what another of this kind saw, in one file and after this."""
        raise NotImplementedError

    def row(self, artefact: Artefact, form: Format, kind: str, event: Event) -> None:
        """One row, in file order."""

    def problem(self, kind: str, problem: Problem) -> None:
        """One place that could not be read; `kind` is that of the rows around it."""

    def watches(self, form: Format) -> Sequence[Watch] | None:
        """What it wants to see of rows that are read in bulk; None: each row, as always."""
        del form
        return None

    def distinct(self, several: Several) -> None:
        """Rows that were read in bulk and are alike in the columns of one watch."""
        del several


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
    _told: dict[str, set[News]] = field(default_factory=dict)
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
        news = news_of(match)
        if self.counts[match.rule] > MATCHES_PER_RULE:
            if news in told or not repeating:
                return
            del self._kept[repeating.pop()]
        if news in told:
            repeating.append(self._next)
        told.add(news)
        self._kept[self._next] = match
        self._next += 1


def news_of(match: Match) -> News:
    """What a match tells that another of its rule may have told already."""
    about = match.values.get("url_path") or match.values.get("file_path") or ""
    return match.kind, bool(match.benign), about.lower()


def scan(  # noqa: PLR0913 what one pass needs, nearly all of it by name
    stream: BinaryIO,
    artefact: Artefact,
    form: Format,
    *,
    rules: RuleSet,
    period: Period,
    observers: Sequence[Observer],
    tally: Tally,
    seen: Seen,
    only: Stretch | None = None,
    relieve: Callable[[], Sequence[Observer]] | None = None,
) -> Event | None:
    """Read `artefact` once, to its end, and give its first row. Never raises on its content.

    A text log is read in bulk where no observer must see each row of it; the result is the same.
    With `only` that stretch of such a log is read, from a stream that stands there. `relieve` is
    asked for other observers at each border between two stretches; without it the same go on.
    """
    one = _Pass(artefact, form, rules, period, observers, tally, seen)
    if Watching.suffices(observers, form):
        one.in_bulk(stream, only, relieve)
    else:
        for row in form.parse(stream, artefact):
            one.take(row)
    return one.first


class _Pass:
    """One pass over one artefact."""

    def __init__(
        self,
        artefact: Artefact,
        form: Format,
        rules: RuleSet,
        period: Period,
        observers: Sequence[Observer],
        tally: Tally,
        seen: Seen,
    ) -> None:
        self.first: Event | None = None
        self._artefact = artefact
        self._form = form
        self._rules = rules
        self._period = period
        self._observers = observers
        self._tally = tally
        self._seen = seen
        self._matcher = rules.narrows.matcher(rules, form)
        self._kind = kind_of(form.name, "")
        self._is_near = False

    def take(self, row: Row) -> None:
        """One row or problem, to be shown to everybody."""
        if isinstance(row, Problem):
            self._problem(row)
            return
        self._note(row)
        for observer in self._observers:
            observer.row(self._artefact, self._form, self._kind, row)
        self._match(row, self._matcher.hits(row, self._seen) if self._holds(row) else ())

    def in_bulk(
        self,
        stream: BinaryIO,
        only: Stretch | None,
        relieve: Callable[[], Sequence[Observer]] | None,
    ) -> None:
        """All rows of a text log, of which most are never looked at one by one."""
        watching = Watching(self._observers, self._artefact, self._form)

        def border() -> None:
            nonlocal watching
            watching.end()
            self._observers = self._observers if relieve is None else relieve()
            watching = Watching(self._observers, self._artefact, self._form)
            # As at the start of a file: nobody knows yet which rows are near.
            self._kind, self._is_near = kind_of(self._form.name, ""), False

        for item in narrowed(
            stream,
            self._artefact,
            self._form,
            self._rules,
            self._period,
            self._seen,
            only=only,
            on_border=border,
        ):
            match item:
                case Plain():
                    watching.take(item)
                    if not self._is_near:
                        self._note(item.rows.event(0))
                case Before():
                    self._note(item.event)
                case Asked():
                    self._note(item.event)
                    self._match(item.event, item.hits)
                case Counter():
                    self._tally.counts.update(item)
                case _:
                    self.take(item)
        watching.end()

    def _note(self, row: Event) -> None:
        self.first = self.first or row
        self._kind, self._is_near = kind_of(self._form.name, row.stream), True

    def _holds(self, row: Event) -> bool:
        return self._period.holds(row.time)

    def _problem(self, problem: Problem) -> None:
        part = problem.salvaged
        if part and self._holds(part):
            self._match(part, self._matcher.hits(part), damaged=True)
        told = replace(problem, salvaged=None)
        for observer in self._observers:
            observer.problem(self._kind, told)

    def _match(self, row: Event, hits: Sequence[Hit], *, damaged: bool = False) -> None:
        """Keep what rules and the user's lists say of a row in the period."""
        if hits:
            _keep(hits, self._artefact, self._form, row, self._rules, self._tally, damaged=damaged)
        if self._holds(row) and (named := self._rules.indicators.match(row, self._form)):
            # What a list of the user's names is a lead, whatever the rules say of the row.
            match = reduced("", self._artefact, self._form, row)
            for one in named:
                self._tally.keep(replace(match, rule=one.rule, damaged=damaged))


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


def _values(form: Format, event: Event) -> dict[str, str]:
    """What is kept of a row's columns: a megabyte in one of them must not be kept 2000 times."""
    return {name: value[:TEXT_LIMIT] for name, value in form.values(event).items()}


def rows_with(
    stream: BinaryIO,
    artefact: Artefact,
    form: Format,
    wanted: Sequence[str],
    only: Stretch | None = None,
) -> Iterator[Event]:
    """Only the rows whose text holds one of `wanted` (lower case); for the second hunt."""
    holds = holding(wanted)
    for row in rows_that_may_hold(stream, artefact, form, wanted, only):
        if not isinstance(row, Problem) and holds(row.text.lower()):
            yield row
