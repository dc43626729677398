"""What is written of one endpoint: a row for each server that answered behind it.

The shape is a promise (`docs/reference/probe.md`): `tocsin observe probe` reads it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from tocsin.probe.certificate import Certificate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tocsin.probe.asking import Endpoint
    from tocsin.probe.signs import Seen, Told
    from tocsin.probe.targets import Target

SCHEMA = "tocsin.probe/1"


class Observed(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A build as it was seen, and in how many answers."""

    method: str
    path: str
    value: str
    precision: int
    times: int


class Redirect(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Where an answer pointed, and what became of it."""

    path: str
    location: str
    decision: str


class Fault(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What went wrong, and how often."""

    path: str
    kind: str
    detail: str
    times: int


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the output."""

    schema: str
    time: datetime
    until: datetime
    target: str
    hostname: str | None
    ip: str
    port: int
    scheme: str
    outcome: str
    node: int
    nodes: int
    fe_server: str | None
    answers: int
    build: str | None
    precision: int | None
    method: str | None
    observed: tuple[Observed, ...]
    http: tuple[str, ...]
    certificate: Certificate | None
    redirects: tuple[Redirect, ...]
    errors: tuple[Fault, ...]
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One answer, without its body."""

    time_utc: datetime
    http: str
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """All that one endpoint said and failed to say. `endpoint` has the name asked for last."""

    target: Target
    endpoint: Endpoint
    started_utc: datetime
    ended_utc: datetime
    heard: Sequence[Heard]
    faults: Sequence[tuple[str, str, str]]
    """Path, kind and detail."""
    redirects: Sequence[Redirect]
    certificate: Certificate | None

    @property
    def outcome(self) -> str:
        """``exchange``, ``not_exchange``, or ``no_answer`` where nothing spoke HTTP."""
        if not self.heard:
            return "no_answer"
        return "exchange" if any(one.told.is_exchange for one in self.heard) else "not_exchange"


def rows(visited: Visited, *, last: bool) -> list[Row]:
    """The rows of one endpoint; at least one. `last` says that its target ends with it."""
    nodes = _nodes(visited.heard)
    return [
        _row(visited, fe_server, heard, place=(number, len(nodes)), last=last)
        for number, (fe_server, heard) in enumerate(nodes, start=1)
    ]


def _nodes(heard: Sequence[Heard]) -> list[tuple[str | None, Sequence[Heard]]]:
    """Answers by the server that names itself, sorted by name.

    An answer without a name is the only named server's, if there is one; of several nobody knows
    whose it is, and it gets a row without a name.
    """
    named: dict[str | None, list[Heard]] = defaultdict(list)
    for one in heard:
        named[one.told.fe_server].append(one)
    if None in named and len(named) == 2:
        return [(next(name for name in named if name is not None), heard)]
    if not named:
        return [(None, ())]
    return sorted(named.items(), key=lambda item: (item[0] is None, item[0] or ""))


def _row(
    visited: Visited,
    fe_server: str | None,
    heard: Sequence[Heard],
    *,
    place: tuple[int, int],
    last: bool,
) -> Row:
    number, nodes = place
    counted = Counter(seen for one in heard for seen in one.told.builds)
    chosen = _chosen(counted)
    return Row(
        schema=SCHEMA,
        time=min((one.time_utc for one in heard), default=visited.started_utc),
        until=max((one.time_utc for one in heard), default=visited.ended_utc),
        target=visited.target.text,
        hostname=visited.endpoint.name,
        ip=str(visited.endpoint.address),
        port=visited.endpoint.port,
        scheme=visited.endpoint.scheme,
        outcome=visited.outcome,
        node=number,
        nodes=nodes,
        fe_server=fe_server,
        answers=len(heard),
        build=chosen.value if chosen else None,
        precision=chosen.precision if chosen else None,
        method=chosen.method if chosen else None,
        observed=_observed(counted),
        http=tuple(sorted({one.http for one in heard})),
        certificate=visited.certificate,
        redirects=tuple(sorted(set(visited.redirects))),
        errors=_faults(visited.faults),
        last=last and number == nodes,
    )


def _observed(counted: Counter[Seen]) -> tuple[Observed, ...]:
    found = (
        Observed(
            method=seen.method,
            path=seen.path,
            value=seen.value,
            precision=seen.precision,
            times=times,
        )
        for seen, times in counted.items()
    )
    return tuple(sorted(found))


def _faults(faults: Iterable[tuple[str, str, str]]) -> tuple[Fault, ...]:
    return tuple(
        Fault(path=path, kind=kind, detail=detail, times=times)
        for (path, kind, detail), times in sorted(Counter(faults).items())
    )


def _chosen(counted: Iterable[Seen]) -> Seen | None:
    """The build to name first: the most precise, and of those the lowest.

    The lowest, because an update counts as installed only once everything says so.
    """
    return min(
        counted,
        key=lambda seen: (
            -seen.precision,
            [int(part) for part in seen.value.split(".")],
            seen.method,
            seen.path,
        ),
        default=None,
    )
