"""Whose host it is, by which evidence, and what else spoke for whom.

The ladder: assigned by hand, then the constituent's network with the longest prefix, then
certificate and server names, then the domain of the host name, then the autonomous system, then
nobody. Where a step names several organisations, a lower step may choose among them; else nobody
is named, for a notice to the wrong one does harm. Signs of providers, front ends and decoys lower
the confidence and decide nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tocsin.campaign.prefixes import Held, Prefixes
from tocsin.campaign.signs import Sign, by_domain, signs_of, tags_of
from tocsin.model.grade import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tocsin.campaign.constituency import Constituency, Constituent
    from tocsin.campaign.observation import Observation
    from tocsin.campaign.sightings import Gathered

T = TypeVar("T")


class Step(StrEnum):
    """What can decide, the strongest first."""

    MANUAL = "manual"
    NETWORK = "network"
    CERTIFICATE = "certificate"
    SERVER_NAME = "server_name"
    DOMAIN = "domain"
    ASN = "asn"
    NOBODY = "nobody"


_CONFIDENCE = {
    Step.MANUAL: Confidence.HIGH,
    Step.NETWORK: Confidence.HIGH,
    Step.CERTIFICATE: Confidence.MEDIUM,
    Step.SERVER_NAME: Confidence.MEDIUM,
    Step.DOMAIN: Confidence.MEDIUM,
    Step.ASN: Confidence.LOW,
}


class Clues(NamedTuple):
    """What is known of a host that may tell whose it is; names in lower case."""

    ip: str | None
    hostnames: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    server_names: tuple[str, ...] = ()
    asns: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()


class Spoke(NamedTuple):
    """One piece of evidence: at which step, for whom, and what it was."""

    step: Step
    organisation: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The answer for one host.

    `constituent` is None where nobody is named. `step` decided, by `reason`, a part of a sentence.
    `others` is what else spoke, for the same or for others. `signs` lowered the confidence.
    """

    constituent: Constituent | None
    step: Step
    confidence: Confidence
    reason: str
    others: tuple[Spoke, ...]
    signs: tuple[Sign, ...]


def clues_of(observation: Observation) -> Clues:
    """The clues of one row."""
    return Clues(
        ip=observation.ip,
        hostnames=(observation.hostname.rstrip(".").lower(),) if observation.hostname else (),
        names=tuple(name.lower() for name in observation.names),
        server_names=(observation.server_name.lower(),) if observation.server_name else (),
        asns=(observation.asn,) if observation.asn is not None else (),
        tags=tags_of(observation),
    )


def clues_of_host(gathered: Gathered) -> Clues:
    """The clues of all rows about one host."""
    servers = {one.server.lower() for one in gathered.sightings if one.server}
    return Clues(
        ip=gathered.ip,
        hostnames=gathered.hostnames,
        names=gathered.names,
        server_names=tuple(sorted(servers)),
        asns=gathered.asns,
        tags=gathered.tags,
    )


