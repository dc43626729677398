"""Hosts by sector, region, cumulative update and provider: bars, and the table behind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.html import format_html

from tocsin.report.visible import visible
from tocsin.web.assets.models import Colour
from tocsin.web.campaigns.models import Campaign
from tocsin.web.dashboard import queries
from tocsin.web.dashboard.links import seen_url
from tocsin.web.dashboard.queries import Stands, total
from tocsin.web.design.charts import NARROW, WIDE, Bar, Part, bars
from tocsin.web.design.figures import Figure
from tocsin.web.lists.known import NOT_KNOWN

GROUPS = 12
"""So many values have a bar of their own."""

_COLUMNS = (
    ("sector", "By sector", "Sector"),
    ("region", "By region", "Region"),
    ("cu", "By cumulative update", "Cumulative update"),
    ("provider", "By provider", "Provider"),
)
_ORDER = (Colour.RED, Colour.YELLOW, Colour.GREEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """Hosts by one column. `seen` is of how many, `values` how many values there are."""

    slug: str
    title: str
    figure: Figure
    seen: int
    values: int


def breakdowns(campaign: Campaign) -> list[Breakdown]:
    """One query for each column."""
    return [_breakdown(campaign, *one, most=GROUPS) for one in _COLUMNS]


def breakdown_in_full(campaign: Campaign, slug: str) -> Breakdown | None:
    """Hosts by the column of this name, each value by itself; None where there is no such."""
    named = next((one for one in _COLUMNS if one[0] == slug), None)
    return _breakdown(campaign, *named, most=None) if named is not None else None


def _breakdown(
    campaign: Campaign, column: str, title: str, head: str, *, most: int | None
) -> Breakdown:
    found = [one for one in queries.breakdown(campaign, column) if one[1].seen]
    # What is not known is no group among others: it comes last, whatever its number.
    named = [one for one in found if one[0]]
    unknown = [one for one in found if not one[0]]
    shown, rest = (named, []) if most is None else (named[:most], named[most:])
    lines: list[tuple[str, str | None, Stands]] = [
        (visible(name), name, stands) for name, stands in shown
    ]
    if rest:
        lines.append((f"{len(rest):,} more", None, total(stands for _, stands in rest)))
    lines += [("Not known", NOT_KNOWN, stands) for _, stands in unknown]
    drawn = lines if most is not None else lines[:GROUPS]
    rows = [Bar(label=label, parts=_parts(stands)) for label, _, stands in drawn]
    name = f"Hosts seen, {title.lower()}"
    figure = Figure(
        title=name,
        wide=bars(rows, title=name, width=WIDE),
        narrow=bars(rows, title=name, width=NARROW),
        head=(head, "Red", "Yellow", "Green", "Seen", "Web shells"),
        rows=[
            (label, *_counts(campaign, column, value, stands)) for label, value, stands in lines
        ],
    )
    seen = total(stands for _, stands in found).seen
    return Breakdown(slug=column, title=title, figure=figure, seen=seen, values=len(found))


def _parts(stands: Stands) -> list[Part]:
    return [
        Part(kind=colour.value, label=colour.value.capitalize(), value=_of(stands, colour))
        for colour in _ORDER
    ]


def _counts(
    campaign: Campaign, column: str, value: str | None, stands: Stands
) -> Iterable[object]:
    """Each a link to its hosts; the rest of many values to the page that has them all."""
    numbers: list[tuple[int, dict[str, str]]] = [
        *((_of(stands, colour), {"colour": colour.value}) for colour in _ORDER),
        (stands.seen, {}),
        (stands.compromised, {"compromised": "true"}),
    ]
    for count, only in numbers:
        if not count:
            yield count
            continue
        if value is None:
            url = reverse("dashboard:by", kwargs={"campaign": campaign.slug, "column": column})
        else:
            url = seen_url(campaign, **{column: value}, **only)
        yield format_html('<a href="{}">{}</a>', url, f"{count:,}")


def _of(stands: Stands, colour: Colour) -> int:
    return {
        Colour.RED: stands.red,
        Colour.YELLOW: stands.yellow,
        Colour.GREEN: stands.green,
    }[colour]
