"""What owners of the invented country say that they installed, and who of them is mistaken.

Some had the update where feeds show three parts of the build, and cannot tell. One believes to
have it while a crawler goes on to read the old build. Pure, and out of the same seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tocsin.web.demonstration.country import Depth
from tocsin.web.demonstration.looks import Source
from tocsin.web.demonstration.truth import RED, YELLOW, truth_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from tocsin.web.demonstration.country import Country, Host
    from tocsin.web.demonstration.looks import File
    from tocsin.web.demonstration.releases import Install
    from tocsin.web.demonstration.truth import Known

_MOST = 6


class OwnersWord(NamedTuple):
    """A result of `tocsin hunt` in which an owner of `host` shows the build `says` on a day.

    `stands` where nothing that was seen from outside speaks against it.
    """

    host: Host
    server: str
    says: Install
    day: date
    stands: bool


def owners_words(country: Country, files: Sequence[File]) -> tuple[OwnersWord, ...]:
    """Those of the owners who are right, and then of the one who is mistaken."""
    known = [one for one in truth_of(files).known.values() if _speaks(one)]
    return (*list(_right(country, known))[:_MOST], *list(_wrong(country, files, known))[:1])


def _speaks(one: Known) -> bool:
    """Hosts with one server, whose owner everybody knows, and which are there."""
    host = one.host
    return (
        len(host.servers) == 1
        and host.servers[0].name is not None
        and host.servers[0].life[-1] is not None
        and host.told_owner is not None
        and not (host.is_decoy or one.vanished or one.web_shell)
    )


def _right(country: Country, known: Sequence[Known]) -> Iterator[OwnersWord]:
    """Updated, and no feed reads more than three parts."""
    day = country.period.day(country.period.days - 2)
    for one in known:
        sight, server = one.host.sight, one.host.servers[0]
        says = server.life[-2]
        depths = {sight.daily, sight.crawled, sight.scanned}
        if one.colour != YELLOW or Depth.FOUR in depths or server.name is None:
            continue
        if says is not None and says.is_open is False and says == server.life[-1]:
            yield OwnersWord(one.host, server.name, says, day, stands=True)


def _wrong(
    country: Country, files: Sequence[File], known: Sequence[Known]
) -> Iterator[OwnersWord]:
    """Open all the time, which the crawler reads again after the owner has spoken."""
    crawled = [file for file in files[:-1] if file.source is Source.CRAWL][-1]
    read = {one.host.ip for one in crawled.looks if one.depth is Depth.FOUR and not one.damaged}
    fixed = {
        install.three: install
        for one in known
        for install in one.host.servers[0].life
        if install is not None and install.is_open is False
    }
    for one in known:
        server = one.host.servers[0]
        runs = server.life[-1]
        if one.colour != RED or one.host.ip not in read or runs is None or server.name is None:
            continue
        if set(server.life) == {runs} and runs.is_open and runs.three in fixed:
            day = country.period.day(crawled.day - 1)
            yield OwnersWord(one.host, server.name, fixed[runs.three], day, stands=False)