class Owners:
    """A constituency, ready to be asked about a million hosts."""

    def __init__(self, constituency: Constituency) -> None:
        every = constituency.constituents
        self._networks = Prefixes((network, one) for one in every for network in one.networks)
        self._hosts = _by((host, one) for one in every for host in one.hosts)
        self._domains = _by((domain, one) for one in every for domain in one.domains)
        self._asns = _by((asn, one) for one in every for asn in one.asns)

    def of(self, clues: Clues) -> Owner:
        """Whose host it is. Pure."""
        found: dict[Step, list[tuple[Constituent, str]]] = {}
        held = self._networks.holding(clues.ip) if clues.ip is not None else ()
        for step, constituent, what in self._evidence(clues, held):
            found.setdefault(step, []).append((constituent, what))
        signs = signs_of(clues.ip, clues.hostnames, clues.asns, clues.tags)
        if not found:
            return _nobody("nothing that is known of it is in the constituency", (), signs)
        steps = sorted(found, key=_ORDER.__getitem__)
        return _decided(steps, found, signs, _around(clues.ip, held))

    def _evidence(
        self, clues: Clues, held: tuple[Held[Constituent], ...]
    ) -> Iterator[tuple[Step, Constituent, str]]:
        yield from self._by_hand(clues)
        for network, constituents in held[:1]:
            for one in constituents:
                yield Step.NETWORK, one, f"{clues.ip} lies in {network}"
        for step, names, what in (
            (Step.CERTIFICATE, clues.names, "the name {} in a certificate or request"),
            (Step.SERVER_NAME, clues.server_names, "the server's own name {}"),
            (Step.DOMAIN, clues.hostnames, "the host name {}"),
        ):
            for name in names:
                # A wildcard is its domain.
                for one in by_domain(self._domains, name.removeprefix("*.")) or ():
                    yield step, one, what.format(name)
        for asn in clues.asns:
            for one in self._asns.get(asn, ()):
                yield Step.ASN, one, f"AS{asn}"

    def _by_hand(self, clues: Clues) -> Iterator[tuple[Step, Constituent, str]]:
        if self._hosts:
            for host in (clues.ip, *clues.hostnames, *clues.names, *clues.server_names):
                for one in self._hosts.get(host or "", ()):
                    yield Step.MANUAL, one, f"{host} is assigned by hand"


_ORDER = {step: place for place, step in enumerate(Step)}


def _around(ip: str | None, held: tuple[Held[Constituent], ...]) -> tuple[Spoke, ...]:
    """Whose wider networks hold an address: they speak, and never decide."""
    return tuple(
        [
            Spoke(Step.NETWORK, one.organisation, f"{ip} lies in {network}, a wider network")
            for network, constituents in held[1:]
            for one in constituents
        ]
    )


def _decided(
    steps: list[Step],
    found: Mapping[Step, list[tuple[Constituent, str]]],
    signs: tuple[Sign, ...],
    around: tuple[Spoke, ...],
) -> Owner:
    """The first step decides; where it names several, the first that names one of them."""
    first = steps[0]
    named = {one.organisation: one for one, _ in found[first]}
    chosen, by = (next(iter(named)), first) if len(named) == 1 else _choice(steps, found, named)
    spoken = [Spoke(step, one.organisation, what) for step in steps for one, what in found[step]]
    if chosen is None:
        several = " and ".join(sorted(named))
        return _nobody(
            f"{found[first][0][1]}, which {several} claim alike, and nothing chooses",
            (*spoken, *around),
            signs,
        )
    deciding = next(one for one in spoken if (one.step, one.organisation) == (by, chosen))
    reason = deciding.what
    if by is not first:
        reason = f"{found[first][0][1]}, which several claim, and {deciding.what}"
    return Owner(
        constituent=named[chosen],
        step=first,
        confidence=_confidence(first, signs),
        reason=reason,
        others=(*(one for one in spoken if one is not deciding), *around),
        signs=signs,
    )


def _choice(
    steps: list[Step],
    found: Mapping[Step, list[tuple[Constituent, str]]],
    named: Mapping[str, Constituent],
) -> tuple[str | None, Step]:
    for step in steps[1:]:
        among = {one.organisation for one, _ in found[step]} & named.keys()
        if len(among) == 1:
            return among.pop(), step
    return None, steps[0]


def _nobody(reason: str, others: tuple[Spoke, ...], signs: tuple[Sign, ...]) -> Owner:
    return Owner(
        constituent=None,
        step=Step.NOBODY,
        confidence=Confidence.LOW,
        reason=reason,
        others=others,
        signs=signs,
    )


def _confidence(step: Step, signs: tuple[Sign, ...]) -> Confidence:
    """What a person assigned stays as it is; every other step loses one degree to signs."""
    usual = _CONFIDENCE[step]
    if not signs or step is Step.MANUAL:
        return usual
    return list(Confidence)[max(usual.rank - 1, 0)]


def _by(pairs: Iterable[tuple[T, Constituent]]) -> dict[T, tuple[Constituent, ...]]:
    found: dict[T, tuple[Constituent, ...]] = {}
    for key, one in pairs:
        found[key] = (*found.get(key, ()), one)
    return found
