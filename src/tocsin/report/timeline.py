"""The timeline as a drawing: geometry only, which the template prints as SVG.

Attacks are minutes of action and days of silence. So the axis is broken where nothing happens, and
every stretch of action has its own scale; marks that would lie on each other become one mark that
carries a number.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from tocsin.model.grade import Grade
from tocsin.report import summary, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tocsin.model.result import HostResult, TimelineEntry

WIDTH = 1000.0
LEFT = 200.0
LANE_HEIGHT = 34.0
TOP = 30.0
BOTTOM = 26.0
_BREAK_WIDTH = 30.0
_PADDING = 18.0
_NARROWEST = 136.0
_MARK_WIDTH = 15.0
_DIGIT_WIDTH = 8.0
_MOST_LANES = 12
_MOST_STRETCHES = 4
_BREAK_SHARE = 0.1
_BREAK_TIMES = 4
_TICK_WIDTH = 92.0
_OTHERS = "other sources"
_STEPS_S = (
    *(1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200),
    *(86400, 172800, 604800, 1209600, 2419200),
)
_DAY_S = 86400
Grades = Mapping[tuple[str | None, datetime], Grade]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One mark: all entries of one lane that would lie in the same place.

    `grade` is the worst of their findings', None where none belongs to a finding. `label` is the
    number of entries where it is not 1 and has room beside its neighbours' labels.
    """

    x: float
    y: float
    grade: Grade | None
    count: int
    title: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A time on the axis."""

    x: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of the axis with a scale of its own; `after` says how long nothing was before it."""

    x: float
    width: float
    title: str
    after: str | None
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One kind of source."""

    y: float
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing of `width` by `height` units, and a sentence that says what is on it.

    The names of the lanes stand left of `left`.
    """

    width: float
    height: float
    left: float
    lanes: tuple[Lane, ...]
    stretches: tuple[Stretch, ...]
    marks: tuple[Mark, ...]
    description: str


def draw(host: HostResult) -> Chart | None:
    """Draw the whole timeline; None where there is nothing on it."""
    return _chart(host.timeline, summary.cited_grades(host))


def draw_decisive(host: HostResult) -> Chart | None:
    """Draw the minutes around the first success, where the whole timeline squeezes them.

    None where nothing succeeded, or where the whole timeline is that short already.
    """
    grades = summary.cited_grades(host)
    succeeded = [
        entry.time
        for entry in host.timeline
        if (grade := grades.get((entry.finding, entry.time)))
        and grade.rank >= Grade.EXPLOITED.rank
    ]
    if not succeeded:
        return None
    start = min(succeeded)
    near = [
        entry
        for entry in host.timeline
        if timedelta(minutes=-5) <= entry.time - start <= timedelta(minutes=20)
    ]
    whole = max(entry.time for entry in host.timeline) - min(e.time for e in host.timeline)
    if len({entry.time for entry in near}) < 3 or whole < timedelta(hours=2):
        return None
    return _chart(near, grades)


