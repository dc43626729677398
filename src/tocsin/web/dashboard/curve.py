"""The curve of a campaign: what share of the hosts whose status is known is fixed. Pure.

A share says nothing without its whole: the table beside it has the numbers, and the hosts of which
nothing is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.web.campaigns.models import Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One day: hosts, and organisations that stand as their worst host."""

    at: datetime
    red: int
    yellow: int
    green: int
    vanished: int
    compromised: int
    organisations_red: int
    organisations_yellow: int
    organisations_green: int

    @property
    def known(self) -> int:
        """Hosts whose status is known."""
        return self.red + self.green

    @property
    def seen(self) -> int:
        """Hosts that had not vanished."""
        return self.known + self.yellow

    @property
    def share(self) -> float | None:
        """The green of those that are known, in percent; None where none is."""
        return 100 * self.green / self.known if self.known else None

    @property
    def yellow_share(self) -> float | None:
        """The yellow of those that are seen, in percent; None where none is."""
        return 100 * self.yellow / self.seen if self.seen else None


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
    def newest_first(self) -> list[Row]:
        """As the table has them."""
        return self.rows[::-1]


def curve_of(points: Sequence[Point], stride: int | None) -> Curve:
    """The curve that these points make."""
    return Curve(rows=[_row(point) for point in points], stride=stride or 1)


def _row(point: Point) -> Row:
    hosts, owners = point.counts["assets"], point.counts["organisations"]
    return Row(
        at=point.at,
        red=hosts["red"],
        yellow=hosts["yellow"],
        green=hosts["green"],
        vanished=hosts["vanished"],
        compromised=hosts["compromised"],
        organisations_red=owners["red"],
        organisations_yellow=owners["yellow"],
        organisations_green=owners["green"],
    )
