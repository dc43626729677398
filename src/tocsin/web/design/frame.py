"""The field of a chart over time: where a time lies in it, its axes, and its gaps. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.web.design.drawing import (
    CHARACTER,
    Box,
    at,
    label,
    line,
    rectangle,
    tick_words,
    time_ticks,
    usual_step,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Numbers over time. `kind` is red, yellow, green, purple, blue or grey; None is no data."""

    kind: str
    label: str
    values: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Frame:
    """The field of a chart over time, and where each time lies in it."""

    box: Box
    times: Sequence[datetime]
    width: float

    def x(self, time: datetime) -> float:
        """Where it lies; one time alone lies in the middle."""
        first, last = self.times[0], self.times[-1]
        if first == last:
            return (self.box.left + self.box.right) / 2
        return self.box.left + (time - first) / (last - first) * (self.box.right - self.box.left)


def room_for(series: Sequence[Series]) -> float:
    """Room for the labels behind the last point."""
    return max((len(one.label) for one in series), default=0) * CHARACTER + 76


def frame_of(times: Sequence[datetime], width: int, room: float) -> Frame | None:
    """The field beside `room` for labels; None where there is no time at all."""
    if not times:
        return None
    height = 260 if width >= 500 else 220
    return Frame(Box(46, 10, width - min(room, width * 0.4), height), times, width)


def runs(times: Sequence[datetime], values: Sequence[int | None]) -> Iterator[list[int]]:
    """The places of points that hang together."""
    most = usual_step(times) * 1.5
    run: list[int] = []
    for place, value in enumerate(values):
        if run and (value is None or times[place] - times[run[-1]] > most):
            yield run
            run = []
        if value is not None:
            run.append(place)
    if run:
        yield run


def band(frame: Frame, run: Sequence[int], floor: Sequence[float], roof: Sequence[float]) -> str:
    """The outline of one share: along its roof, and back along its floor."""
    over = spots(frame, run, roof)
    under = spots(frame, run, floor)
    return f"M{'L'.join(over)}L{'L'.join(reversed(under))}Z"


def across(frame: Frame, run: Sequence[int], heights: Sequence[float]) -> str:
    """The line from point to point."""
    return f"M{'L'.join(spots(frame, run, heights))}"


def spots(frame: Frame, run: Sequence[int], heights: Sequence[float]) -> list[str]:
    """Points of a run; one point alone is drawn as a short piece, since it has no width."""
    places = [frame.x(frame.times[place]) for place in run]
    if len(places) == 1:
        places, heights = [places[0] - 4, places[0] + 4], [heights[0], heights[0]]
    return [
        f"{at(x)} {at(frame.box.y(height))}" for x, height in zip(places, heights, strict=True)
    ]


def gaps(frame: Frame, known: Sequence[Sequence[int]]) -> Iterator[str]:
    """Fields for the times of which nothing is known."""
    box = frame.box
    edges = [(box.left, box.right)]
    if known:
        ends = [(frame.x(frame.times[run[0]]), frame.x(frame.times[run[-1]])) for run in known]
        lefts = [box.left, *(right for _, right in ends)]
        rights = [*(left for left, _ in ends), box.right]
        edges = list(zip(lefts, rights, strict=True))
    for left, right in edges:
        if right - left > 1 and len(frame.times) > 1:
            area = rectangle(left, box.top, right - left, box.bottom - box.top)
            yield f'<path class="c-gap" d="{area}"/>'
            if right - left > 8 * CHARACTER:
                yield label((left + right) / 2, box.top + 20, "no data", "c-soft", "middle")


def share_axis(box: Box) -> Iterator[str]:
    """Lines at quarters of the whole."""
    for share in (0, 25, 50, 75, 100):
        y = box.y(share / 100)
        yield line(box.left, y, box.right, y, "c-grid")
        yield label(box.left - 6, y + 4, f"{share} %", "c-soft c-number", "end")


def count_axis(box: Box, ticks: Sequence[int]) -> Iterator[str]:
    """Lines at round numbers."""
    for tick in ticks:
        y = box.y(tick / ticks[-1])
        yield line(box.left, y, box.right, y, "c-grid")
        yield label(box.left - 6, y + 4, f"{tick:,}", "c-soft c-number", "end")


def time_axis(frame: Frame) -> Iterator[str]:
    """Round times along the bottom."""
    box = frame.box
    yield line(box.left, box.bottom, box.right, box.bottom, "c-axis")
    ticks = time_ticks(frame.times[0], frame.times[-1], max(2, int((box.right - box.left) / 90)))
    for tick, words in zip(ticks, tick_words(ticks), strict=True):
        x = frame.x(tick)
        yield line(x, box.bottom, x, box.bottom + 4, "c-axis")
        half = len(words) * CHARACTER / 2
        # Words at the edges stay inside the drawing.
        x = min(max(x, half), frame.width - half)
        yield label(x, box.bottom + 20, words, "c-soft", "middle")
