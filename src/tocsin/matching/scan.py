"""One pass over one artefact: every row parsed, shown to the observers, and matched."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO, Protocol

from tocsin.events.chosen import Passed
from tocsin.events.kind import kind_of
from tocsin.matching.finding import rows_that_may_hold
from tocsin.matching.match import Match
from tocsin.matching.narrowing import Asked, Before, Plain, narrowed
from tocsin.matching.passed import PassedOver
from tocsin.matching.sigma.records import Records
from tocsin.matching.sigma.screen import Screen
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
    from tocsin.matching.batch import Batch
    from tocsin.matching.rules import FormatRules, RuleSet, Seen
    from tocsin.matching.sigma.plan import Hit
    from tocsin.matching.sigma.single import Single
    from tocsin.matching.tally import Tally
    from tocsin.matching.watching import Several, Watch
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event

TEXT_LIMIT = 4096
"""Characters of a row that a citation keeps, and of each of its columns."""
_SHOWN_FIRST = 32
"""Records of an event log that observers see as rows; who asks for names asks the first 20."""
ROW_LIMIT = 8192
"""Characters of all columns of a row together that are kept: of more the longest are cut."""


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

    def batch(self, batch: Batch) -> None:
        """Rows that were read in bulk, for a watch that asks for `batches`."""
        del batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The stretch of time that the analyst asked for, UTC; an end may be open."""

    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether all times lie in it."""
        return self.since is None and self.until is None

    def holds(self, time: datetime | None) -> bool:
        """Whether `time` lies in it. What has no time is always looked at."""
        if time is None:
            return True
        return (self.since is None or time >= self.since) and (
            self.until is None or time <= self.until
        )

    def limits(self) -> list[str]:
        """What the analyst has excluded, in words."""
        if self.is_open:
            return []
        since = f"{self.since:%Y-%m-%d %H:%M}" if self.since else "the beginning"
        until = f"{self.until:%Y-%m-%d %H:%M}" if self.until else "the end"
        return [f"Only rows from {since} to {until} UTC were matched, as was asked for."]


@dataclass(kw_only=True)
class Pass:
    """One pass over one artefact: the rules to ask, and whoever takes what comes of it.

    With `only` that stretch of a text log is read, from a stream that stands there. `relieve` is
    called at each border between two stretches, and may put others in the places of `observers`
    and `tally`; without it the same go on. `seen` and `first`, the first row, are of all of it.
    """

    artefact: Artefact
    form: Format
    rules: RuleSet
    period: Period
    observers: Sequence[Observer]
    tally: Tally
    seen: Seen
    only: Stretch | None = None
    relieve: Callable[[], None] | None = None
    first: Event | None = None
    _matcher: FormatRules | Records | Single = field(init=False)
    _kind: str = field(init=False)
    _is_near: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        """Find the rules for this format."""
        self._matcher = self.rules.narrows.matcher(self.rules, self.form)
        self._kind = kind_of(self.form.name, "")

    def over(self, stream: BinaryIO) -> None:
        """Read the artefact once, to its end. Never raises on its content.

        A text log is read in bulk, and an event log in part, where no observer must see each row
        of it; the result is the same.
        """
        if Watching.suffices(self.observers, self.form):
            self._in_bulk(stream)
            return
        passed = PassedOver(self.observers, self.artefact, self.form)
        for row in self._rows(stream, needs_times=passed.needs_times):
            if isinstance(row, Passed):
                passed.take(row)
                self._kind = kind_of(self.form.name, row.last)
            else:
                self._take(row)

    def _rows(self, stream: BinaryIO, *, needs_times: bool) -> Iterator[Row | Passed]:
        """Each row; of an event log only those that somebody wants, where that can be told."""
        matcher, choose = self._matcher, self.form.choose
        if (
            choose is None
            or not isinstance(matcher, Records)
            or not self.period.is_open
            or len(self.rules.indicators)
            or not PassedOver.suffices(self.observers, self.form)
        ):
            return self.form.parse(stream, self.artefact)
        screen = Screen(matcher, self.seen, first=_SHOWN_FIRST, needs_times=needs_times)
        return choose(stream, self.artefact, screen)

    def _take(self, row: Row) -> None:
        """One row or problem, to be shown to everybody."""
        if isinstance(row, Problem):
            self._problem(row)
            return
        self._note(row)
        for observer in self.observers:
            observer.row(self.artefact, self.form, self._kind, row)
        self._match(row, self._matcher.hits(row, self.seen) if self._holds(row) else ())

    def _in_bulk(self, stream: BinaryIO) -> None:
        """All rows of a text log, of which most are never looked at one by one."""
        watching = Watching(self.observers, self.artefact, self.form)

        def border() -> None:
            nonlocal watching
            watching.end()
            if self.relieve is not None:
                self.relieve()
            watching = Watching(self.observers, self.artefact, self.form)
            # As at the start of a file: nobody knows yet which rows are near.
            self._kind, self._is_near = kind_of(self.form.name, ""), False

        for item in narrowed(
            stream,
            self.artefact,
            self.form,
            self.rules,
            self.period,
            self.seen,
            only=self.only,
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
                    self.tally.noted.update(item)
                case _:
                    self._take(item)
        watching.end()

    def _note(self, row: Event) -> None:
        self.first = self.first or row
        self._kind, self._is_near = kind_of(self.form.name, row.stream), True

    def _holds(self, row: Event) -> bool:
        return self.period.holds(row.time)

    def _problem(self, problem: Problem) -> None:
        part = problem.salvaged
        if part and self._holds(part):
            self._match(part, self._matcher.hits(part), damaged=True)
        told = replace(problem, salvaged=None)
        for observer in self.observers:
            observer.problem(self._kind, told)

    def _match(self, row: Event, hits: Sequence[Hit], *, damaged: bool = False) -> None:
        """Keep what rules and the user's lists say of a row in the period."""
        if hits:
            self._keep(hits, row, damaged=damaged)
        if self._holds(row) and (named := self.rules.indicators.match(row, self.form)):
            # What a list of the user's names is a lead, whatever the rules say of the row.
            match = reduced("", self.artefact, self.form, row)
            for one in named:
                self.tally.keep(replace(match, rule=one.rule, damaged=damaged))

    def _keep(self, found: Sequence[Hit], event: Event, *, damaged: bool) -> None:
        form = self.form
        found = self.tally.correlated.take(
            found, self.rules.sigma_for(form), self.artefact, form, event, damaged=damaged
        )
        infos = self.rules.infos
        benign = tuple(hit.id for hit in found if infos[hit.id].kind is RuleKind.BENIGN)
        self.tally.noted.update(benign)
        match: Match | None = None
        for rule, view in found:
            if rule in benign:
                continue
            match = match or reduced("", self.artefact, form, event)
            self.tally.keep(replace(match, rule=rule, benign=benign, damaged=damaged, view=view))


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


def _values(form: Format, event: Event) -> dict[str, str]:
    """What is kept of a row's columns: a megabyte in one of them must not be kept 2000 times."""
    values = form.values(event)
    limit = _longest(sorted(map(len, values.values())))
    return {name: value[:limit] for name, value in values.items()}


def _longest(lengths: Sequence[int]) -> int:
    """What is left of each column, so that the short ones, which findings join by, stay whole."""
    room = ROW_LIMIT
    for place, length in enumerate(lengths):
        share = room // (len(lengths) - place)
        if length > share:
            return min(share, TEXT_LIMIT)
        room -= length
    return TEXT_LIMIT


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
