"""From all that was seen of a host to what is known of it: by CVE a set of words and a colour.

Signs of compromise outrank all. Then each server behind the host says what its builds say
(`tocsin.campaign.nodes`), and the host is the set of that. What feeds claim and what the owner
reports stand beside it and change no colour. What disagrees is kept side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tocsin.campaign.exposure import (
    NOT_OPEN,
    SETTLED,
    Doubt,
    Judged,
    judge_build,
    nothing_seen,
    order,
)
from tocsin.campaign.nodes import Rules, Weight, bases, judged_by, nodes_of, strays
from tocsin.campaign.transitions import (
    Change,
    Timeline,
    Transition,
    timeline,
    transitions,
)
from tocsin.knowledge.builds import Number, parse
from tocsin.knowledge.root import cached
from tocsin.knowledge.status import StatusWord
from tocsin.knowledge.support import Support, support

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from tocsin.campaign.gathering import Hosts
    from tocsin.campaign.nodes import Basis, Claim, Node, Said
    from tocsin.campaign.sightings import Gathered, Look, Noted, Sighting, Stamp


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

    `server` is the one that it counts for, `about` how the owner calls it; `is_seen` is False
    where nobody else saw such a server. `contradicted` says why it does not stand, as a part of a
    sentence; None where nothing newer and of four parts, and no sign of compromise, speaks against
    it.
    """

    server: str
    about: str
    is_seen: bool
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
class Summary:
    """One CVE on one host in short, which many hosts share.

    `statuses` is the set of what its servers say, the worst first. `doubts` is why it is yellow.
    """

    statuses: tuple[StatusWord, ...]
    colour: Colour
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CveExposure:
    """One CVE on one host: its `Summary`, and what it rests on.

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
        """Whether the owner reports it fixed on every server that counts, uncontradicted.

        Where the owner speaks of several servers, or twice, nothing may say otherwise.
        """
        fixed: dict[str, bool] = {}
        for word in self.owner_words:
            stands = word.judged.status in NOT_OPEN and word.contradicted is None
            if word.is_seen:
                fixed[word.server] = stands and fixed.get(word.server, True)
            elif not stands:
                return False
        return bool(self.by_server) and all(fixed.get(one.server) for one in self.by_server)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What is known of one host.

    `summaries` and `cves` hold what was asked for, in that order; each of `cves` is worked out
    when it is read. `support` speaks of the oldest product seen on the servers that count, on a
    given day: another axis than the colours, None where no build is known. `vanished` is when it
    was found missing.
    """

    gathered: Gathered
    nodes: tuple[Node, ...]
    summaries: Mapping[str, Summary]
    cves: Mapping[str, CveExposure]
    support: Support | None
    transitions: tuple[Transition, ...]
    vanished: Transition | None

    @property
    def evidence(self) -> tuple[Noted, ...]:
        """The signs of compromise."""
        return self.gathered.evidence

    @property
    def counting(self) -> tuple[Node, ...]:
        """The servers that count."""
        return _counting(self.nodes)


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
    counting = _counting(nodes)
    summaries = _summaries(_weights(counting), tuple(cves), compromised=bool(gathered.evidence))
    changes = transitions(gathered.sightings, nodes, cves, when, rules)
    presence = [one for one in changes if one.cve is None]
    return Host(
        gathered=gathered,
        nodes=nodes,
        summaries=summaries,
        cves=_Exposures(gathered, counting, summaries, rules),
        support=_support(counting, on),
        transitions=changes,
        vanished=presence[-1] if presence and presence[-1].change is Change.VANISHED else None,
    )


def colour_of(host: Host, cves: Sequence[str]) -> Colour:
    """The worst colour of these CVEs; a host with signs of compromise is red."""
    if host.evidence:
        return Colour.RED
    return _worst(host.summaries[cve].colour for cve in cves)


def colour_of_servers(nodes: Iterable[Node], cves: tuple[str, ...]) -> Colour:
    """The worst colour of these CVEs on servers of a host without signs of compromise."""
    found = _summaries(_weights(nodes), cves, compromised=False)
    return _worst(found[cve].colour for cve in cves)


def colour_of_sightings(
    sightings: Iterable[Sighting], looks: Sequence[Look], cves: tuple[str, ...], rules: Rules
) -> Colour:
    """The same of all that was seen of such a host."""
    return colour_of_servers(_counting(nodes_of(sightings, looks, rules)), cves)


