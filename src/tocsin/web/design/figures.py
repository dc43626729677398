"""Charts with the table behind them, for a screen and a phone: ``{% chart figure %}``. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.html import format_html

from tocsin.web.design.charts import NARROW, WIDE, Bar, areas, bars, lines
from tocsin.web.design.frame import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart in two widths, and its numbers; `note` says of how many, and when.

    A cell of `rows` may be a link (`format_html`); `head` names the columns.
    """

    title: str
    wide: str
    narrow: str
    head: Sequence[str]
    rows: Sequence[Sequence[object]]
    note: str = ""


def shares(
    times: Sequence[datetime],
    series: Sequence[Series],
    *,
    title: str,
    note: str = "",
    gap: timedelta | None = None,
    of: str = "All",
) -> Figure:
    """Shares of a whole over time; `of` names the column with the whole."""
    return Figure(
        title=title,
        note=note,
        wide=areas(times, series, title=title, gap=gap, width=WIDE),
        narrow=areas(times, series, title=title, gap=gap, width=NARROW),
        head=("Time", *(one.label for one in series), of),
        rows=[
            (time, *values, None if None in values else sum(value or 0 for value in values))
            for time, *values in zip(times, *(one.values for one in series), strict=True)
        ],
    )


def counts(
    times: Sequence[datetime],
    series: Sequence[Series],
    *,
    title: str,
    note: str = "",
    gap: timedelta | None = None,
) -> Figure:
    """Counts over time, a line for each."""
    return Figure(
        title=title,
        note=note,
        wide=lines(times, series, title=title, gap=gap, width=WIDE),
        narrow=lines(times, series, title=title, gap=gap, width=NARROW),
        head=("Time", *(one.label for one in series)),
        rows=list(zip(times, *(one.values for one in series), strict=True)),
    )


def groups(
    rows: Sequence[Bar],
    *,
    title: str,
    what: str,
    note: str = "",
    links: Mapping[str, str] | None = None,
) -> Figure:
    """A bar for each group; `what` names the groups (Sector), `links` lead to their rows."""
    names = list(dict.fromkeys(part.label for row in rows for part in row.parts))
    table: list[tuple[object, ...]] = []
    for row in rows:
        values = {part.label: part.value for part in row.parts}
        url = (links or {}).get(row.label)
        name = format_html('<a href="{}">{}</a>', url, row.label) if url else row.label
        table.append((name, *(values.get(one, 0) for one in names), row.whole))
    return Figure(
        title=title,
        note=note,
        wide=bars(rows, title=title, width=WIDE),
        narrow=bars(rows, title=title, width=NARROW),
        head=(what, *names, "All"),
        rows=table,
    )
