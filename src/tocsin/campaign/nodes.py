"""The servers behind one host, and which of what was seen of each still counts.

Several servers may answer at one address, and each keeps a status of its own. Of one server the
newest counts among what is equally precise. A four-part build says more than a newer three-part
one of the same cumulative update: that it is fixed holds until another cumulative update is seen,
that it is vulnerable holds for some days only, because updates come on any day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tocsin.campaign.exposure import (
    Doubt,
    Judged,
    counting,
    judge_build,
    nothing_seen,
    order,
)
from tocsin.campaign.observation import Method, SeenBuild
from tocsin.knowledge.status import StatusWord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tocsin.campaign.sightings import Look, Sighting, Stamp
    from tocsin.knowledge.builds import Number

Weight = tuple[str, Method, bool, SeenBuild | None]
"""A build, how it became known, whether it is outdated, and the less precise one beside it."""

_FOUR = 4
_THREE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How what was seen at different times is weighed. Docs: explanation, "Merging".

    `vulnerable_holds`: for so long after it a vulnerable build counts beside newer, less precise
    rows. `one_look`: rows this near to each other show one state of a server. After
    `absent_after` scans of a feed without it a host is vanished, and after `gone_after` looks
    that show only other servers of its host a server is gone.
    """

    vulnerable_holds: timedelta = timedelta(days=7)
    one_look: timedelta = timedelta(hours=1)
    absent_after: int = 2
    gone_after: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """A build that counts, with the newest row that shows it.

    `outdated_by` is the newest row of the server where that is so much newer that "vulnerable"
    no longer counts, else None. Then `beside` is the newest less precise build of the same
    cumulative update, where there is a newer one.
    """

    build: str
    method: Method
    first: Stamp
    at: Stamp
    outdated_by: Stamp | None = None
    beside: Basis | None = None

    @property
    def weight(self) -> Weight:
        """All of it that a status hangs on: places and times left out."""
        beside = (self.beside.build, self.beside.method) if self.beside is not None else None
        return self.build, self.method, self.outdated_by is not None, beside


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one build that counts says of one CVE; `basis` is None where no build was seen."""

    judged: Judged
    basis: Basis | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The owner's newest word about one server: `server` is how the owner calls it, or empty."""

    server: str
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One server behind a host.

    `name` is what it calls itself, else the port at which something without a name answers, else
    empty. `bases` are the builds that count, `claims` the owner's newest words about it: several
    where the owner speaks of several servers or builds at once, the newest first and of those as
    new the lowest build. A node is not `current` where only others were seen for long.
    """

    name: str
    is_named: bool
    sightings: tuple[Sighting, ...]
    bases: tuple[Basis, ...]
    claims: tuple[Claim, ...]
    current: bool
    last: Stamp | None

    def says(self, cve: str) -> tuple[Said, ...]:
        """What is said of a CVE, the worst first: several where answers differ."""
        if not self.bases:
            return (Said(judged=nothing_seen(cve), basis=None),)
        said = [_said(basis, cve) for basis in self.bases]
        return tuple(sorted(said, key=lambda one: order(one.judged.status)))


def nodes_of(
    sightings: Iterable[Sighting], looks: Sequence[Look], rules: Rules
) -> tuple[Node, ...]:
    """The servers behind one host, in order of their names."""
    every = tuple(sightings)
    observed = [one for one in every if not one.is_claim]
    claims = [one for one in every if one.is_claim]
    groups = _grouped(observed)
    said = _claims_by_node(groups, claims)
    return tuple(
        Node(
            name=name,
            is_named=named,
            sightings=tuple(group),
            bases=bases(group, rules, one_server=named),
            claims=tuple(said.get((name, named), ())),
            current=not named or not is_gone(name, observed, looks, rules),
            last=_newest(one.last for one in group),
        )
        for (name, named), group in sorted(groups.items())
    )


def strays(sightings: Iterable[Sighting]) -> tuple[Claim, ...]:
    """The owner's words about servers that nobody else saw, where others were seen."""
    every = tuple(sightings)
    claims = [one for one in every if one.is_claim]
    if not claims:
        return ()
    groups = _grouped([one for one in every if not one.is_claim])
    return tuple(claim for _, claim in _words(claims) if _claimed(claim.server, groups) is None)


