"""What changed on a host over time: first seen, fixed, vulnerable again, vanished, back.

A change lies between two looks, never at a time of its own, and only what was seen counts: a look
that tells nothing changes nothing. Vanished is not fixed: the host is missing in later scans of a
feed that saw others. Where two looks overlap in time, their order is unknown: no change is told.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate, zip_longest
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from tocsin.campaign.exposure import NOT_OPEN, counting, judge_builds
from tocsin.knowledge.status import StatusWord

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from tocsin.campaign.nodes import Node, Rules
    from tocsin.campaign.observation import SeenBuild
    from tocsin.campaign.sightings import Look, Scan, Sighting
    from tocsin.knowledge.builds import Number

WHOLE = 0.5
"""A scan that saw fewer hosts than this share of what is usual broke off, or asked for others."""
_REMEMBERED = 2**12
_NEVER = datetime.max.replace(tzinfo=UTC)


class Change(StrEnum):
    """What changed."""

    FIRST_SEEN = "first_seen"
    FIXED = "fixed"
    VULNERABLE_AGAIN = "vulnerable_again"
    VANISHED = "vanished"
    BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A change of a host, or of one of its servers and one CVE, between two times (UTC).

    `after` is the last time that the earlier state was seen, None for the first sight. `before` is
    when the later state was seen: for `vanished`, the end of the first scan without the host.
    `cve` and `server` are None where the host as a whole is meant; `builds` are those before and
    after.
    """

    change: Change
    after: datetime | None
    before: datetime
    cve: str | None = None
    server: str | None = None
    builds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """When feeds looked: all looks, all scans, and the scans of each series that were whole.

    `starts` are the starts of `whole`, by series.
    """

    looks: tuple[Look, ...]
    scans: tuple[Scan, ...]
    whole: Mapping[str, tuple[Scan, ...]]
    starts: Mapping[str, tuple[datetime, ...]]


def timeline(
    looks: tuple[Look, ...], scans: tuple[Scan, ...], hosts: Iterable[Collection[int]]
) -> Timeline:
    """Find the scans whose silence about a host says something.

    `hosts` holds for each host the scans that saw it. Scans of one series that share no host, not
    even by way of others, looked for other hosts: they are series of their own from here on. A
    scan counts if it has times, saw at least half as many hosts as is usual in its series, and one
    of them had been seen before: else it broke off, or looked elsewhere.
    """
    sizes, known, roots = _sizes(scans, hosts)
    scans = tuple(
        replace(scan, series=f"{scan.series}#{root}")
        for scan, root in zip(scans, roots, strict=True)
    )
    whole: dict[str, list[Scan]] = {}
    alike: dict[str, list[int]] = {}
    for at, scan in enumerate(scans):
        alike.setdefault(scan.series, []).append(sizes[at])
    usual = {series: median(found) for series, found in alike.items()}
    for at, scan in enumerate(scans):
        if scan.start is None or not known[at] or sizes[at] < WHOLE * usual[scan.series]:
            continue
        whole.setdefault(scan.series, []).append(scan)
    in_order = {name: tuple(sorted(found, key=_span)) for name, found in whole.items()}
    return Timeline(
        looks=looks,
        scans=scans,
        whole=in_order,
        starts={name: tuple(map(_start, found)) for name, found in in_order.items()},
    )


def transitions(
    sightings: Sequence[Sighting],
    nodes: Sequence[Node],
    cves: Sequence[str],
    when: Timeline,
    rules: Rules,
) -> tuple[Transition, ...]:
    """Every change of one host, in order of time. Pure."""
    observed = [one for one in sightings if not one.is_claim]
    found = [
        *_presence(observed, when, rules),
        *(change for node in nodes for change in _of_node(node, cves, when)),
    ]
    return tuple(
        sorted(found, key=lambda one: (one.before, one.change, one.cve or "", one.server or ""))
    )


class _Moment(NamedTuple):
    """A look at one host or server, and what is certain of when it was seen in it.

    Nothing was seen before `low` or after `high`. It was seen at `sure_by` or earlier, and at
    `sure_from` or later.
    """

    high: datetime
    low: datetime
    sure_from: datetime
    sure_by: datetime
    series: str
    builds: tuple[SeenBuild, ...]


def _presence(observed: Sequence[Sighting], when: Timeline, rules: Rules) -> Iterator[Transition]:
    moments = _moments(observed, when)
    if not moments:
        return
    first = min(one.sure_by for one in moments)
    yield Transition(change=Change.FIRST_SEEN, after=None, before=first)
    # From each moment on the earliest that something was seen; after the last nothing was.
    lows = list(accumulate((one.low for one in reversed(moments)), min))[::-1]
    seen_by: set[str] = set()
    for at, (moment, until) in enumerate(zip_longest(moments, lows[1:])):
        seen_by.add(moment.series)
        gap = _absent(moment.high, until, seen_by, when, rules)
        if not gap:
            continue
        missed = min(scan.end for scan in gap if scan.end is not None)
        yield Transition(change=Change.VANISHED, after=moment.sure_from, before=missed)
        if until is not None:
            last = max(scan.start for scan in gap if scan.start is not None)
            back = min(one.sure_by for one in moments[at + 1 :])
            yield Transition(change=Change.BACK, after=last, before=back)


