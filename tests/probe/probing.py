"""Run the probe in tests: a scope in a line, rows and audit lines in lists, and no waiting."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tocsin.probe.journal import Done
from tocsin.probe.run import Run, Tally, probe
from tocsin.probe.scope import Authorisation, Contact, Limits, Scope
from tocsin.probe.targets import Targets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tocsin.probe.addresses import Address
    from tocsin.probe.names import Resolve
    from tocsin.probe.rows import Row

NOW = dt.datetime(2026, 11, 24, 15, tzinfo=dt.UTC)
AUTHORISATION = Authorisation(
    name="A. Example",
    organisation="Example CSIRT",
    reference="Mandate 2026/17",
    first=dt.date(2026, 11, 1),
    until=dt.date(2026, 12, 31),
)
CONTACT = Contact(mail="scan@csirt.example", page="https://csirt.example/scanning")
FAST = Limits(per_host=1e6, overall=1e6, samples=5, at_once=32, timeout_s=5)
"""Faster than a scope file can say."""


def scope(
    *networks: str,
    ports: Sequence[tuple[int, str]],
    names: dict[str, tuple[frozenset[Address], bool]] | None = None,
    opt_out: Sequence[str] = (),
    opt_out_names: Sequence[str] = (),
    limits: Limits = FAST,
) -> Scope:
    return Scope(
        authorisation=AUTHORISATION,
        contact=CONTACT,
        networks=tuple(ipaddress.ip_network(text) for text in networks),
        names=names or {},
        ports=tuple(ports),
        opt_out_networks=tuple(ipaddress.ip_network(text) for text in opt_out),
        opt_out_names=frozenset(opt_out_names),
        limits=limits,
        sha256="0" * 64,
    )


@dataclass
class Result:
    """What came out. `audit` holds the lines of the log as they are read back."""

    rows: list[Row] = field(default_factory=list)
    finished: int = 0
    tally: Tally = field(default_factory=Tally)
    log: list[bytes] = field(default_factory=list)

    def found(self, rows: Sequence[Row]) -> None:
        self.rows += rows

    def advance(self) -> None:
        self.finished += 1

    def write(self, content: bytes, /) -> None:
        self.log.append(content)

    @property
    def audit(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log]

    def decisions(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.audit if one["decision"] == kind]


def resolver(**known: Sequence[str]) -> Resolve:
    """Names as keywords, with ``_`` for ``.``; whatever else is asked for has no address."""
    table = {name.replace("_", "."): addresses for name, addresses in known.items()}

    async def resolve(name: str) -> tuple[Address, ...]:
        return tuple(ipaddress.ip_address(text) for text in table.get(name, ()))

    return resolve


def made(
    targets: Targets,
    asked: Scope,
    result: Result,
    *,
    resolve: Resolve | None = None,
    now: Callable[[], dt.datetime] = lambda: NOW,
    seed: int = 1,
) -> Run:
    """A run that tells `result` everything."""
    return Run(
        scope=asked,
        targets=targets,
        done=Done(len(targets)),
        seed=seed,
        version="0.1.0",
        audit=result,
        listener=result,
        now=now,
        resolve=resolve or resolver(),
    )


def run(
    asked: Scope,
    *,
    resolve: Resolve | None = None,
    now: Callable[[], dt.datetime] = lambda: NOW,
    seed: int = 1,
) -> Result:
    result = Result()
    result.tally = probe(made(Targets(asked), asked, result, resolve=resolve, now=now, seed=seed))
    return result