def bases(sightings: Sequence[Sighting], rules: Rules, *, one_server: bool) -> tuple[Basis, ...]:
    """The builds that count of what was seen of a node, in order."""
    found = _evidence(sightings)
    if not found:
        return ()
    newest = max((one.last for one in sightings), key=lambda stamp: stamp.order)
    near = _near(found, rules)
    prefixes = sorted({number[:_THREE] for number, _ in near})
    chosen: list[Basis] = []
    for prefix in prefixes:
        alike = [one for one in found if one[0][:_THREE] == prefix]
        chosen += _of_one_cumulative_update(alike, newest, rules, one_server=one_server)
    return tuple(sorted(chosen, key=lambda one: (one.build, one.method)))


Evidence = tuple["Number", Basis]


def _of_one_cumulative_update(
    alike: Sequence[Evidence], newest: Stamp, rules: Rules, *, one_server: bool
) -> list[Basis]:
    precise = [one for one in alike if len(one[0]) == _FOUR]
    coarse = [one for one in alike if len(one[0]) == _THREE]
    if not precise:
        return [_dated(_latest(coarse)[1], newest, rules)]
    near = _near(precise, rules)
    if one_server:
        # Each answer is a lower bound of what is installed, so the highest is the nearest to it.
        highest = max(number for number, _ in near)
        near = [one for one in near if one[0] == highest]
    beside = _latest(coarse)[1] if coarse else None
    by_number = {number: _latest([one for one in near if one[0] == number]) for number, _ in near}
    return [_dated(basis, newest, rules, beside) for _, basis in by_number.values()]


def judged_by(weight: Weight, cve: str) -> tuple[Judged, bool]:
    """What a build of this weight says, and whether it is the less precise one beside it."""
    build, method, is_outdated, beside = weight
    judged = judge_build(build, method, cve)
    if not is_outdated or judged.status is not StatusWord.VULNERABLE:
        return judged, False
    if beside is not None:
        # Three parts may settle it, too: no update of this cumulative update ever had the fix.
        coarse = judge_build(*beside, cve)
        if coarse.status is StatusWord.VULNERABLE:
            return coarse, True
    outdated = replace(
        judged,
        status=StatusWord.UNDETERMINED,
        reason=f"it was vulnerable when this build was last seen ({judged.reason}), and may have "
        "been updated since",
        doubt=Doubt.STALE,
    )
    return outdated, False


def _said(basis: Basis, cve: str) -> Said:
    judged, is_beside = judged_by(basis.weight, cve)
    return Said(judged=judged, basis=basis.beside if is_beside else basis)


def _evidence(sightings: Iterable[Sighting]) -> list[Evidence]:
    """Every build with its parts; those out of a CPE name only where nothing else was seen."""
    found: list[Evidence] = []
    for one in sightings:
        for build, how in one.builds:
            number = counting(build, how)
            if number is not None:
                basis = Basis(build=build, method=how, first=one.first, at=one.last)
                found.append((number, basis))
    observed = [one for one in found if one[1].method is not Method.CPE]
    return observed or found


def _near(found: Sequence[Evidence], rules: Rules) -> list[Evidence]:
    """The newest, and what was seen so shortly before that it shows the same state."""
    newest = _latest(found)[1].at.time
    if newest is None:
        return list(found)
    return [one for one in found if one[1].at.time and newest - one[1].at.time <= rules.one_look]


def _latest(found: Sequence[Evidence]) -> Evidence:
    return max(found, key=lambda one: (one[1].at.order, one[0], one[1].method))


def _dated(basis: Basis, newest: Stamp, rules: Rules, beside: Basis | None = None) -> Basis:
    if _holds(basis.at, newest, rules):
        return basis
    fresh = beside is not None and _holds(beside.at, newest, rules)
    return replace(basis, outdated_by=newest, beside=beside if fresh else None)


