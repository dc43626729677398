"""Pieces of SVG: text that cannot break out, numbers, axes, hatches. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING
from zlib import crc32

from tocsin.report.visible import shortened, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ID = "\0"
"""Stands for the name of the drawing; no label holds it, since `visible` takes it out."""

CHARACTER = 7.4
"""The width of an average character of a label, in units of the drawing."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = timedelta(days=1)
_STEPS = (
    *(timedelta(hours=hours) for hours in (1, 3, 6, 12)),
    *(timedelta(days=days) for days in (1, 2, 3, 7, 14, 28, 56, 91, 182, 365, 730, 1826, 3652)),
)
_HATCHES = {
    "red": '<path class="c-hatch" d="M0 8L8 0M-2 2L2-2M6 10L10 6"/>',
    "yellow": '<path class="c-hatch" d="M4 0V8"/>',
    "purple": '<path class="c-hatch" d="M0 0L8 8M-2 6L2 10M6-2L10 2"/>',
    "blue": '<path class="c-hatch" d="M0 4H8"/>',
    "grey": '<path class="c-hatch" d="M1 4H3M5 0H7M5 8H7"/>',
}
"""What tells the kinds apart without colour; green stays plain."""

KINDS = frozenset({*_HATCHES, "green"})
"""What may be drawn; each has a colour in desk.css."""


@dataclass(frozen=True, slots=True)
class Box:
    """The part of the drawing that holds the data."""

    left: float
    top: float
    right: float
    bottom: float

    def y(self, part: float) -> float:
        """The height of a part of the whole, 0 to 1."""
        return self.bottom - part * (self.bottom - self.top)


def text_of(value: str, limit: int = 200) -> str:
    """Text for SVG: what acts or hides is shown by its number, what is long is cut."""
    return escape(visible(shortened(value, limit)))


def cut(value: str, width: float) -> str:
    """As much of a label as fits, with an ellipsis where it does not."""
    shown = visible(value)
    fits = max(2, int(width / CHARACTER))
    return escape(shown if len(shown) <= fits else shown[: fits - 1].rstrip() + "…")


def at(value: float) -> str:
    """A coordinate, to a tenth and without a useless end."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def label(x: float, y: float, text: str, classes: str = "", anchor: str = "start") -> str:
    """A text that is safe already."""
    end = "" if anchor == "start" else f' text-anchor="{anchor}"'
    name = f' class="{classes}"' if classes else ""
    return f'<text x="{at(x)}" y="{at(y)}"{name}{end}>{text}</text>'


def line(x1: float, y1: float, x2: float, y2: float, classes: str) -> str:
    """A straight line."""
    return f'<path class="{classes}" d="M{at(x1)} {at(y1)}L{at(x2)} {at(y2)}"/>'


def rectangle(left: float, top: float, width: float, height: float) -> str:
    """The path of a rectangle."""
    return f"M{at(left)} {at(top)}h{at(width)}v{at(height)}h{at(-width)}Z"


def drawing(
    title: str,
    description: str,
    size: tuple[float, float],
    parts: Sequence[str],
    classes: str = "",
) -> str:
    """A whole drawing; ID in its parts becomes a name that no other drawing has."""
    body = "".join(parts)
    name = f"c{crc32(f'{title}{description}{size}{body}'.encode('utf-8', 'replace')):08x}"
    width, height = at(size[0]), at(size[1])
    named = f' class="{classes}"' if classes else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"{named}'
        f' aria-labelledby="{name}t {name}d">'
        f'<title id="{name}t">{text_of(title)}</title>'
        f'<desc id="{name}d">{text_of(description, 2000)}</desc>'
        f"{body.replace(ID, name)}</svg>"
    )


def hatches(kinds: Iterable[str]) -> str:
    """The patterns of these kinds."""
    return "".join(
        f'<pattern id="{ID}-{kind}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f"{_HATCHES[kind]}</pattern>"
        for kind in sorted(set(kinds) & set(_HATCHES))
    )


def filled(kind: str, path: str) -> str:
    """A shape in the colour of its kind, with the kind's hatch over it."""
    shape = f'<path class="c-{kind}" d="{path}"/>'
    if kind not in _HATCHES:
        return shape
    return f'{shape}<path fill="url(#{ID}-{kind})" d="{path}"/>'


def spread(wanted: Sequence[float], distance: float, top: float, bottom: float) -> list[float]:
    """Heights of labels as near as can be to those wanted, none on another, in the same order.

    Where they do not all fit, they stand closer.
    """
    count = len(wanted)
    step = min(distance, (bottom - top) / max(1, count - 1)) if count > 1 else distance
    order = sorted(range(count), key=lambda place: wanted[place])
    found = [0.0] * count
    lowest = top
    for rank, place in enumerate(order):
        # What comes after must still find its place.
        highest = bottom - step * (count - 1 - rank)
        found[place] = max(lowest, min(wanted[place], highest))
        lowest = found[place] + step
    return found


def round_ticks(most: float, count: int = 4) -> list[int]:
    """Round whole numbers from 0 to at least `most`, about `count` of them."""
    step = 1
    factors = (2, 2.5, 2)
    turn = 0
    while step * count < most:
        step = round(step * factors[turn % 3]) if step > 2 or turn % 3 != 1 else 5
        turn += 1
    last = max(1, -(-int(-(-most // 1)) // step))
    return [step * place for place in range(last + 1)]


def time_ticks(first: datetime, last: datetime, most: int) -> list[datetime]:
    """Round times (UTC) between both, at most `most` of them."""
    span = last - first
    fitting = (step for step in _STEPS if span / step < most)
    step = next(fitting, _STEPS[-1] * max(1, int(span / _STEPS[-1] / max(1, most)) + 1))
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    if step < _DAY:
        start += ((first - start) // step) * step
    ticks = [start + step * place for place in range(int((last - start) / step) + 1)]
    return [tick for tick in ticks if first <= tick <= last][:most] or [first]


def tick_words(ticks: Sequence[datetime]) -> list[str]:
    """Short names of times: the year with the first and where it changes, hours where needed."""
    hours = any(later - earlier < _DAY for earlier, later in pairwise(ticks))
    words = []
    year = day = None
    for tick in ticks:
        date = f"{tick.day} {_MONTHS[tick.month - 1]}"
        if tick.year != year:
            date = f"{date} {tick.year}"
        if hours:
            clock = f"{tick:%H:%M}"
            date = clock if (tick.year, tick.month, tick.day) == day else f"{date} {clock}"
        words.append(date)
        year, day = tick.year, (tick.year, tick.month, tick.day)
    return words


def usual_step(times: Sequence[datetime]) -> timedelta:
    """The usual time between two points; a day where nobody can say."""
    steps = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    return timedelta(seconds=median(steps)) if steps else _DAY
