"""From all that was seen of a host to what is known of it: by CVE a set of words and a colour.

Signs of compromise outrank all. Then each server behind the host says what its builds say
(`tocsin.campaign.nodes`), and the host is the set of that. What feeds claim and what the owner
reports stand beside it and change no colour. What disagrees is kept side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tocsin.campaign.exposure import SETTLED, Doubt, Judged, judge_build, order
from tocsin.campaign.nodes import Rules, bases, nodes_of
from tocsin.campaign.transitions import Change, Timeline, Transition, timeline, transitions
from tocsin.knowledge.builds import Number, parse
from tocsin.knowledge.root import cached
from tocsin.knowledge.status import StatusWord
from tocsin.knowledge.support import Support, support

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from tocsin.campaign.nodes import Basis, Node, Said
    from tocsin.campaign.sightings import Gathered, Hosts, Noted, Stamp

_NOT_OPEN = frozenset({StatusWord.FIXED, StatusWord.NOT_AFFECTED})


class Colour(StrEnum):
    """Red is vulnerable, green is not, yellow is not known; best first.

    Source: the German BSI publishes the exposure of Exchange servers in these three (2024, 2025).
    """

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"

    @property
    def rank(self) -> int:
        """Its place, the best first, from 0."""
        return list(Colour).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerWord:
    """What the owner reports of one CVE on one server: a claim, whatever it says.

    `contradicted` says why it does not stand, as a part of a sentence; None where nothing newer
    and of four parts, and no sign of compromise, speaks against it.
    """

    server: str
    judged: Judged
    at: Stamp
    contradicted: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """What one feed says by itself, where that is not what counts."""

    feed: str
    server: str
    judged: Judged
    at: Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSays:
    """What one server says of one CVE, the worst first."""

    server: str
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CveExposure:
    """One CVE on one host.

    `statuses` is the set of what its servers say, the worst first. `doubts` is why it is yellow.
    `by_server` holds the servers that count. `claimed` are the feeds' claims of this CVE.
    """

    cve: str
    statuses: tuple[StatusWord, ...]
    colour: Colour
    doubts: tuple[Doubt, ...]
    by_server: tuple[ServerSays, ...]
    differing: tuple[Differing, ...]
    claimed: tuple[Noted, ...]
    owner_words: tuple[OwnerWord, ...]

    @property
    def owner_reports_fixed(self) -> bool:
        """Whether the owner reports it fixed on every server that counts, uncontradicted."""
        fixed = {
            word.server
            for word in self.owner_words
            if word.judged.status in _NOT_OPEN and word.contradicted is None
        }
        return bool(self.by_server) and all(one.server in fixed for one in self.by_server)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What is known of one host.

    `support` speaks of the oldest product seen on the servers that count, on a given day: another
    axis than the colours, None where no build is known. `vanished` is when it was found missing.
    """

    gathered: Gathered
    nodes: tuple[Node, ...]
    cves: Mapping[str, CveExposure]
    support: Support | None
    transitions: tuple[Transition, ...]
    vanished: Transition | None

    @property
    def evidence(self) -> tuple[Noted, ...]:
        """The signs of compromise."""
        return self.gathered.evidence


def merged(
    hosts: Hosts, cves: Sequence[str], *, on: date, rules: Rules | None = None
) -> Iterator[Host]:
    """Every host, in order of address, with what is known of `cves` and support on the day `on`.

    One host at a time: nothing but what `hosts` keeps stays in memory.
    """
    when = timeline(hosts.looks, hosts.scans, hosts.scans_by_host())
    for gathered in hosts.gathered():
        yield merge(gathered, cves, on=on, when=when, rules=rules or Rules())


