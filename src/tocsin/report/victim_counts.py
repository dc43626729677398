"""Counts over many results: how many hosts of each sector are how bad, with what they stand on.

Only what was hunted is counted. A share says something about a whole sector only if those hunted
are like those that were not, which is seldom so: whoever suspects something has it looked at.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from tocsin.model.grade import Assurance, Level
from tocsin.report.intervals import wilson
from tocsin.report.victims import owner_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from tocsin.report.victims import Victim

SCHEMA = "tocsin.summary/1"
UNKNOWN = "not listed"
"""The group of hosts of which the list of owners tells nothing."""
_BROKEN_INTO = (Level.COMPROMISED, Level.EXPLOITED)
NOTE = (
    "Counted are hosts that were hunted, not all that there are. The intervals (95 %, Wilson) "
    "hold for a whole sector only if the hosts that were hunted are a random sample of it; mostly "
    "they are not. First traces are the first that logs still held: the break-in may be older. An "
    "overlap with a group's published ways is no attribution."
)


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the summary, as `tocsin summary --json` prints it."""


class Share(_Part, frozen=True, kw_only=True):
    """So many of so many hosts; `low` and `high` are the interval, None where `of` is 0."""

    hosts: int
    of: int
    low: float | None
    high: float | None


class LevelCount(_Part, frozen=True, kw_only=True):
    """The hosts that rank as a level."""

    level: Level
    share: Share


class PackCount(_Part, frozen=True, kw_only=True):
    """One pack: `of` counts the hosts that it applies to; `undecided` those without a level."""

    pack: str
    broken_into: Share
    levels: dict[str, int]
    undecided: int


class ChainCount(_Part, frozen=True, kw_only=True):
    """CVEs that findings name together: on how many hosts they succeeded, or were only tried."""

    cves: tuple[str, ...]
    succeeded: Share
    tried: Share


class OverlapCount(_Part, frozen=True, kw_only=True):
    """How often an overlap with a group was told, in these words. Of hosts broken into."""

    wording: str
    group: str
    share: Share


class FirstSeen(_Part, frozen=True, kw_only=True):
    """The first traces of break-ins, UTC: `hosts` of the `of` broken into have a time.

    `weeks` counts them by the Monday of their week.
    """

    hosts: int
    of: int
    earliest: str | None
    median: str | None
    latest: str | None
    weeks: dict[str, int]


class Group(_Part, frozen=True, kw_only=True):
    """The hosts of one sector, organisation or country, or all of them.

    `listed` counts the hosts that the list of owners has for it, hunted or not (None without a
    list). `broken_into` are compromised or exploited. `at_most` adds the inconclusive: any of them
    may be. `complete` counts hosts whose verdict rests on complete evidence.
    """

    name: str
    hosts: int
    listed: int | None
    complete: int
    broken_into: Share
    at_most: Share
    levels: tuple[LevelCount, ...]
    packs: tuple[PackCount, ...]
    chains: tuple[ChainCount, ...]
    overlaps: tuple[OverlapCount, ...]
    first_seen: FirstSeen


class Summary(_Part, frozen=True, kw_only=True):
    """All groups. `repeated` counts results about a host that a later one replaced.

    `same_name` are names that hosts of several sources have: each source counts as a host.
    """

    schema: str
    results: int
    repeated: int
    same_name: tuple[str, ...]
    by: str | None
    all_hosts: Group
    groups: tuple[Group, ...]
    note: str


