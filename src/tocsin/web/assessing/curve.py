"""How a campaign stood at the end of each day, worked out while its rows go by in order of time.

A point says what the rows up to that day tell, judged by today's knowledge and owners. At most
`MAX_POINTS` are made: where a campaign is longer, every second day, every third, and so on, by
the calendar, so that the same days are kept when it grows. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum

from tocsin.campaign.gathering import Hosts
from tocsin.campaign.merge import Colour
from tocsin.campaign.nodes import Rules
from tocsin.campaign.standing import Standing, Stood
from tocsin.web.imports.rows import key_of

MAX_POINTS = 120
Counts = dict[str, dict[str, int]]


class Stand(IntEnum):
    """How a host stands, the worst last: an organisation stands as its worst host."""

    NOWHERE = 0
    VANISHED = 1
    GREEN = 2
    YELLOW = 3
    RED = 4
    COMPROMISED = 5


_OF_COLOUR = {Colour.GREEN: Stand.GREEN, Colour.YELLOW: Stand.YELLOW, Colour.RED: Stand.RED}


def stand_of(host: Stood) -> Stand:
    """How one host stands, as `tocsin.campaign.totals` counts it."""
    if host.compromised:
        return Stand.COMPROMISED
    return Stand.VANISHED if host.vanished else _OF_COLOUR[host.colour]


def counted(stands: Mapping[int, int]) -> dict[str, int]:
    """So many of each; those with signs of compromise are among the red."""
    return {
        "red": stands.get(Stand.RED, 0) + stands.get(Stand.COMPROMISED, 0),
        "yellow": stands.get(Stand.YELLOW, 0),
        "green": stands.get(Stand.GREEN, 0),
        "compromised": stands.get(Stand.COMPROMISED, 0),
        "vanished": stands.get(Stand.VANISHED, 0),
    }


def stride_of(first: date, last: date) -> int:
    """Every how many days a point is made, so that there are not too many."""
    days = (last - first).days + 1
    # One more may stand at the end, which is no day of the grid.
    return max(1, -(-days // (MAX_POINTS - 1)))


def is_kept(day: date, stride: int) -> bool:
    """Whether a day is one of the grid."""
    return day.toordinal() % stride == 0


def end_of(day: date) -> datetime:
    """The last second of a day, UTC."""
    return datetime.combine(day, time(23, 59, 59), UTC)


@dataclass(slots=True, kw_only=True)
class Curve:
    """Makes the points from the day `since` on.

    Call `before` for each row before it is gathered, and `finish` at the end.
    """

    hosts: Hosts
    cves: tuple[str, ...]
    rules: Rules
    stride: int
    since: date
    _standing: Standing = field(init=False)
    _places: dict[str, int] = field(default_factory=dict)
    _points: dict[date, bytearray] = field(default_factory=dict)
    _day: date | None = None
    _until: datetime | None = None

    def __post_init__(self) -> None:
        self._standing = Standing(self.hosts, self.cves, self.rules)

    def before(self, when: datetime) -> None:
        """A row of this time comes: are the days before it at their end?"""
        if self._until is not None and when < self._until:
            return
        if self._day is not None:
            self._make(self._day)
        day = when.astimezone(UTC).date()
        self._day = day + timedelta(days=-day.toordinal() % self.stride)
        self._until = datetime.combine(self._day + timedelta(days=1), time(), UTC)

    def finish(self, last: datetime | None) -> None:
        """Make the last point, which is that of the newest row's day."""
        if self._day is not None and last is not None:
            self._make(min(self._day, last.astimezone(UTC).date()))

    def points(self, owners: Mapping[str, int | None]) -> dict[datetime, Counts]:
        """By time, the counts of hosts and of the organisations that own them."""
        owned = [owners.get(key_of(key)) for key in self._places]
        return {
            end_of(day): {
                "assets": counted(Counter(stands)),
                "organisations": counted(_worst(stands, owned)),
            }
            for day, stands in self._points.items()
        }

    def _make(self, day: date) -> None:
        if day < self.since:
            return
        places = self._places
        stands = bytearray(len(self.hosts))
        for host in self._standing.now():
            stands[places.setdefault(host.key, len(places))] = stand_of(host)
        self._points[day] = stands


def _worst(stands: bytearray, owned: Sequence[int | None]) -> Counter[int]:
    worst: dict[int, int] = {}
    for stand, owner in zip(stands, owned, strict=False):
        if owner is not None and stand > worst.get(owner, 0):
            worst[owner] = stand
    return Counter(worst.values())
