"""What three feeds see of a country: the files, and in each the rows that tell of a host.

The days do not overlap: Shadowserver's rows come first, Shodan's follow, the scan of one's own is
last, and what changes on a server changes at night. So the order of everything is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import Enum
from random import Random
from typing import TYPE_CHECKING

from tocsin.web.demonstration.country import Depth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.web.demonstration.country import Country, Host, Server
    from tocsin.web.demonstration.releases import Install

_MISSED = 0.04
"""The share of hosts that a daily report lacks for no reason."""
_BAD = 0.0015
_ELSEWHERE = 0.02


class Source(Enum):
    """The three feeds, with the hours (UTC) in which their rows are and the name of a file."""

    DAILY = ("shadowserver", 0, 6, "{day}-scan_exchange-northland.csv")
    CRAWL = ("shodan", 8, 14, "shodan-{day}.json")
    SCAN = ("nmap", 16, 20, "nmap-{day}.xml")

    def __init__(self, feed: str, begins: int, ends: int, file: str) -> None:
        self.feed, self.begins, self.ends, self.file = feed, begins, ends, file


class Damage(Enum):
    """What is wrong with a row."""

    CUT = "cut"
    BAD_VALUE = "bad value"
    BAD_TIME = "bad time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One row: a server at a time, and how much of its build can be seen.

    What is `damaged` tells nothing but `web_shell`. What is `elsewhere` speaks of another service.
    """

    at: datetime
    host: Host
    server: Server
    install: Install
    depth: Depth
    web_shell: bool = False
    damaged: Damage | None = None
    elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a feed, its rows in order of time."""

    source: Source
    day: int
    name: str
    looks: tuple[Look, ...]


def make_files(country: Country) -> tuple[File, ...]:
    """All files, in order of time; the last one is the daily report of the last day."""
    random = Random(country.seed + 1)  # noqa: S311 an invented country, no secret
    days = country.period.days
    crawls = sorted({at for at in range(days - 1) if at % 3 == 0} | {days - 2})
    scans = sorted({days // 2 - 1, days - 2})
    missed = _missed(random, country)
    found = []
    for day in range(days):
        found.append(_daily(random, country, day, missed))
        if day in crawls:
            found.append(_crawl(random, country, day, crawls.index(day)))
        if day in scans:
            found.append(_scan(random, country, day))
    return tuple(found)


def _missed(random: Random, country: Country) -> dict[str, frozenset[int]]:
    """The days on which the daily report lacks a host: never two together, never the first."""
    found = {}
    for host in country.hosts:
        days: set[int] = set()
        life = host.servers[0].life
        first = next(at for at, one in enumerate(life) if one is not None)
        for day in range(first + 1, country.period.days):
            if random.random() < _MISSED and day - 1 not in days:
                days.add(day)
        found[host.ip] = frozenset(days)
    return found


def _daily(random: Random, country: Country, day: int, missed: dict[str, frozenset[int]]) -> File:
    def looks() -> Iterator[Look]:
        for host in country.hosts:
            # Two servers behind one address answer in turn.
            server = host.servers[day % len(host.servers)]
            install = server.life[day]
            if host.sight.daily is Depth.UNSEEN or install is None or day in missed[host.ip]:
                continue
            shell = host.web_shell_from is not None and day >= host.web_shell_from
            at = _moment(random, country, Source.DAILY, day)
            look = Look(
                at=at,
                host=host,
                server=server,
                install=install,
                depth=host.sight.daily,
                web_shell=shell,
            )
            yield look
            if random.random() < _BAD:
                yield _damaged(look, random.choice(tuple(Damage)))

    return _file(country, Source.DAILY, day, looks())


def _crawl(random: Random, country: Country, day: int, number: int) -> File:
    def looks() -> Iterator[Look]:
        for host in country.hosts:
            server = host.servers[number % len(host.servers)]
            install = server.life[day]
            until = host.sight.crawled_until
            if (
                host.sight.crawled is Depth.UNSEEN
                or install is None
                or (until is not None and day > until)
            ):
                continue
            at = _moment(random, country, Source.CRAWL, day)
            look = Look(at=at, host=host, server=server, install=install, depth=host.sight.crawled)
            yield look
            if random.random() < _BAD:
                yield _damaged(look, Damage.CUT)

    return _file(country, Source.CRAWL, day, looks())


def _scan(random: Random, country: Country, day: int) -> File:
    def looks() -> Iterator[Look]:
        for host in country.hosts:
            install = host.servers[0].life[day]
            if host.sight.scanned is Depth.UNSEEN or install is None or len(host.servers) > 1:
                continue
            at = _moment(random, country, Source.SCAN, day)
            look = Look(
                at=at,
                host=host,
                server=host.servers[0],
                install=install,
                depth=host.sight.scanned,
            )
            yield look
            if random.random() < _ELSEWHERE:
                yield Look(
                    at=at,
                    host=host,
                    server=host.servers[0],
                    install=install,
                    depth=Depth.NOTHING,
                    elsewhere=True,
                )
            if random.random() < _BAD:
                yield _damaged(look, Damage.BAD_VALUE)

    return _file(country, Source.SCAN, day, looks())


def _damaged(look: Look, how: Damage) -> Look:
    """The same row once more, as it arrives when something goes wrong on the way."""
    return Look(
        at=look.at,
        host=look.host,
        server=look.server,
        install=look.install,
        depth=Depth.NOTHING,
        web_shell=look.web_shell,
        damaged=how,
    )


def _moment(random: Random, country: Country, source: Source, day: int) -> datetime:
    begin = datetime.combine(country.period.day(day), time(source.begins), UTC)
    return begin + timedelta(seconds=random.randrange(60, 3600 * (source.ends - source.begins)))


def _file(country: Country, source: Source, day: int, looks: Iterator[Look]) -> File:
    return File(
        source=source,
        day=day,
        name=source.file.format(day=country.period.day(day)),
        looks=tuple(sorted(looks, key=lambda one: one.at)),
    )
