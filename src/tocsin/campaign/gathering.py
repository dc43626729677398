"""Gathers rows of feeds by host, and keeps nothing of a single row.

A host has one sighting for each server name, port, feed and set of builds, with the first and the
last row that showed it and the looks in which it was seen. So memory grows with hosts and with
what changes on them, not with rows. The order in which rows arrive makes no difference.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tocsin.campaign.observation import Observation, SeenBuild, normal_address
from tocsin.campaign.sightings import Gathered, Look, Noted, Scan, Sighting, Stamp
from tocsin.campaign.signs import tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from tocsin.campaign.observation import FeedProblem, FeedRow

MAX_SIGHTINGS = 64
"""Sightings kept of one host: a decoy that tells another build each time must not fill memory."""
MAX_NAMES = 32
"""Names of each kind kept of one host."""
MAX_NOTES = 256
"""Signs and claims kept of one host."""
MAX_LOOKS = 4096
"""Looks told apart; beyond them the days of a file are one look."""

_REPORT = re.compile(r"(?:^|/)\d{4}-\d{2}-\d{2}-(\w+-[^/.]+)", re.ASCII)
"""A report's name, and for whom it is: the reports of two recipients hold different hosts.

Source: Shadowserver, report_schema, upcoming-changes.md and examples, 2026."""


class Hosts:
    """Gathers rows of feeds by host."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self._looks: dict[tuple[int, int | None], int] = {}
        self._spans: list[Span] = []
        self._scans: dict[tuple[str, str], int] = {}
        self._files: list[Span] = []
        self._kinds: dict[_Kind, _Kind] = {}
        self.rows = 0
        """Observations taken."""
        self.elsewhere = 0
        """Of these, those in which nothing speaks of Exchange Server or of an intruder."""
        self.nameless = 0
        """Of these, those that name no host: an owner's result without the host it is about."""
        self.unplaced_rows = 0
        """Rows with a sign of compromise, damaged ones too, that name no host."""
        self._unplaced: tuple[_Note, ...] = ()
        self.touched: set[str] | None = None
        """Keys of which rows came since somebody put an empty set here; None where nobody did."""

    def add(self, row: FeedRow) -> None:
        """Take one row. A problem counts where a sign of compromise could be told from it."""
        if not isinstance(row, Observation):
            self._add_problem(row)
            return
        self.rows += 1
        if not row.about_exchange and not row.evidence:
            self.elsewhere += 1
            return
        stamp = Stamp(row.time_utc, row.feed, row.file, row.row)
        key = row.ip or (row.hostname or "").rstrip(".").lower()
        if not key:
            self.nameless += 1
            self._keep_unplaced(row.evidence, stamp)
            return
        host = self._kept.get(key)
        if host is None:
            host = self._kept[key] = Kept()
        if self.touched is not None:
            self.touched.add(key)
        kind = (row.feed, row.builds if row.about_exchange else ())
        kind = self._kinds.setdefault(kind, kind)
        server = row.server_name.upper() if row.server_name else None
        host.see(kind, server, row.port, self._look(row, stamp), stamp)
        for what in row.evidence:
            host.evidence = _noted(host.evidence, what, stamp)
        for what in row.claims:
            host.claims = _noted(host.claims, what, stamp)
        host.take_names(row)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def looks(self) -> tuple[Look, ...]:
        """Every look, in no order."""
        return tuple(Look(scan=one.scan, start=one.start, end=one.end) for one in self._spans)

    @property
    def scans(self) -> tuple[Scan, ...]:
        """Every file, in no order."""
        return tuple(
            Scan(
                feed=one.feed,
                series=series_of(one.feed, one.file),
                file=one.file,
                start=one.start,
                end=one.end,
            )
            for one in self._files
        )

    @property
    def unplaced(self) -> tuple[Noted, ...]:
        """Signs of compromise in rows that name no host: somebody must look at these rows."""
        return _notes(self._unplaced)

    def gathered(self) -> Iterator[Gathered]:
        """What is kept of each host, in order of address, those known by name alone last.

        What is known by a name alone joins the one address that has this name.
        """
        named = self.addresses_by_name({key for key in self._kept if not is_address(key)})
        joined: dict[str, list[str]] = {}
        for name, address in named.items():
            joined.setdefault(address, []).append(name)
        for key in sorted(self._kept, key=_place):
            if key not in named:
                parts = [key, *sorted(joined.get(key, ()))]
                yield _gathered(key, [self._kept[part] for part in parts])

    def scans_by_host(self) -> Iterator[set[int]]:
        """For each host the places of the scans that saw it, among `scans`."""
        for host in self._kept.values():
            mask = 0
            for one in host.seen:
                mask |= one.looks
            yield {self._spans[look].scan for look in _bits(mask)}

    @property
    def spans(self) -> Sequence[Span]:
        """Every look as it is kept; those that come later stand behind."""
        return self._spans

    @property
    def files(self) -> Sequence[Span]:
        """Every scan as it is kept; those that come later stand behind."""
        return self._files

    def kept(self, key: str) -> Kept:
        """What is kept below a key."""
        return self._kept[key]

    def addresses_by_name(self, bare: set[str]) -> dict[str, str]:
        """Of the hosts without an address those that one address has the name of, and which."""
        found: dict[str, set[str]] = {}
        if bare:
            for key, host in self._kept.items():
                if key not in bare:
                    for name in bare.intersection(host.hostnames):
                        found.setdefault(name, set()).add(key)
        return {name: keys.pop() for name, keys in found.items() if len(keys) == 1}

    def _add_problem(self, row: FeedProblem) -> None:
        if not row.evidence:
            return
        stamp = Stamp(None, row.feed, row.file, row.row)
        if row.ip is None:
            self._keep_unplaced(row.evidence, stamp)
            return
        host = self._kept.setdefault(row.ip, Kept())
        if self.touched is not None:
            self.touched.add(row.ip)
        for what in row.evidence:
            host.evidence = _noted(host.evidence, what, stamp)

    def _keep_unplaced(self, evidence: tuple[str, ...], stamp: Stamp) -> None:
        self.unplaced_rows += bool(evidence)
        for what in evidence:
            self._unplaced = _noted(self._unplaced, what, stamp)

    def _look(self, row: Observation, stamp: Stamp) -> int:
        scan = self._scans.setdefault((row.feed, row.file_sha256), len(self._files))
        if scan == len(self._files):
            self._files.append(Span(scan, row.feed, row.file))
        file = self._files[scan]
        file.file = min(file.file, row.file)
        day = stamp.time.toordinal() if stamp.time is not None else None
        if len(self._spans) >= MAX_LOOKS and (scan, day) not in self._looks:
            day = None
        look = self._looks.setdefault((scan, day), len(self._spans))
        if look == len(self._spans):
            self._spans.append(Span(scan, row.feed, row.file))
        if stamp.time is not None:
            file.widen(stamp.time)
            self._spans[look].widen(stamp.time)
        return look


