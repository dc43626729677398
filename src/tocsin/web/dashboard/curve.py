"""The curve of a campaign: what share of the hosts whose status is known is fixed. Pure.

A share says nothing without its whole: the table beside it has the numbers, and the hosts of which
nothing is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.web.campaigns.models import Point
from tocsin.web.dashboard.queries import Stands
from tocsin.web.design.charts import NARROW, WIDE, areas, lines
from tocsin.web.design.figures import Figure
from tocsin.web.design.frame import Series
from tocsin.web.design.templatetags.desk import percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One day: hosts, and organisations that stand as their worst host."""

    at: datetime
    hosts: Stands
    organisations: Stands

    @property
    def share(self) -> float | None:
        """The green of those that are known, in percent; None where none is."""
        return 100 * self.hosts.green / self.hosts.known if self.hosts.known else None

    @property
    def yellow_share(self) -> float | None:
        """The yellow of those that are seen, in percent; None where none is."""
        return 100 * self.hosts.yellow / self.hosts.seen if self.hosts.seen else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The days in order of time. `stride` is every how many days there is one."""

    rows: list[Row]
    stride: int

    @property
    def first(self) -> Row | None:
        """The first day."""
        return self.rows[0] if self.rows else None

    @property
    def last(self) -> Row | None:
        """The last day."""
        return self.rows[-1] if self.rows else None

    @property
    def share(self) -> Figure:
        """The share of what is fixed, and beside it of what is not known."""
        times = [row.at for row in self.rows]
        series = [
            Series(
                kind="green",
                label="% not vulnerable, of known",
                values=[_whole(row.share) for row in self.rows],
            ),
            Series(
                kind="yellow",
                label="% not known, of seen",
                values=[_whole(row.yellow_share) for row in self.rows],
            ),
        ]
        title = "Not vulnerable, in percent of the hosts whose status is known"
        return Figure(
            title=title,
            wide=lines(times, series, title=title, width=WIDE),
            narrow=lines(times, series, title=title, width=NARROW),
            head=("End of (UTC)", "Not vulnerable, of known", "Not known, of seen"),
            rows=[
                (
                    row.at.date(),
                    f"{percent(row.hosts.green, row.hosts.known)} of {row.hosts.known:,}",
                    f"{percent(row.hosts.yellow, row.hosts.seen)} of {row.hosts.seen:,}",
                )
                for row in self.rows[::-1]
            ],
        )

    @property
    def hosts(self) -> Figure:
        """All hosts that were seen, by what is known of them."""
        times = [row.at for row in self.rows]
        series = [
            Series(kind="green", label="Green", values=[row.hosts.green for row in self.rows]),
            Series(kind="yellow", label="Yellow", values=[row.hosts.yellow for row in self.rows]),
            Series(kind="red", label="Red", values=[row.hosts.red for row in self.rows]),
        ]
        title = "Hosts that had not vanished, by what was known of them"
        return Figure(
            title=title,
            wide=areas(times, series, title=title, width=WIDE),
            narrow=areas(times, series, title=title, width=NARROW),
            head=(
                *("End of (UTC)", "Red", "Yellow", "Green", "Seen", "With signs of compromise"),
                *("Vanished", "Organisations red", "yellow", "green"),
            ),
            rows=[
                (
                    *(row.at.date(), row.hosts.red, row.hosts.yellow, row.hosts.green),
                    *(row.hosts.seen, row.hosts.compromised, row.hosts.vanished),
                    *(row.organisations.red, row.organisations.yellow, row.organisations.green),
                )
                for row in self.rows[::-1]
            ],
        )


def _whole(share: float | None) -> int | None:
    return None if share is None else round(share)


def curve_of(points: Sequence[Point], stride: int | None) -> Curve:
    """The curve that these points make."""
    return Curve(rows=[_row(point) for point in points], stride=stride or 1)


def _row(point: Point) -> Row:
    told = point.counts
    return Row(
        at=point.at,
        hosts=Stands(**told["assets"]),
        organisations=Stands(**told["organisations"]),
    )