def _holds(at: Stamp, newest: Stamp, rules: Rules) -> bool:
    if newest.time is None or at.time is None:
        return newest.time is at.time
    return newest.time - at.time <= rules.vulnerable_holds


_Key = tuple[str, bool]


def _grouped(observed: Sequence[Sighting]) -> dict[_Key, list[Sighting]]:
    """By the name of the server. What has none belongs to the one that answers at its port."""
    by_port: dict[int | None, set[str]] = {}
    for one in observed:
        if one.server:
            by_port.setdefault(one.port, set()).add(one.server)
    names = {name for found in by_port.values() for name in found}
    ports = {one.port for one in observed if one.port is not None}
    groups: dict[_Key, list[Sighting]] = {}
    for one in observed:
        groups.setdefault(_key(one, by_port, names, ports), []).append(one)
    return groups or {("", False): []}


def _key(
    one: Sighting,
    by_port: Mapping[int | None, set[str]],
    names: set[str],
    ports: set[int],
) -> _Key:
    if one.server:
        return one.server, True
    here = names if one.port is None else by_port.get(one.port, set()) | by_port.get(None, set())
    if len(here) == 1 and (one.port is not None or len(ports) <= 1):
        return next(iter(here)), True
    if one.port is None and len(ports) == 1:
        return f"port {next(iter(ports))}", False
    return (f"port {one.port}", False) if one.port is not None else ("", False)


def _claims_by_node(
    groups: Mapping[_Key, list[Sighting]], claims: Sequence[Sighting]
) -> dict[_Key, list[Claim]]:
    """The owner's newest words about each node, by its name, or about the only one there is."""
    found: dict[_Key, list[tuple[Number, Claim]]] = {}
    for number, claim in _words(claims):
        node = _claimed(claim.server, groups)
        if node is not None:
            found.setdefault(node, []).append((number, claim))
    return {node: _newest_first(said) for node, said in found.items()}


def _words(claims: Sequence[Sighting]) -> Iterator[tuple[Number, Claim]]:
    """The owner's newest word about each server, and everything that is as new."""
    by_server: dict[str, list[Evidence]] = {}
    for one in claims:
        by_server.setdefault(one.server or "", []).extend(_evidence([one]))
    for server, said in sorted(by_server.items()):
        newest = max((basis.at.time for _, basis in said if basis.at.time), default=None)
        told = {number: basis for number, basis in said if basis.at.time == newest}
        for number, basis in sorted(told.items(), key=lambda one: one[0]):
            yield number, Claim(server=server, basis=basis)


def _claimed(server: str, groups: Mapping[_Key, list[Sighting]]) -> _Key | None:
    """The node that an owner speaks of, with or without the domain behind the server's name."""
    for name in (server, server.partition(".")[0]):
        if (name, True) in groups:
            return name, True
    return next(iter(groups)) if len(groups) == 1 else None


def _newest_first(said: list[tuple[Number, Claim]]) -> list[Claim]:
    def rank(one: tuple[Number, Claim]) -> tuple[float, Number, str]:
        number, claim = one
        time = claim.basis.at.time
        return (-time.timestamp() if time is not None else 0.0), number, claim.server

    return [claim for _, claim in sorted(said, key=rank)]


def is_gone(name: str, observed: Sequence[Sighting], looks: Sequence[Look], rules: Rules) -> bool:
    """Whether the host was seen often since, and each time under other names only."""
    last = _newest(one.last for one in observed if one.server == name)
    if last is None or last.time is None:
        return False
    since = last.time
    later = {
        look
        for one in observed
        if one.server and one.server != name
        for look in one.looks
        if (start := looks[look].start) is not None and start > since
    }
    return len(later) >= rules.gone_after


def _newest(stamps: Iterable[Stamp]) -> Stamp | None:
    return max(stamps, key=lambda stamp: stamp.order, default=None)
