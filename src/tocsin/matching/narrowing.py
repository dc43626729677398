"""A text log read in bulk: most of its rows are counted, and only some are looked at.

What comes out is what reading it row by row gives, by other means; see `tocsin.matching.scan`.
"""

from __future__ import annotations

import copy
from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeAlias

import numpy as np

from tocsin.events.bulk import Rows, read_bulk
from tocsin.events.bulk_times import microseconds
from tocsin.matching.many_words import word_search
from tocsin.matching.sigma.narrow import Chosen, Narrow
from tocsin.matching.sigma.records import Records
from tocsin.matching.sigma.routing import is_event_log
from tocsin.matching.sigma.single import Single
from tocsin.model.event import Event
from tocsin.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from tocsin.events.bulk import BulkReader, Places
    from tocsin.events.format import Format, Row
    from tocsin.events.stretches import Stretch
    from tocsin.matching.many_words import WordSearch
    from tocsin.matching.rules import RuleSet, Seen
    from tocsin.matching.scan import Period
    from tocsin.matching.sigma.plan import FormatRules, Hit
    from tocsin.model.artefact import Artefact


Choices: TypeAlias = "dict[tuple[str, tuple[str, ...]], frozenset[str]]"
"""By format and header (none for Windows events): the rules that had no rare text to look for."""
HEADERS = 16
"""Headers of one format for which a choice is made; rows under further ones are all looked at."""
_id = attrgetter("id")


class Asked(NamedTuple):
    """A row in the period that was read in bulk, and what the rules say that were asked."""

    event: Event
    hits: Sequence[Hit]


class Plain(NamedTuple):
    """Rows that were read in bulk: those with the indexes `which` among plain ones, None for all.

    `times_us` are their times, in microseconds since 1970, UTC.
    """

    rows: Rows
    which: Places | None
    times_us: Places


class Before(NamedTuple):
    """The row before the one that comes next; it was among the plain ones."""

    event: Event


Item: TypeAlias = "Row | Plain | Asked | Before | Counter[str]"
"""A row or problem that was read alone, for everybody; rows in bulk, for whoever watches them;
some of these again, asked about; matches on others of them that are only counted, by rule."""


class Narrows:
    """The choices of one set of rules, by format and header."""

    def __init__(self) -> None:
        self._first: Choices = {}
        self._by_header: dict[tuple[str, tuple[str, ...]], Narrow] = {}
        self._counts: Counter[str] = Counter()
        self._named: WordSearch | None = None
        self._counted: frozenset[str] | None = None
        self._records: dict[str, Records] = {}

    def matcher(self, rules: RuleSet, form: Format) -> FormatRules | Records | Single:
        """Whoever says what the rules say of one row of `form`."""
        if form.bulk is not None:
            return Single(rules.sigma_for(form), lambda: self.chosen(form))
        if not is_event_log(form):
            return rules.sigma_for(form)
        found = self._records.get(form.name)
        if found is None:
            found = self._records[form.name] = Records(rules.sigma_for(form))
        return found

    def of(self, rules: RuleSet, form: Format, rows: Rows) -> Narrow | None:
        """The choice for rows like these; None where there are too many headers."""
        key = (form.name, rows.names)
        found = self._by_header.get(key)
        if found is None and self._counts[form.name] < HEADERS:
            self._counts[form.name] += 1
            found = self._by_header[key] = Narrow(
                form, rules.sigma_for(form), rows.names, counted=self.counted(rules)
            )
        return found

    def counted(self, rules: RuleSet) -> frozenset[str]:
        """The rules of which only the number of matches is wanted."""
        if self._counted is None:
            self._counted = rules.benign
        return self._counted

    def chosen(self, form: Format) -> Narrow | None:
        """A choice that was made for this format, under any header."""
        for (name, _), found in self._by_header.items():
            if name == form.name and found.is_made:
                return found
        return None

    def named(self, rules: RuleSet) -> WordSearch:
        """What stands in every row that holds one of the user's indicators."""
        if self._named is None:
            self._named = word_search(rules.indicators.words().words)
        return self._named

    def note_first(self, form: Format, rows: Rows, narrow: Narrow) -> None:
        """Remember the first choice under a header: it does not hang on what was read before."""
        key = (form.name, rows.names)
        if key not in self._first:
            self._first[key] = frozenset(narrow.full_scans)

    def choices(self) -> Choices:
        """The rules that had no rare text to look for, by what the choice was made for."""
        found = dict(self._first)
        for name, records in self._records.items():
            found[name, ()] = found.get((name, ()), frozenset()) | records.full_scans
        return found

    def absorb(self, choices: Choices) -> None:
        """Take the choices of another process; under one header the first one counts."""
        for key, rules in choices.items():
            name, header = key
            if not header:
                self._first[key] = self._first.get(key, frozenset()) | rules
            elif sum(one == name and bool(names) for one, names in self._first) < HEADERS:
                self._first.setdefault(key, rules)

    @property
    def full_scans(self) -> frozenset[str]:
        """The rules that had no rare text to look for under some header or in some event."""
        return frozenset().union(*self.choices().values())


