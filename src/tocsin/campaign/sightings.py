"""What is kept of all observations: for each host what was seen, from when to when, and where.

`tocsin.campaign.gathering` makes it out of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tocsin.campaign.observation import Method

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tocsin.campaign.observation import SeenBuild

OWNERS = "hunt"
"""The feed of what owners report of themselves."""


class Stamp(NamedTuple):
    """A row and its time, UTC; `row` is None where a problem speaks of the whole file."""

    time: datetime | None
    feed: str
    file: str
    row: int | None

    @property
    def order(self) -> tuple[bool, float, str, str, int]:
        """Oldest first; what has no time comes before everything."""
        dated = self.time is not None
        seconds = self.time.timestamp() if self.time is not None else 0.0
        return dated, seconds, self.feed, self.file, self.row or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one file shows of one day (UTC). `scan` is the file's place among `Gathered.scans`.

    `start` and `end` are the first and the last time of its rows, None where rows have none.
    """

    scan: int
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One file of a feed: hosts that are missing in it were not seen then.

    Files of one `series` look for the same: a report of Shadowserver by its name and recipient,
    else the feed.
    """

    feed: str
    series: str
    file: str
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One server behind a host as a feed saw it, alike from `first` to `last`.

    `server` is what it calls itself, in capitals. `builds` is empty where none was seen. `looks`
    are the places among `Gathered.looks`.
    """

    feed: str
    server: str | None
    port: int | None
    builds: tuple[SeenBuild, ...]
    first: Stamp
    last: Stamp
    looks: tuple[int, ...]

    @property
    def is_claim(self) -> bool:
        """Whether it is the owner's word, and no observation."""
        return is_claim(self.feed, self.builds)


def is_claim(feed: str, builds: Iterable[SeenBuild]) -> bool:
    """Whether what a feed shows is the owner's word."""
    return feed == OWNERS or any(how is Method.OWNER_CLAIM for _, how in builds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A sign of compromise, or a CVE that a feed claims: which, by which feed, first and last."""

    what: str
    feed: str
    first: Stamp
    last: Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """All that is kept of one host. `key` is its address, or its name where it has none.

    `cut` says that there was more than is kept of a host.
    """

    key: str
    ip: str | None
    sightings: tuple[Sighting, ...]
    evidence: tuple[Noted, ...]
    claims: tuple[Noted, ...]
    hostnames: tuple[str, ...]
    names: tuple[str, ...]
    asns: tuple[int, ...]
    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    tags: tuple[str, ...]
    cut: bool