def _absent(
    after: datetime,
    until: datetime | None,
    series: Collection[str],
    when: Timeline,
    rules: Rules,
) -> list[Scan]:
    """The whole scans between two moments, of those series that have enough of them there."""
    found: list[Scan] = []
    for name in series:
        starts = when.starts.get(name, ())
        begin = bisect_right(starts, after)
        end = len(starts) if until is None else bisect_left(starts, until, begin)
        if end - begin < rules.absent_after or begin == end:
            continue
        scans = when.whole[name]
        missing = [scan for scan in scans[begin:end] if until is None or _end(scan) < until]
        if len(missing) >= rules.absent_after:
            found += missing
    return found


def _of_node(node: Node, cves: Sequence[str], when: Timeline) -> Iterator[Transition]:
    if len({one.builds for one in node.sightings if one.builds}) < 2:
        return
    moments = [
        moment._replace(builds=_together(moment.builds, one_server=node.is_named))
        for moment in _moments(node.sightings, when)
        if moment.builds
    ]
    for cve in cves:
        yield from _of_cve(node, moments, cve)


def _of_cve(node: Node, moments: Sequence[_Moment], cve: str) -> Iterator[Transition]:
    """Go through the looks; of two that overlap the worse counts, and no change is told."""
    last: tuple[bool, _Moment] | None = None
    for moment in moments:
        is_open = _is_open(moment.builds, cve)
        if is_open is None:
            continue
        if last is not None and is_open is not last[0]:
            before = last[1]
            if moment.low <= before.high:
                last = (True, moment) if is_open else last
                continue
            yield Transition(
                change=Change.VULNERABLE_AGAIN if is_open else Change.FIXED,
                after=before.sure_from,
                before=moment.sure_by,
                cve=cve,
                server=node.name or None,
                builds=(_told(before.builds), _told(moment.builds)),
            )
        last = is_open, moment


def _is_open(builds: tuple[SeenBuild, ...], cve: str) -> bool | None:
    """Whether a look shows it vulnerable, or shows it fixed; None where it does neither."""
    status = judge_builds(builds, (cve,))[cve].status
    if status is StatusWord.VULNERABLE:
        return True
    return False if status in NOT_OPEN else None


def _moments(sightings: Iterable[Sighting], when: Timeline) -> list[_Moment]:
    """The looks with a time, in order of their ends; all of one look are one moment."""
    found: dict[int, _Moment] = {}
    for one in sightings:
        for at in one.looks:
            moment = _moment(one, when.looks[at], when.scans[when.looks[at].scan])
            if moment is not None:
                known = found.get(at)
                found[at] = moment if known is None else _both(known, moment)
    return sorted(found.values())


def _both(one: _Moment, other: _Moment) -> _Moment:
    """Two of one look."""
    return _Moment(
        high=max(one.high, other.high),
        low=min(one.low, other.low),
        sure_from=max(one.sure_from, other.sure_from),
        sure_by=min(one.sure_by, other.sure_by),
        series=one.series,
        builds=one.builds + other.builds,
    )


def _moment(one: Sighting, look: Look, scan: Scan) -> _Moment | None:
    """One sighting in one look: its first and last rows have times of their own."""
    if look.start is None or look.end is None:
        return None
    low, high = look.start, look.end
    sure_from, sure_by = low, high
    if one.first.file == scan.file and one.first.time and low <= one.first.time <= high:
        low = sure_by = one.first.time
    if one.last.file == scan.file and one.last.time and low <= one.last.time <= high:
        high = sure_from = one.last.time
    return _Moment(
        high=high,
        low=low,
        sure_from=max(sure_from, low),
        sure_by=min(sure_by, high),
        series=scan.series,
        builds=one.builds,
    )


@lru_cache(maxsize=_REMEMBERED)
def _together(builds: tuple[SeenBuild, ...], *, one_server: bool) -> tuple[SeenBuild, ...]:
    """The builds of one look; of one server the highest of each cumulative update.

    Each answer of a server is a lower bound of what is installed.
    """
    found = sorted(set(builds))
    if not one_server:
        return tuple(found)
    highest: dict[Number, Number] = {}
    for build, how in found:
        number = counting(build, how)
        if number is not None:
            highest[number[:3]] = max(number, highest.get(number[:3], ()))
    return tuple(
        (build, how)
        for build, how in found
        if (number := counting(build, how)) is None or number == highest[number[:3]]
    )


def _told(builds: Sequence[SeenBuild]) -> str:
    return " and ".join(dict.fromkeys(build for build, _ in builds))


def _sizes(
    scans: Sequence[Scan], hosts: Iterable[Collection[int]]
) -> tuple[list[int], list[int], list[int]]:
    """How many hosts each scan saw, how many of them an earlier one saw, and for which it stands.

    The last is one scan for all of a series that share hosts.
    """
    sizes, known, parents = [0] * len(scans), [0] * len(scans), list(range(len(scans)))
    for seen in hosts:
        by_series: dict[str, list[int]] = {}
        for at in seen:
            sizes[at] += 1
            if scans[at].start is not None:
                by_series.setdefault(scans[at].series, []).append(at)
        for found in by_series.values():
            found.sort(key=lambda at: (_span(scans[at]), scans[at].file))
            for at in found[1:]:
                known[at] += 1
                parents[_root(parents, at)] = _root(parents, found[0])
    return sizes, known, [_root(parents, at) for at in range(len(scans))]


def _root(parents: list[int], at: int) -> int:
    while parents[at] != at:
        parents[at] = at = parents[parents[at]]
    return at


def _span(scan: Scan) -> tuple[datetime, datetime]:
    return _start(scan), _end(scan)


def _start(scan: Scan) -> datetime:
    return scan.start or _NEVER


def _end(scan: Scan) -> datetime:
    return scan.end or _NEVER