_Kind = tuple[str, tuple[SeenBuild, ...]]


class Span:
    """From when to when the rows of a file, or of one of its days, are."""

    __slots__ = ("end", "feed", "file", "scan", "start")

    def __init__(self, scan: int, feed: str, file: str) -> None:
        self.scan, self.feed, self.file = scan, feed, file
        self.start: datetime | None = None
        self.end: datetime | None = None

    def widen(self, time: datetime) -> None:
        """Reach over this time, too."""
        if self.start is None or time < self.start:
            self.start = time
        if self.end is None or time > self.end:
            self.end = time


@dataclass(slots=True)
class Seen:
    """A sighting while it grows; `looks` has a bit for each."""

    kind: _Kind
    server: str | None
    port: int | None
    looks: int
    first: Stamp
    last: Stamp


@dataclass(slots=True)
class _Note:
    what: str
    first: Stamp
    last: Stamp


@dataclass(slots=True)
class Kept:
    """One host while it grows. Lists of few: a dictionary would be larger than what it holds."""

    seen: list[Seen] = field(default_factory=list)
    evidence: tuple[_Note, ...] = ()
    claims: tuple[_Note, ...] = ()
    hostnames: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    asns: tuple[int, ...] = ()
    countries: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    cut: bool = False

    def see(
        self, kind: _Kind, server: str | None, port: int | None, look: int, stamp: Stamp
    ) -> None:
        """Note that a row shows this. The most that are kept are those seen last."""
        for one in self.seen:
            if one.kind is kind and one.server == server and one.port == port:
                one.looks |= 1 << look
                _widen(one, stamp)
                return
        self.seen.append(Seen(kind, server, port, 1 << look, stamp, stamp))
        if len(self.seen) > MAX_SIGHTINGS:
            self.cut = True
            self.seen.remove(min(self.seen, key=lambda one: one.last.order))

    def take_names(self, row: Observation) -> None:
        """Note what may tell whose it is. Most rows say what others said: look before adding."""
        if row.hostname and (name := row.hostname.rstrip(".").lower()) not in self.hostnames:
            self._more("hostnames", (name,))
        if row.names:
            self._more("names", [name.lower() for name in row.names])
        if row.asn is not None and row.asn not in self.asns:
            self.asns = tuple(sorted({*self.asns, row.asn})[:MAX_NAMES])
        if row.country and row.country not in self.countries:
            self._more("countries", (row.country,))
        if row.sector and row.sector not in self.sectors:
            self._more("sectors", (row.sector,))
        tags = tags_of(row)
        if tags and not set(tags) <= set(self.tags):
            self._more("tags", tags)

    def _more(self, kind: str, found: Iterable[str]) -> None:
        """Keep the first by the alphabet: which are kept must not hang on the order of rows."""
        every = sorted({*getattr(self, kind), *found})
        self.cut = self.cut or len(every) > MAX_NAMES
        setattr(self, kind, tuple(every[:MAX_NAMES]))