def summary(
    results: Sequence[Sequence[Victim]],
    owners: Mapping[str, dict[str, str]] | None = None,
    by: str = "sector",
) -> Summary:
    """Count the hosts of many results, in all and for each value of `by` in the list of owners.

    A host with the same name and source as one before takes its place.
    """
    every = [victim for result in results for victim in result]
    hosts = list({(one.name, one.source): one for one in every}.values())
    names = Counter(one.name for one in hosts)
    listed = Counter(told.get(by, UNKNOWN) for told in (owners or {}).values())
    parts: dict[str, list[Victim]] = {name: [] for name in sorted(listed)}
    for one in hosts if owners is not None else ():
        parts.setdefault(owner_of(one, owners or {}).get(by, UNKNOWN), []).append(one)
    return Summary(
        schema=SCHEMA,
        results=len(results),
        repeated=len(every) - len(hosts),
        same_name=tuple(sorted(name for name, number in names.items() if number > 1)),
        by=by if owners is not None else None,
        all_hosts=_group("all", hosts, None if owners is None else len(owners)),
        groups=tuple(_group(name, parts[name], listed[name]) for name in sorted(parts)),
        note=NOTE,
    )


def _group(name: str, hosts: Sequence[Victim], listed: int | None) -> Group:
    broken = [one for one in hosts if one.level in _BROKEN_INTO]
    doubtful = sum(one.level is Level.INCONCLUSIVE for one in hosts)
    levels = Counter(one.level for one in hosts)
    return Group(
        name=name,
        hosts=len(hosts),
        listed=listed,
        complete=sum(one.assurance is Assurance.COMPLETE for one in hosts),
        broken_into=_share(len(broken), len(hosts)),
        at_most=_share(len(broken) + doubtful, len(hosts)),
        levels=tuple(
            LevelCount(level=level, share=_share(levels[level], len(hosts))) for level in Level
        ),
        packs=_packs(hosts),
        chains=_chains(hosts),
        overlaps=_overlaps(broken),
        first_seen=_first_seen(broken),
    )


def _packs(hosts: Iterable[Victim]) -> tuple[PackCount, ...]:
    found: dict[str, Counter[Level | None]] = {}
    for one in hosts:
        for pack, level in dict(one.packs).items():
            found.setdefault(pack, Counter())[level] += 1
    return tuple(
        PackCount(
            pack=pack,
            broken_into=_share(sum(counts[level] for level in _BROKEN_INTO), counts.total()),
            levels={level.value: counts[level] for level in Level if counts[level]},
            undecided=counts[None],
        )
        for pack, counts in sorted(found.items())
    )


def _chains(hosts: Sequence[Victim]) -> tuple[ChainCount, ...]:
    succeeded = Counter(chain for one in hosts for chain in one.succeeded)
    tried = Counter(chain for one in hosts for chain in one.tried)
    return tuple(
        ChainCount(
            cves=chain,
            succeeded=_share(succeeded[chain], len(hosts)),
            tried=_share(tried[chain], len(hosts)),
        )
        for chain in sorted(succeeded.keys() | tried.keys())
    )


def _overlaps(broken: Sequence[Victim]) -> tuple[OverlapCount, ...]:
    found = Counter(overlap for one in broken for overlap in one.overlaps)
    return tuple(
        OverlapCount(wording=wording, group=group, share=_share(number, len(broken)))
        for (wording, group), number in sorted(found.items())
    )


def _first_seen(broken: Sequence[Victim]) -> FirstSeen:
    times = sorted(one.first_seen for one in broken if one.first_seen is not None)
    days = [time.date() for time in times]
    weeks = Counter(_monday(day) for day in days)
    return FirstSeen(
        hosts=len(days),
        of=len(broken),
        earliest=days[0].isoformat() if days else None,
        median=days[(len(days) - 1) // 2].isoformat() if days else None,
        latest=days[-1].isoformat() if days else None,
        weeks={day.isoformat(): weeks[day] for day in sorted(weeks)},
    )


def _monday(day: date) -> date:
    return day - timedelta(days=min(day.weekday(), day.toordinal() - 1))


def _share(hosts: int, of: int) -> Share:
    if not of:
        return Share(hosts=hosts, of=of, low=None, high=None)
    low, high = wilson(hosts, of)
    return Share(hosts=hosts, of=of, low=round(low, 4), high=round(high, 4))