def _chart(entries: Sequence[TimelineEntry], grades: Grades) -> Chart | None:
    if not entries:
        return None
    lanes = _lanes(entries)
    axis = _axis(
        sorted({entry.time for entry in entries}),
        {entry.time for entry in entries if (entry.finding, entry.time) in grades},
    )
    height = TOP + LANE_HEIGHT * len(lanes) + BOTTOM
    marks = _marks(entries, grades, {lane.name: lane for lane in lanes}, axis)
    first, last = min(e.time for e in entries), max(e.time for e in entries)
    return Chart(
        width=WIDTH,
        height=height,
        left=LEFT,
        lanes=lanes,
        stretches=tuple(scale.stretch for scale in axis),
        marks=marks,
        description=f"{words.count(len(entries), 'entry', 'entries')} from "
        f"{words.count(len(lanes), 'kind')} of source, {words.period(first, last)}.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """A stretch together with the times that it maps."""

    first: datetime
    last: datetime
    stretch: Stretch

    def place(self, time: datetime) -> float:
        return _place(time, self.first, self.last, self.stretch.x, self.stretch.width)


def _place(time: datetime, first: datetime, last: datetime, x: float, width: float) -> float:
    if first == last:
        return x + width / 2
    return x + _PADDING + (time - first) / (last - first) * (width - 2 * _PADDING)


def _lanes(entries: Sequence[TimelineEntry]) -> tuple[Lane, ...]:
    first: dict[str, datetime] = {}
    for entry in entries:
        if entry.source not in first or entry.time < first[entry.source]:
            first[entry.source] = entry.time
    names = sorted(first, key=lambda name: (first[name], name))
    if len(names) > _MOST_LANES:
        names = [*names[: _MOST_LANES - 1], _OTHERS]
    return tuple(
        Lane(y=TOP + LANE_HEIGHT * (index + 0.5), name=name) for index, name in enumerate(names)
    )


def _axis(times: Sequence[datetime], grave: set[datetime]) -> tuple[_Scale, ...]:
    """Give every stretch a width by what happened in it; context alone needs little."""
    groups = _broken(times)
    weights = [math.log2(2 + len(grave.intersection(group))) for group in groups]
    free = WIDTH - LEFT - _BREAK_WIDTH * (len(groups) - 1) - _NARROWEST * len(groups)
    scales: list[_Scale] = []
    x = LEFT
    for group, weight in zip(groups, weights, strict=True):
        width = _NARROWEST + free * weight / sum(weights)
        after = _lasting(group[0] - scales[-1].last) if scales else None
        scales.append(_scale(group[0], group[-1], x, width, after))
        x += width + _BREAK_WIDTH
    return tuple(scales)


def _scale(first: datetime, last: datetime, x: float, width: float, after: str | None) -> _Scale:
    title = words.moment(first.replace(microsecond=0))
    if first != last and width > 1.6 * _NARROWEST:
        title += f", {_lasting(last - first)}"
    ticks = _ticks(first, last, x, width)
    stretch = Stretch(x=round(x, 1), width=round(width, 1), title=title, after=after, ticks=ticks)
    return _Scale(first=first, last=last, stretch=stretch)


def _broken(times: Sequence[datetime]) -> list[Sequence[datetime]]:
    """Break at silences that are long both for this attack and for the chart.

    Long is four times the usual silence, and a tenth of what has not been broken off yet.
    """
    silences = sorted(
        ((later - earlier, index) for index, (earlier, later) in enumerate(pairwise(times), 1)),
        key=lambda silence: (-silence[0], silence[1]),
    )
    left = times[-1] - times[0]
    usual = silences[len(silences) // 2][0] if silences else left
    breaks = []
    for silence, index in silences[: _MOST_STRETCHES - 1]:
        if silence < max(_BREAK_SHARE * left, _BREAK_TIMES * usual):
            break
        breaks.append(index)
        left -= silence
    edges = [0, *sorted(breaks), len(times)]
    return [times[low:high] for low, high in pairwise(edges)]


def _ticks(first: datetime, last: datetime, x: float, width: float) -> tuple[Tick, ...]:
    seconds = (last - first).total_seconds()
    if seconds == 0:
        return (Tick(x=round(x + width / 2, 1), text=f"{first:%H:%M:%S}"),)
    most = max(1, int((width - 2 * _PADDING) / _TICK_WIDTH))
    step = next((step for step in _STEPS_S if seconds / step <= most), None)
    if step is None:
        return ()
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    number = math.ceil((first - midnight).total_seconds() / step)
    ticks = []
    while (time := midnight + timedelta(seconds=number * step)) <= last:
        place = _place(time, first, last, x, width)
        if LEFT + _TICK_WIDTH / 2 < place < WIDTH - _TICK_WIDTH / 2:
            ticks.append(Tick(x=round(place, 1), text=_tick_text(time, step)))
        number += 1
    return tuple(ticks)


def _tick_text(time: datetime, step_s: int) -> str:
    if step_s >= _DAY_S:
        return f"{time:%m-%d}"
    if step_s < 60:
        return f"{time:%H:%M:%S}"
    return f"{time:%m-%d %H:%M}"


def _marks(
    entries: Sequence[TimelineEntry],
    grades: Grades,
    lanes: Mapping[str, Lane],
    axis: Sequence[_Scale],
) -> tuple[Mark, ...]:
    places: dict[tuple[float, float], list[TimelineEntry]] = defaultdict(list)
    for entry in entries:
        lane = lanes.get(entry.source) or lanes[_OTHERS]
        scale = next(scale for scale in axis if entry.time <= scale.last)
        slot = math.floor((scale.place(entry.time) - scale.stretch.x) / _MARK_WIDTH)
        places[(lane.y, scale.stretch.x + (slot + 0.5) * _MARK_WIDTH)].append(entry)
    marks = [
        _mark(x, y, together, _grades_of(together, grades)) for (y, x), together in places.items()
    ]
    # The worst is drawn last, so that nothing hides it.
    return tuple(
        sorted(_labelled(marks), key=lambda m: (m.grade.rank if m.grade else -1, m.y, m.x))
    )


def _grades_of(entries: Sequence[TimelineEntry], grades: Grades) -> list[Grade]:
    keys = ((entry.finding, entry.time) for entry in entries)
    return [grades[key] for key in keys if key in grades]


def _labelled(marks: Sequence[Mark]) -> Iterator[Mark]:
    lane, end = 0.0, 0.0
    for mark in sorted(marks, key=lambda mark: (mark.y, mark.x)):
        label = f"{mark.count:,}"
        half = _DIGIT_WIDTH * len(label) / 2
        has_room = mark.y != lane or mark.x - half > end
        if mark.count > 1 and has_room:
            lane, end = mark.y, mark.x + half
            yield replace(mark, label=label)
        else:
            yield mark


def _mark(x: float, y: float, together: Sequence[TimelineEntry], seen: Sequence[Grade]) -> Mark:
    worst = max(seen, key=lambda grade: grade.rank, default=None)
    times = [entry.time for entry in together]
    what = (
        together[0].summary
        if len(together) == 1
        else f"{len(together):,} entries, the first: {together[0].summary}"
    )
    return Mark(
        x=round(x, 1),
        y=round(y, 1),
        grade=worst,
        count=len(together),
        title=f"{words.period(min(times), max(times))}: {what}",
    )


def _lasting(duration: timedelta) -> str:
    """A duration in its two largest units: ``4 d 7 h``."""
    seconds = round(duration.total_seconds())
    units = (("d", _DAY_S), ("h", 3600), ("min", 60), ("s", 1))
    parts = []
    for name, size in units:
        if seconds >= size:
            parts.append(f"{seconds // size} {name}")
            seconds %= size
        elif parts:
            break
    return " ".join(parts[:2]) or "under 1 s"
