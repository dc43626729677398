"""Charts as SVG text. Pure: the same numbers give the same bytes.

Colours come from classes of desk.css, so that charts follow light and dark, and each kind has a
hatch and a label, so that they need no colour. A drawing scales with its place; `width` is the
width in pixels at which its text has the size that it should have: WIDE for a screen, NARROW for a
phone. What a reader cannot see stands in its description, and all numbers in the table beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tocsin.web.design.drawing import (
    CHARACTER,
    cut,
    drawing,
    filled,
    hatches,
    label,
    rectangle,
    round_ticks,
    spread,
    text_of,
)
from tocsin.web.design.frame import (
    Frame,
    Series,
    across,
    band,
    count_axis,
    frame_of,
    gaps,
    room_for,
    runs,
    share_axis,
    time_axis,
)

WIDE = 720
NARROW = 340

_LINE = 16
_ROW = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a bar."""

    kind: str
    label: str
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar, of the parts of its whole."""

    label: str
    parts: Sequence[Part]

    @property
    def whole(self) -> int:
        """The sum of its parts."""
        return sum(max(0, part.value) for part in self.parts)


def areas(
    times: Sequence[datetime],
    series: Sequence[Series],
    *,
    title: str,
    width: int = WIDE,
) -> str:
    """Shares of a whole over time, one on the other, the first at the bottom.

    Where no data is, or the whole is nothing, or two times are further apart than half as
    much again as usual, the field stays hatched and nothing is drawn across.
    """
    wholes = [_whole(series, place) for place in range(len(times))]
    frame = frame_of(times, width, room_for(series))
    said = _told(times, series, wholes)
    if frame is None:
        return _nothing(title, said, width)
    parts = [hatches(one.kind for one in series), *share_axis(frame.box), *time_axis(frame)]
    known = list(runs(times, wholes))
    parts.extend(gaps(frame, known))
    for run in known:
        floor = [0.0] * len(run)
        for one in series:
            shares = [(one.values[place] or 0) / (wholes[place] or 1) for place in run]
            roof = [low + high for low, high in zip(floor, shares, strict=True)]
            parts.append(filled(one.kind, band(frame, run, floor, roof)))
            parts.append(f'<path class="c-edge" d="{across(frame, run, roof)}"/>')
            floor = roof
    if known:
        parts.extend(_share_labels(frame, series, known[-1][-1], wholes))
    return drawing(title, said, (width, frame.box.bottom + 26), parts)


def lines(
    times: Sequence[datetime],
    series: Sequence[Series],
    *,
    title: str,
    width: int = WIDE,
) -> str:
    """Counts over time, a line for each, with its name and last count at its end."""
    known = [value for one in series for value in one.values if value is not None]
    frame = frame_of(times, width, room_for(series))
    said = _told(times, series, None)
    if frame is None or not known:
        return _nothing(title, said, width)
    ticks = round_ticks(max(known))
    box, most = frame.box, ticks[-1]
    anything = [_any(series, place) for place in range(len(times))]
    parts = [*count_axis(box, ticks), *time_axis(frame)]
    parts.extend(gaps(frame, list(runs(times, anything))))
    ends = []
    for one in series:
        for run in runs(times, one.values):
            parts.append(_stroke(frame, one, run, most))
            end = (one, box.y((one.values[run[-1]] or 0) / most), run[-1])
        ends.extend([end] if any(value is not None for value in one.values) else [])
    heights = spread([height for _, height, _ in ends], _LINE, box.top + 4, box.bottom)
    for (one, _, place), height in zip(ends, heights, strict=True):
        text = cut(f"{one.values[place]:,} {one.label}", frame.width - box.right - 12)
        parts.append(label(box.right + 8, height + 4, text, "c-number"))
    return drawing(title, said, (width, box.bottom + 26), parts)


def bars(rows: Sequence[Bar], *, title: str, width: int = WIDE) -> str:
    """Bars from left to right, as long as their wholes, with the parts inside.

    The label stands before its bar, or above it where that is too narrow. The number at the end is
    the first part of the whole: ``312 of 7,500``.
    """
    if not rows:
        return _nothing(title, "No rows.", width)
    above = width < 500
    most = max(row.whole for row in rows) or 1
    numbers = [_of(row) for row in rows]
    room = max(len(number) for number in numbers) * CHARACTER + 12
    left = 0 if above else min(220, max(len(row.label) for row in rows) * CHARACTER + 12)
    height = _ROW + (18 if above else 0)
    right = width - room
    parts = [hatches(part.kind for row in rows for part in row.parts)]
    legend = _legend(rows, width)
    top = 24 if legend else 4
    parts.extend(legend)
    for row, number in zip(rows, numbers, strict=True):
        middle = top + height - _ROW / 2
        name = cut(row.label, width - 8 if above else left - 12)
        parts.append(label(0, middle - 16 if above else middle + 4, name))
        parts.append(
            f'<path class="c-track" d="{rectangle(left, middle - 8, right - left, 16)}"/>'
        )
        parts.extend(_segments(row, left, (right - left) / most, middle - 8))
        parts.append(label(width - 4, middle + 4, number, "c-number", "end"))
        top += height
    said = "; ".join(
        f"{row.label}: {', '.join(f'{part.value:,} {part.label}' for part in row.parts)}"
        for row in rows[:20]
    )
    return drawing(title, said, (width, top + 4), parts)


def _any(series: Sequence[Series], place: int) -> int | None:
    """Whether anything is known at one time; None where nothing is."""
    return None if all(one.values[place] is None for one in series) else 0


def _whole(series: Sequence[Series], place: int) -> int | None:
    """The sum at one time; None where a part is not known or all is nothing."""
    values = [one.values[place] for one in series]
    if any(value is None for value in values):
        return None
    return sum(value or 0 for value in values) or None


def _stroke(frame: Frame, one: Series, run: Sequence[int], most: int) -> str:
    heights = [(one.values[place] or 0) / most for place in run]
    return f'<path class="c-line c-line--{one.kind}" d="{across(frame, run, heights)}"/>'


def _share_labels(
    frame: Frame, series: Sequence[Series], place: int, wholes: Sequence[int | None]
) -> Iterator[str]:
    """Name and share of each band, beside its end."""
    box, whole = frame.box, wholes[place] or 1
    shares = [(one.values[place] or 0) / whole for one in series]
    middles = [box.y(sum(shares[:rank]) + share / 2) for rank, share in enumerate(shares)]
    heights = spread(middles, _LINE, box.top + 4, box.bottom)
    for one, share, height in zip(series, shares, heights, strict=True):
        words = cut(f"{one.label} {100 * share:.1f} %", frame.width - box.right - 12)
        yield label(box.right + 8, height + 4, words, "c-number")


def _segments(row: Bar, left: float, scale: float, top: float) -> Iterator[str]:
    for part in row.parts:
        long = max(0, part.value) * scale
        if long > 0:
            # The least that can be seen: something is there.
            yield filled(part.kind, rectangle(left, top, max(long, 0.6), 16))
            left += long


def _legend(rows: Sequence[Bar], width: int) -> list[str]:
    """The kinds and their names, where there are several."""
    names = {part.kind: part.label for row in rows for part in row.parts}
    found, left = [], 0.0
    if len(names) > 1:
        for kind, name in names.items():
            found.append(filled(kind, rectangle(left, 4, 14, 14)))
            found.append(label(left + 20, 15.5, cut(name, width / len(names) - 30)))
            left += 20 + min(len(name) * CHARACTER, width / len(names) - 30) + 16
    return found


def _of(row: Bar) -> str:
    first = row.parts[0].value if row.parts else 0
    words = f"{first:,}" if len(row.parts) < 2 else f"{first:,} of {row.whole:,}"
    return text_of(words)


def _nothing(title: str, said: str, width: int) -> str:
    """What a chart without any number shows."""
    words = label(width / 2, 48, "No data yet", "c-soft", "middle")
    field = f'<path class="c-gap" d="{rectangle(1, 1, width - 2, 78)}"/>'
    return drawing(title, said or "No data yet.", (width, 80), [field, words])


def _told(
    times: Sequence[datetime], series: Sequence[Series], wholes: Sequence[int | None] | None
) -> str:
    """How it began and how it ended, in words."""
    said = []
    for one in series:
        known = [
            (time, value)
            for time, value in zip(times, one.values, strict=True)
            if value is not None
        ]
        if known:
            (first, before), (last, after) = known[0], known[-1]
            said.append(f"{one.label}: {before:,} on {_day(first)}, {after:,} on {_day(last)}.")
    if wholes and (empty := sum(whole is None for whole in wholes)):
        said.append(f"No data at {empty:,} of {len(wholes):,} times.")
    return " ".join(said) or "No data yet."


def _day(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d}"