def _counting(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """The servers that are current; all of them where none is."""
    return tuple([node for node in nodes if node.current]) or nodes


def _weights(nodes: Iterable[Node]) -> frozenset[tuple[Weight, ...]]:
    return frozenset([tuple([basis.weight for basis in node.bases]) for node in nodes])


def _worst(colours: Iterable[Colour]) -> Colour:
    """The worst of them; where nothing was asked nothing is known."""
    return max(set(colours), key=lambda colour: colour.rank, default=Colour.YELLOW)


class _Exposures(Mapping[str, CveExposure]):
    """Worked out when asked for, once: totals of a million hosts need the summaries alone."""

    def __init__(
        self,
        gathered: Gathered,
        nodes: Sequence[Node],
        summaries: Mapping[str, Summary],
        rules: Rules,
    ) -> None:
        self._gathered, self._nodes = gathered, nodes
        self._summaries, self._rules = summaries, rules
        self._known: dict[str, CveExposure] = {}

    def __getitem__(self, cve: str) -> CveExposure:
        found = self._known.get(cve)
        if found is None:
            found = self._known[cve] = self._exposure(cve)
        return found

    def _exposure(self, cve: str) -> CveExposure:
        summary = self._summaries[cve]
        nodes, gathered = self._nodes, self._gathered
        return CveExposure(
            cve=cve,
            statuses=summary.statuses,
            colour=summary.colour,
            doubts=summary.doubts,
            by_server=tuple([ServerSays(server=one.name, said=one.says(cve)) for one in nodes]),
            differing=tuple(_differing(self._alone, summary, cve)),
            claimed=tuple([claim for claim in gathered.claims if claim.what == cve]),
            owner_words=(
                *(_word(one, claim, cve, gathered) for one in nodes for claim in one.claims),
                *(_word(None, claim, cve, gathered) for claim in self._strays),
            ),
        )

    @cached_property
    def _alone(self) -> tuple[_Alone, ...]:
        return tuple([one for node in self._nodes for one in _by_feed(node, self._rules)])

    @cached_property
    def _strays(self) -> tuple[Claim, ...]:
        return strays(self._gathered.sightings)

    def __iter__(self) -> Iterator[str]:
        return iter(self._summaries)

    def __len__(self) -> int:
        return len(self._summaries)


@cached
def _summaries(
    weights: frozenset[tuple[Weight, ...]], cves: tuple[str, ...], *, compromised: bool
) -> Mapping[str, Summary]:
    """In short what servers with these builds say: one set of builds for each server."""
    found: dict[str, Summary] = {}
    for cve in cves:
        judged = [judged_by(one, cve)[0] for server in weights for one in server]
        if not all(weights):
            judged.append(nothing_seen(cve))
        statuses = tuple(sorted({one.status for one in judged}, key=order))
        found[cve] = Summary(
            statuses=statuses,
            colour=_colour(statuses, compromised=compromised),
            doubts=tuple(sorted({one.doubt for one in judged if one.doubt is not None})),
        )
    return MappingProxyType(found)


def _colour(statuses: Sequence[StatusWord], *, compromised: bool) -> Colour:
    if compromised or StatusWord.VULNERABLE in statuses:
        return Colour.RED
    return Colour.GREEN if NOT_OPEN.issuperset(statuses) else Colour.YELLOW


class _Alone(NamedTuple):
    """A build that one feed alone shows of a server."""

    feed: str
    server: str
    basis: Basis


def _by_feed(node: Node, rules: Rules) -> Iterator[_Alone]:
    """What each feed alone shows, where several saw the server."""
    if len(node.sightings) < 2:
        return
    feeds = sorted({one.feed for one in node.sightings if one.builds})
    if len(feeds) < 2:
        return
    for feed in feeds:
        own = [one for one in node.sightings if one.feed == feed]
        for basis in bases(own, rules, one_server=node.is_named):
            yield _Alone(feed, node.name, basis)


def _differing(alone: Iterable[_Alone], summary: Summary, cve: str) -> Iterator[Differing]:
    """What each feed would say alone, where that is settled and not what counts."""
    for feed, server, basis in alone:
        judged = judge_build(basis.build, basis.method, cve)
        if judged.status in SETTLED and judged.status not in summary.statuses:
            yield Differing(feed=feed, server=server, judged=judged, at=basis.at)


def _word(node: Node | None, claim: Claim, cve: str, gathered: Gathered) -> OwnerWord:
    """What the owner says about a node, or about a server that nobody else saw."""
    basis = claim.basis
    judged = judge_build(basis.build, basis.method, cve)
    against = None
    if judged.status in NOT_OPEN:
        seen = node.sightings if node is not None else ()
        against = _against(seen, basis, cve, gathered)
    return OwnerWord(
        server=node.name if node is not None else claim.server,
        about=claim.server,
        is_seen=node is not None,
        judged=judged,
        at=basis.at,
        contradicted=against,
    )


def _against(
    sightings: Iterable[Sighting], claim: Basis, cve: str, gathered: Gathered
) -> str | None:
    """What does not let the owner's "fixed" stand."""
    if gathered.evidence:
        return "there are signs of compromise"
    for one in sightings:
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
