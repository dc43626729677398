"""What was seen, and what was not: per kind of source, from the times inside the rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tocsin.events.bulk_times import microseconds, moment
from tocsin.events.format import Unit
from tocsin.events.kind import serves
from tocsin.matching.scan import Observer
from tocsin.matching.watching import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tocsin.events.format import Format
    from tocsin.matching.scan import Period
    from tocsin.matching.watching import Several
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event
    from tocsin.model.problem import Problem

GAP = timedelta(hours=24)
"""A stretch without any row that is longer than this is a gap: Exchange's own health probes write
to its logs around the clock, and a quiet week-end alone must not raise doubts."""
_HOUR = 3600
_RARE = frozenset({"mft", "setup_log"})
"""Formats whose rows do not come around the clock. As the time of a file or a registry key, which
may be years old, theirs is no coverage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The coverage of one kind of source. Times are UTC; gaps are whole stretches without rows.

    `lost` counts files of the kind that could not be read, `problems` all places.
    """

    kind: str
    files: int
    events: int
    first: datetime | None
    last: datetime | None
    gaps: tuple[tuple[datetime, datetime], ...]
    days: tuple[str, ...]
    problems: int
    lost: int = 0

    def misses(self, window: tuple[datetime, datetime]) -> tuple[tuple[datetime, datetime], ...]:
        """The stretches of `window` longer than a gap of which this source says nothing."""
        start, end = window
        if self.first is None or self.last is None:
            return (window,) if end > start else ()
        edges = ((start, min(self.first, end)), *self.gaps, (max(self.last, start), end))
        cut = ((max(low, start), min(high, end)) for low, high in edges)
        return tuple((low, high) for low, high in cut if high - low > GAP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """All sources of one server, by kind."""

    sources: Mapping[str, Source]

    def of(self, needed: str) -> tuple[Source, ...]:
        """The sources that serve what a pack calls `needed`."""
        return tuple(
            source for kind, source in sorted(self.sources.items()) if serves(kind, needed)
        )

    @property
    def first(self) -> datetime | None:
        """The earliest row of any log."""
        times = (source.first for source in self.sources.values())
        return min((time for time in times if time), default=None)

    @property
    def last(self) -> datetime | None:
        """The latest row of any log: what the evidence can speak of ends here."""
        times = (source.last for source in self.sources.values())
        return max((time for time in times if time), default=None)

    def within(self, period: Period) -> Coverage:
        """What rules were tried on: rows outside of `period` were read and not looked at.

        A source that lies outside altogether has no rows left.
        """
        return Coverage(sources={kind: _cut(one, period) for kind, one in self.sources.items()})


def _cut(source: Source, period: Period) -> Source:
    if source.first is None or source.last is None:
        return source
    first = max(source.first, period.since) if period.since else source.first
    last = min(source.last, period.until) if period.until else source.last
    if first > last:
        return replace(source, events=0, first=None, last=None)
    return replace(source, first=first, last=last)


@dataclass(slots=True)
class _Counts:
    files: set[str] = field(default_factory=set)
    events: int = 0
    first: datetime | None = None
    last: datetime | None = None
    hours: set[int] = field(default_factory=set)
    problems: int = 0
    lost: set[str] = field(default_factory=set)


class CoverageTaker(Observer):
    """Counts rows, problems and the hours in which there were rows, for every kind of source.

    Memory is bounded by the number of files and of hours; above `KINDS` a row counts under its
    format alone, for a log may name a new channel or protocol in every row. A row's time is
    believed only between `EARLIEST` and `LATEST`: a damaged row must not stretch the coverage
    over a century.
    """

    EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
    LATEST = datetime(2100, 1, 1, tzinfo=UTC)
    KINDS = 1000
    """No server has as many; Windows has some four hundred channels."""

    def __init__(self) -> None:
        self._counts: dict[str, _Counts] = {}

    def row(self, artefact: Artefact, form: Format, kind: str, event: Event) -> None:
        """Count one row."""
        counts = self._counts_of(kind)
        counts.files.add(artefact.path.inside)
        counts.events += 1
        time = event.time
        if time is None or not self.EARLIEST <= time <= self.LATEST:
            return
        if form.unit is Unit.DOCUMENT or form.name in _RARE:
            return
        if counts.first is None or time < counts.first:
            counts.first = time
        if counts.last is None or time > counts.last:
            counts.last = time
        counts.hours.add(int(time.timestamp()) // _HOUR)

    def watches(self, form: Format) -> Sequence[Watch]:
        """The times of all rows."""
        del form
        return (Watch(times=True),)

    def distinct(self, several: Several) -> None:
        """Count rows of one kind."""
        counts = self._counts_of(several.kind)
        counts.files.add(several.artefact.path.inside)
        counts.events += several.rows
        times = several.times_us
        if times is None or not len(times):
            return
        first, last = moment(times.min()), moment(times.max())
        if first < self.EARLIEST or last > self.LATEST:
            early, late = microseconds(self.EARLIEST), microseconds(self.LATEST)
            times = times[(times >= early) & (times <= late)]
            if not len(times):
                return
            first, last = moment(times.min()), moment(times.max())
        counts.first = first if counts.first is None else min(counts.first, first)
        counts.last = last if counts.last is None else max(counts.last, last)
        counts.hours.update(np.unique(times // (_HOUR * 1_000_000)).tolist())

    def problem(self, kind: str, problem: Problem) -> None:
        """Count one place that could not be read; without a line the whole file is lost."""
        counts = self._counts_of(kind)
        counts.problems += 1
        if problem.line is None:
            counts.lost.add(problem.artefact)

    def absorb(self, later: CoverageTaker) -> None:
        """Take what was counted in one more file."""
        for kind, its in later._counts.items():
            counts = self._counts_of(kind)
            counts.files |= its.files
            counts.lost |= its.lost
            counts.hours |= its.hours
            counts.events += its.events
            counts.problems += its.problems
            for time in (its.first, its.last):
                if time is not None:
                    counts.first = time if counts.first is None else min(counts.first, time)
                    counts.last = time if counts.last is None else max(counts.last, time)

    def _counts_of(self, kind: str) -> _Counts:
        counts = self._counts.get(kind)
        if counts is None:
            if len(self._counts) >= self.KINDS:
                kind = kind.partition(":")[0]
            counts = self._counts.setdefault(kind, _Counts())
        return counts

    def taken(self) -> Coverage:
        """What was counted."""
        return Coverage(
            sources={
                kind: Source(
                    kind=kind,
                    files=len(counts.files | counts.lost),
                    events=counts.events,
                    first=counts.first,
                    last=counts.last,
                    gaps=_gaps(counts),
                    days=tuple(_days(counts.hours)),
                    problems=counts.problems,
                    lost=len(counts.lost),
                )
                for kind, counts in sorted(self._counts.items())
            }
        )


def _gaps(counts: _Counts) -> tuple[tuple[datetime, datetime], ...]:
    hours = sorted(counts.hours)
    limit = int(GAP.total_seconds()) // _HOUR
    return tuple(
        (_time(before + 1), _time(after))
        for before, after in pairwise(hours)
        if after - before - 1 >= limit
    )


def _days(hours: Iterable[int]) -> list[str]:
    return sorted({_time(hour).date().isoformat() for hour in hours})


def _time(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * _HOUR, tz=UTC)
