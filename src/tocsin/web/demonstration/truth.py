"""What is true of an invented country, and what its feeds allow to be known of it.

This is worked out from what the generator itself did, and never by asking `tocsin.campaign`: it is
what the desk's numbers are tested against. It is short because the country is well-behaved: days
do not overlap, a server has one build a day, and only the daily report decides who vanished.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from tocsin.web.demonstration.country import Depth
from tocsin.web.demonstration.looks import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tocsin.web.demonstration.country import Country, Host
    from tocsin.web.demonstration.looks import File, Look
    from tocsin.web.demonstration.organisations import Organisation

_OPEN_HOLDS = timedelta(days=7)
_ABSENT_AFTER = 2
RED, YELLOW, GREEN = "red", "yellow", "green"
_WORST_FIRST = (RED, YELLOW, GREEN)


class Event(NamedTuple):
    """A change of a host that feeds show, and the day of the file that shows it first.

    `change` is a word of the desk; `server` is empty where the host as a whole is meant.
    """

    host: str
    change: str
    day: int
    server: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What can be known of one host: `colour` counts even where it vanished.

    `servers` are the colours of what answers behind the address.
    """

    host: Host
    colour: str
    servers: tuple[str, ...]
    web_shell: bool
    vanished: bool
    events: tuple[Event, ...]

    @property
    def counted(self) -> str:
        """Under which of the totals it is: who vanished is in none of the colours."""
        return "vanished" if self.vanished and not self.web_shell else self.colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Everything that the desk is asked about."""

    known: dict[str, Known]
    rows: dict[str, int]
    bad_rows: dict[str, int]

    @property
    def hosts(self) -> Counter[str]:
        """Hosts by what they are counted as."""
        return Counter(one.counted for one in self.known.values())

    @property
    def servers(self) -> Counter[str]:
        """Servers by what they are counted as: all of a host that vanished have vanished."""
        return Counter(
            "vanished" if one.counted == "vanished" else colour
            for one in self.known.values()
            for colour in one.servers
        )

    @property
    def web_shells(self) -> int:
        """Hosts with a web shell."""
        return sum(one.web_shell for one in self.known.values())

    @property
    def owned(self) -> dict[str, Counter[str]]:
        """For each organisation that hosts are told to be of: its hosts by what they count as."""
        found: dict[str, Counter[str]] = {}
        for one in self.known.values():
            if one.host.told_owner is not None:
                found.setdefault(one.host.told_owner.name, Counter())[one.counted] += 1
        return found

    @property
    def events(self) -> frozenset[Event]:
        """All changes of all hosts."""
        return frozenset(event for one in self.known.values() for event in one.events)


def truth_of(files: Sequence[File]) -> Truth:
    """What these files, in order of time, allow to be known."""
    seen: dict[str, list[tuple[int, Look]]] = {}
    shells: set[str] = set()
    for at, file in enumerate(files):
        for look in file.looks:
            if look.web_shell:
                shells.add(look.host.ip)
            if not look.damaged and not look.elsewhere:
                seen.setdefault(look.host.ip, []).append((at, look))
    return Truth(
        known={ip: _known(looks, files, has_shell=ip in shells) for ip, looks in seen.items()},
        rows={file.name: len(file.looks) for file in files},
        bad_rows={file.name: sum(bool(one.damaged) for one in file.looks) for file in files},
    )


def news_of_the_last(files: Sequence[File]) -> frozenset[Event]:
    """What only the last file makes known."""
    return truth_of(files).events - truth_of(files[:-1]).events


def owners_of(country: Country) -> dict[str, Organisation | None]:
    """Each address that is seen, and whose its network and names tell it to be."""
    return {host.ip: host.told_owner for host in country.hosts if host.is_seen}


def _known(looks: list[tuple[int, Look]], files: Sequence[File], *, has_shell: bool) -> Known:
    host = looks[0][1].host
    servers: dict[str, list[tuple[int, Look]]] = {}
    for at, look in looks:
        servers.setdefault(look.server.name or "", []).append((at, look))
    events = [
        *_presence(host.ip, [at for at, _ in looks], files),
        *(event for one in servers.values() for event in _changes(one, files)),
    ]
    presence = [one for one in events if one.change in {"vanished", "back"}]
    colours = [
        RED if has_shell else _colour([look for _, look in one]) for one in servers.values()
    ]
    return Known(
        host=host,
        colour=min(colours, key=_WORST_FIRST.index),
        servers=tuple(colours),
        web_shell=has_shell,
        vanished=bool(presence) and presence[-1].change == "vanished",
        events=tuple(events),
    )


def _colour(looks: list[Look]) -> str:
    return {True: RED, None: YELLOW, False: GREEN}[_is_open(looks)]


def _is_open(looks: list[Look]) -> bool | None:
    """What is known of one server in the end.

    Three parts tell the cumulative update. All four, seen of this one before, tell the rest: that
    it is fixed for good, and that it is open for some days, since updates come on any day.
    """
    told = [look for look in looks if look.depth in {Depth.THREE, Depth.FOUR}]
    if not told:
        return None
    newest = told[-1].install
    full = [
        look for look in told if look.depth is Depth.FOUR and look.install.three == newest.three
    ]
    if not full:
        return newest.coarse
    last = full[-1]
    if last.install.is_open and looks[-1].at - last.at > _OPEN_HOLDS:
        return newest.coarse
    return last.install.is_open


def _changes(looks: list[tuple[int, Look]], files: Sequence[File]) -> Iterator[Event]:
    """Where one look shows a server open and the next that shows anything shows it fixed."""
    last: bool | None = None
    for at, look in looks:
        shown = {Depth.FOUR: look.install.is_open, Depth.THREE: look.install.coarse}.get(
            look.depth
        )
        if shown is None:
            continue
        if last is not None and shown is not last:
            change = "vulnerable_again" if shown else "fixed"
            yield Event(look.host.ip, change, files[at].day, look.server.name or "")
        last = shown


def _presence(ip: str, seen: list[int], files: Sequence[File]) -> Iterator[Event]:
    """Two daily reports in a row that lack a host which they had: it vanished with the first."""
    yield Event(ip, "first_seen", files[seen[0]].day)
    had = False
    for at, until in zip(seen, [*seen[1:], None], strict=True):
        had = had or files[at].source is Source.DAILY
        missing = [one for one in files[at + 1 : until] if one.source is Source.DAILY]
        if had and len(missing) >= _ABSENT_AFTER:
            yield Event(ip, "vanished", missing[0].day)
            if until is not None:
                yield Event(ip, "back", files[until].day)