def merge(
    gathered: Gathered, cves: Sequence[str], *, on: date, when: Timeline, rules: Rules
) -> Host:
    """What is known of one host. Pure."""
    nodes = nodes_of(gathered.sightings, when.looks, rules)
    counting = tuple(node for node in nodes if node.current) or nodes
    changes = transitions(gathered.sightings, nodes, cves, when, rules)
    presence = [one for one in changes if one.cve is None]
    return Host(
        gathered=gathered,
        nodes=nodes,
        cves={cve: _exposure(gathered, counting, cve, rules) for cve in cves},
        support=_support(counting, on),
        transitions=changes,
        vanished=presence[-1] if presence and presence[-1].change is Change.VANISHED else None,
    )


def colour_of(host: Host, cves: Sequence[str]) -> Colour:
    """The worst colour of these CVEs; a host with signs of compromise is red."""
    if host.evidence:
        return Colour.RED
    return max((host.cves[cve].colour for cve in cves), key=_rank, default=Colour.YELLOW)


def _exposure(gathered: Gathered, nodes: Sequence[Node], cve: str, rules: Rules) -> CveExposure:
    by_server = tuple([ServerSays(server=node.name, said=node.says(cve)) for node in nodes])
    judged = [said.judged for one in by_server for said in one.said]
    statuses = tuple(sorted({one.status for one in judged}, key=order))
    return CveExposure(
        cve=cve,
        statuses=statuses,
        colour=_colour(statuses, compromised=bool(gathered.evidence)),
        doubts=tuple(sorted({one.doubt for one in judged if one.doubt is not None})),
        by_server=by_server,
        differing=tuple([one for node in nodes for one in _differing(node, cve, statuses, rules)]),
        claimed=tuple([claim for claim in gathered.claims if claim.what == cve]),
        owner_words=tuple(
            [_word(node, node.claim, cve, gathered) for node in nodes if node.claim is not None]
        ),
    )


def _colour(statuses: Sequence[StatusWord], *, compromised: bool) -> Colour:
    if compromised or StatusWord.VULNERABLE in statuses:
        return Colour.RED
    return Colour.GREEN if _NOT_OPEN.issuperset(statuses) else Colour.YELLOW


def _rank(colour: Colour) -> int:
    return colour.rank


def _differing(
    node: Node, cve: str, statuses: Sequence[StatusWord], rules: Rules
) -> Iterator[Differing]:
    """What each feed would say alone, where that is settled and not what counts."""
    if len(node.sightings) < 2:
        return
    feeds = sorted({one.feed for one in node.sightings if one.builds})
    if len(feeds) < 2:
        return
    for feed in feeds:
        own = [one for one in node.sightings if one.feed == feed]
        for basis in bases(own, rules, one_server=node.is_named):
            judged = judge_build(basis.build, basis.method, cve)
            if judged.status in SETTLED and judged.status not in statuses:
                yield Differing(feed=feed, server=node.name, judged=judged, at=basis.at)


def _word(node: Node, claim: Basis, cve: str, gathered: Gathered) -> OwnerWord:
    judged = judge_build(claim.build, claim.method, cve)
    against = None
    if judged.status in _NOT_OPEN:
        against = _against(node, claim, cve, gathered)
    return OwnerWord(server=node.name, judged=judged, at=claim.at, contradicted=against)


def _against(node: Node, claim: Basis, cve: str, gathered: Gathered) -> str | None:
    """What does not let the owner's "fixed" stand."""
    if gathered.evidence:
        return "there are signs of compromise"
    for one in node.sightings:
        if claim.at.time is not None and (one.last.time is None or one.last.time <= claim.at.time):
            continue
        for build, method in one.builds:
            judged = judge_build(build, method, cve)
            if judged.precision == 4 and judged.status is StatusWord.VULNERABLE:
                return f"{build} was seen after it"
    return None


def _support(nodes: Sequence[Node], on: date) -> Support | None:
    """Of the oldest build that counts: where one server is out of support, the host is."""
    builds = [basis.build for node in nodes for basis in node.bases]
    numbers = sorted(number for build in builds if (number := parse(build)) is not None)
    return _support_of(numbers[0], on) if numbers else None


@cached
def _support_of(number: Number, on: date) -> Support:
    return support(number, on)
