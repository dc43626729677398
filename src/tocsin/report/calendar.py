"""The coverage as a calendar: geometry only, which the template prints as SVG.

A row for each kind of source, a column for each day (or for several, where there are many). What
the verdict needs comes first, even where it was never collected.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from tocsin.events.kind import serves
from tocsin.model.result import CoverageEntry
from tocsin.report import summary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tocsin.model.result import HostResult

WIDTH = 1000.0
LEFT = 210.0
TOP = 16.0
ROW_HEIGHT = 26.0
CELL_HEIGHT = 16.0
_RIGHT = 110.0
_MOST_COLUMNS = 130
_MOST_DAYS = 800
_MARGIN_DAYS = 30
_TICKS = 8
_BRACKET_HEIGHT = 20.0


Window = tuple[date, date]


class State(StrEnum):
    """What a source says of one column."""

    PRESENT = "present"
    """Rows, and no gap."""
    PARTIAL = "partial"
    """Rows, and a gap that takes a part of it."""
    GAP = "gap"
    """Between the first and the last row, and without a row."""
    MISSING = "missing"
    """Before the first or after the last row, in the time for which a verdict needs the source."""
    OUTSIDE = "outside"
    """Before the first or after the last row, and nobody needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Neighbouring columns in the same state, from `first` to `last` inclusive."""

    x: float
    width: float
    state: State
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of source. `note` stands at its end; `needed` says that a verdict rests on it."""

    y: float
    name: str
    needed: bool
    runs: tuple[Run, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """The window of one pack, over the columns."""

    x: float
    width: float
    y: float
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """A drawing of `width` by `height` units. `cut` says that rows lie outside of it."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    rows: tuple[Row, ...]
    brackets: tuple[Bracket, ...]
    ticks: tuple[tuple[float, str], ...]
    borders: tuple[float, ...]
    days_per_column: int
    first: date
    last: date
    cut: bool


def draw(host: HostResult) -> Calendar | None:
    """Draw the coverage; None where no row has a time and no pack has a window."""
    days = _days(host)
    if days is None:
        return None
    grid = _Grid.over(*days)
    windows = _windows(host)
    top = TOP + _BRACKET_HEIGHT * len(windows)
    rows = _rows(host, grid, top)
    span = summary.span(host)
    return Calendar(
        width=WIDTH,
        height=top + ROW_HEIGHT * len(rows) + 24,
        left=LEFT,
        right=WIDTH - _RIGHT,
        top=top,
        bottom=top + ROW_HEIGHT * len(rows),
        rows=rows,
        brackets=_brackets(windows, grid),
        ticks=grid.ticks(),
        borders=tuple(round(grid.x(column), 1) for column in range(grid.columns + 1)),
        days_per_column=grid.days_per_column,
        first=grid.first,
        last=grid.last,
        cut=span is not None and (span[0].date() < days[0] or span[1].date() > days[1]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """Columns of so many days each. Days are ordinals, which cannot overflow."""

    start: int
    columns: int
    days_per_column: int

    @classmethod
    def over(cls, first: date, last: date) -> _Grid:
        days = last.toordinal() - first.toordinal() + 1
        per_column = -(-days // _MOST_COLUMNS)
        return cls(
            start=first.toordinal(), columns=-(-days // per_column), days_per_column=per_column
        )

    @property
    def first(self) -> date:
        return date.fromordinal(self.start)

    @property
    def last(self) -> date:
        return self.end_of(self.columns - 1)

    def x(self, column: float) -> float:
        return LEFT + (WIDTH - LEFT - _RIGHT) * column / self.columns

    def start_of(self, column: int) -> date:
        return date.fromordinal(self.start + column * self.days_per_column)

    def end_of(self, column: int) -> date:
        last = self.start + (column + 1) * self.days_per_column - 1
        return date.fromordinal(min(last, date.max.toordinal()))

    def clipped(self, day: date) -> float:
        """The column of `day` as a fraction, held inside the grid."""
        column = (day.toordinal() - self.start) / self.days_per_column
        return min(max(column, 0.0), float(self.columns))

    def ticks(self) -> tuple[tuple[float, str], ...]:
        step = max(1, -(-self.columns // _TICKS))
        return tuple(
            (round(self.x(column), 1), self.start_of(column).isoformat())
            for column in range(0, self.columns, step)
        )


def _days(host: HostResult) -> tuple[date, date] | None:
    """The days to draw: what was read, cut to the neighbourhood of the packs' windows."""
    span = summary.span(host)
    windows = _windows(host)
    if span is None:
        if not windows:
            return None
        return min(w[0] for _, w in windows), max(w[1] for _, w in windows)
    first, last = span[0].date(), span[1].date()
    if windows:
        margin = timedelta(days=_MARGIN_DAYS)
        earliest, latest = min(w[0] for _, w in windows), max(w[1] for _, w in windows)
        first = min(max(first, _moved(earliest, -margin)), earliest)
        last = max(min(last, _moved(latest, margin)), latest)
    if last - first > timedelta(days=_MOST_DAYS):
        first = last - timedelta(days=_MOST_DAYS)
    return first, last


def _moved(day: date, by: timedelta) -> date:
    moved = day.toordinal() + by.days
    return date.fromordinal(min(max(moved, 1), date.max.toordinal()))


def _windows(host: HostResult) -> tuple[tuple[str, Window], ...]:
    return tuple(
        (pack.pack, (pack.window[0].date(), pack.window[-1].date()))
        for pack in host.packs
        if pack.window
    )


def _brackets(windows: Sequence[tuple[str, Window]], grid: _Grid) -> tuple[Bracket, ...]:
    brackets = []
    for number, (name, (first, last)) in enumerate(windows):
        low = grid.x(grid.clipped(first))
        high = grid.x(grid.clipped(last) + 1 / grid.days_per_column)
        width = max(round(min(high, WIDTH - _RIGHT) - low, 1), 2.0)
        y = TOP + _BRACKET_HEIGHT * number
        brackets.append(Bracket(x=round(low, 1), width=width, y=y, name=name))
    return tuple(brackets)


def _rows(host: HostResult, grid: _Grid, top: float) -> tuple[Row, ...]:
    entries = [entry for entry in host.coverage if entry.first is not None]
    there = {entry.kind for entry in entries}
    entries += [
        _absent(kind)
        for kind in summary.missing(host)
        if not any(serves(other, kind) for other in there)
    ]
    windows = {entry.kind: _needed(host, entry.kind) for entry in entries}
    entries.sort(key=lambda entry: (not windows[entry.kind], entry.kind))
    return tuple(
        Row(
            y=top + ROW_HEIGHT * number,
            name=entry.kind,
            needed=bool(windows[entry.kind]),
            runs=_runs(entry, windows[entry.kind], grid),
            note=_note(entry),
        )
        for number, entry in enumerate(entries)
    )


def _absent(kind: str) -> CoverageEntry:
    return CoverageEntry(kind=kind, files=0, events=0, first=None, last=None, gaps=(), problems=0)


def _note(entry: CoverageEntry) -> str:
    if entry.first is None:
        return "not there"
    return f"{entry.problems:,} ⚠" if entry.problems else ""


def _needed(host: HostResult, kind: str) -> tuple[Window, ...]:
    """The windows of the packs that need `kind`."""
    return tuple(
        (pack.window[0].date(), pack.window[-1].date())
        for pack in host.packs
        if pack.window and any(serves(kind, needed) for needed in pack.needed)
    )


def _runs(entry: CoverageEntry, needed: Sequence[Window], grid: _Grid) -> tuple[Run, ...]:
    states = [
        _state(entry, needed, grid.start_of(column), grid.end_of(column))
        for column in range(grid.columns)
    ]
    runs = []
    start = 0
    for column in range(1, grid.columns + 1):
        if column == grid.columns or states[column] != states[start]:
            runs.append(_run(grid, states[start], start, column - 1))
            start = column
    return tuple(runs)


def _run(grid: _Grid, state: State, low: int, high: int) -> Run:
    x = grid.x(low)
    return Run(
        x=round(x, 1),
        width=round(grid.x(high + 1) - x, 1),
        state=state,
        first=grid.start_of(low),
        last=grid.end_of(high),
    )


def _state(entry: CoverageEntry, needed: Sequence[Window], first: date, last: date) -> State:
    if (
        entry.first is None
        or entry.last is None
        or last < entry.first.date()
        or first > entry.last.date()
    ):
        matters = any(low <= last and first <= high for low, high in needed)
        return State.MISSING if matters else State.OUTSIDE
    touched = False
    for start, end in entry.gaps:
        if _covers(start, end, first, last):
            return State.GAP
        touched = touched or (start.date() <= last and end.date() >= first)
    return State.PARTIAL if touched else State.PRESENT


def _covers(start: datetime, end: datetime, first: date, last: date) -> bool:
    """Whether a gap takes every hour of the days from `first` to `last`."""
    begins = start.date() < first or (start.date() == first and start.hour == start.minute == 0)
    return begins and end.date() > last