def narrowed(
    stream: BinaryIO,
    artefact: Artefact,
    form: Format,
    rules: RuleSet,
    period: Period,
    seen: Seen | None,
    *,
    only: Stretch | None = None,
    on_border: Callable[[], None] | None = None,
) -> Iterator[Item]:
    """Everything in one text log whose format has `bulk`, or in one stretch of it.

    It comes in file order, but that `Plain` rows come before the problems among them. `on_border`
    hears where another stretch begins.
    """
    reader = reader_of(artefact, form, only)
    place = None if only is None else only.place
    for item in read_bulk(stream, artefact, reader, only=place, on_border=on_border):
        if isinstance(item, Rows):
            yield from _in_block(item, form, rules, period, seen)
        else:
            yield item


def reader_of(artefact: Artefact, form: Format, only: Stretch | None) -> BulkReader:
    """The line reader of a whole text log in bulk, or of one stretch of it."""
    if form.bulk is None:
        raise ValueError(form.name)
    return form.bulk.reader(artefact) if only is None else copy.copy(only.reader)


def inside(times_us: Places, period: Period) -> NDArray[np.bool_]:
    """Which of these times lie in the period, as `Period.holds` tells of one."""
    found = np.ones(len(times_us), np.bool_)
    if period.since is not None:
        found &= times_us >= microseconds(period.since)
    if period.until is not None:
        found &= times_us <= microseconds(period.until)
    return found


def _in_block(
    rows: Rows, form: Format, rules: RuleSet, period: Period, seen: Seen | None
) -> Iterator[Item]:
    matcher = rules.sigma_for(form)
    counted = rules.narrows.counted(rules)
    stream = form.bulk.stream if form.bulk else ()
    times_us = rows.times_us()
    timed = times_us >= 0
    which = None if timed.all() else np.flatnonzero(timed)
    yield Plain(rows, which, times_us if which is None else times_us[which])
    chosen = _choose(rows, form, rules, timed & inside(times_us, period), seen)
    alone = {*rows.odd.tolist(), *rows.plain[~timed].tolist()}
    asked = dict.fromkeys(alone) | dict(chosen.lines)
    for line in sorted(asked):
        row = rows.read(line)
        if line not in alone:
            if isinstance(row, Event) and period.holds(row.time):
                everybody = asked[line] is None
                hits = matcher.hits(row, seen if everybody else None, only=asked[line])
                if not everybody and seen is not None and not counted.issuperset(map(_id, hits)):
                    # Who else is asked hangs on the samples, which other jobs take elsewhere.
                    matcher.hits(row, seen, only=())
                yield Asked(row, hits)
        elif row is not None:
            if isinstance(row, Problem) and stream:
                yield from _before(rows, line)
            yield row
    if chosen.counts:
        yield Counter(chosen.counts)
    if stream and (not alone or max(alone) < rows.plain[-1]):
        # Whoever reports damage in what comes next says what it is near to.
        yield Before(rows.event(len(rows.plain) - 1))


def _choose(
    rows: Rows, form: Format, rules: RuleSet, wanted: NDArray[np.bool_], seen: Seen | None
) -> Chosen:
    narrow = rules.narrows.of(rules, form, rows)
    if narrow is None or (len(rules.indicators) and rules.indicators.words().everything):
        return Chosen(lines=[(line, None) for line in rows.plain.tolist()], counts={})
    named: Sequence[int] = ()
    if len(rules.indicators):
        _, at = rules.narrows.named(rules).search(rows.data)
        named = rows.lines_of(at).tolist()
    if seen is not None:
        narrow.note(rows, wanted, seen)
    chosen = narrow.choose(rows, wanted, named)
    rules.narrows.note_first(form, rows, narrow)
    return chosen


def _before(rows: Rows, line: int) -> Iterator[Before]:
    at = int(np.searchsorted(rows.plain, line)) - 1
    if at >= 0:
        yield Before(rows.event(at))