def _widen(one: Seen | _Note, stamp: Stamp) -> None:
    if stamp.order < one.first.order:
        one.first = stamp
    elif stamp.order > one.last.order:
        one.last = stamp


def _noted(notes: tuple[_Note, ...], what: str, stamp: Stamp) -> tuple[_Note, ...]:
    for note in notes:
        if note.what == what and note.first.feed == stamp.feed:
            _widen(note, stamp)
            return notes
    return (*notes, _Note(what, stamp, stamp)) if len(notes) < MAX_NOTES else notes


def _gathered(key: str, parts: list[Kept]) -> Gathered:
    def all_of(kind: str) -> tuple[str, ...]:
        return tuple(sorted({one for part in parts for one in getattr(part, kind)}))

    return Gathered(
        key=key,
        ip=key if is_address(key) else None,
        sightings=tuple(
            sorted(
                (sighting_of(one) for part in parts for one in part.seen),
                key=lambda one: (one.last.order, one.first.order, one.builds, one.server or ""),
            )
        ),
        evidence=_notes(note for part in parts for note in part.evidence),
        claims=_notes(note for part in parts for note in part.claims),
        hostnames=all_of("hostnames"),
        names=all_of("names"),
        asns=tuple(sorted({asn for part in parts for asn in part.asns})),
        countries=all_of("countries"),
        sectors=all_of("sectors"),
        tags=all_of("tags"),
        cut=any(part.cut for part in parts),
    )


def sighting_of(one: Seen) -> Sighting:
    """The same as it is told."""
    feed, builds = one.kind
    return Sighting(
        feed=feed,
        server=one.server,
        port=one.port,
        builds=builds,
        first=one.first,
        last=one.last,
        looks=_bits(one.looks),
    )


def _bits(mask: int) -> tuple[int, ...]:
    found = []
    while mask:
        lowest = mask & -mask
        found.append(lowest.bit_length() - 1)
        mask ^= lowest
    return tuple(found)


def _notes(notes: Iterable[_Note]) -> tuple[Noted, ...]:
    return tuple(
        Noted(what=one.what, feed=one.first.feed, first=one.first, last=one.last)
        for one in sorted(notes, key=lambda one: (one.what, one.first.feed, one.first.order))
    )


def series_of(feed: str, file: str) -> str:
    """What a file is one of: a report by its name and recipient, else its feed."""
    report = _REPORT.search(file)
    return f"{feed}:{report[1]}" if report else feed


def is_address(key: str) -> bool:
    """Whether a key is an address, and no name."""
    return (":" in key or key[-1:].isdigit()) and normal_address(key) is not None


def _place(key: str) -> tuple[int, int, str]:
    """IPv4, IPv6, names."""
    if not is_address(key):
        return 9, 0, key
    address = ipaddress.ip_address(key)
    return address.version, int(address), key
