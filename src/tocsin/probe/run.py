"""The story of a run: a few workers, each with one host, until there is none left.

Memory is bounded by the number of workers: targets are made one by one, rows are written as soon
as they are known, and what is done is one bit.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tocsin.errors import TocsinError
from tocsin.probe.asking import Endpoint, manner
from tocsin.probe.audit import Audit
from tocsin.probe.boundary import Refusal, boundary_of
from tocsin.probe.names import resolve as ask_the_system
from tocsin.probe.pace import Pace
from tocsin.probe.plan import the_plan
from tocsin.probe.rows import rows
from tocsin.probe.visit import Means, visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from tocsin.probe.addresses import Address
    from tocsin.probe.audit import Sink
    from tocsin.probe.journal import Done
    from tocsin.probe.names import Resolve
    from tocsin.probe.rows import Row, Visited
    from tocsin.probe.scope import Scope
    from tocsin.probe.targets import Target, Targets


class Listener(Protocol):
    """Told what was found, as it is found."""

    def found(self, rows: Sequence[Row]) -> None:
        """All rows of one target."""
        ...

    def advance(self) -> None:
        """One target is finished, with rows or without."""
        ...


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of a run. `stopped` says why it ended early; None where it went to its end."""

    exchange: int = 0
    not_exchange: int = 0
    no_answer: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    stopped: str | None = None

    @property
    def asked(self) -> int:
        """Endpoints that were asked."""
        return self.exchange + self.not_exchange + self.no_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. The clock and the seed are passed in; `resolve` looks names up."""

    scope: Scope
    targets: Targets
    done: Done
    seed: int
    version: str
    audit: Sink
    listener: Listener
    now: Callable[[], datetime]
    resolve: Resolve = ask_the_system


def probe(run: Run) -> Tally:
    """Ask everything that is in the scope and not done yet.

    Raises `UsageError` where the authorisation does not hold, or where output or sockets run out,
    and `KeyboardInterrupt` on Ctrl-C; what was written until then stays and can be gone on with.
    """
    audit = Audit(run.audit, run.now)
    authorisation = run.scope.authorisation
    audit.started(
        scope_sha256=run.scope.sha256,
        name=authorisation.name,
        organisation=authorisation.organisation,
        reference=authorisation.reference,
        until=authorisation.until,
        version=run.version,
        seed=run.seed,
        targets=len(run.targets),
        done=run.done.count,
    )
    tally = Tally(stopped=authorisation.problem_at(run.now()))
    why = tally.stopped or "interrupted"
    try:
        if tally.stopped is None:
            why = asyncio.run(_all(run, audit, tally)) or "finished"
    except TocsinError as error:
        why = str(error)
        raise
    finally:
        audit.ended(why, asked=tally.asked, refused=sum(tally.refused.values()))
    return tally


async def _all(run: Run, audit: Audit, tally: Tally) -> str | None:
    """Share the targets among the workers, and say why it ended early, if it did."""
    limits = run.scope.limits

    def may_go_on() -> bool:
        tally.stopped = run.scope.authorisation.problem_at(run.now())
        return tally.stopped is None

    means = Means(
        manner=manner(run.scope.contact, run.version, limits.timeout_s),
        boundary=boundary_of(run.scope),
        plan=the_plan(),
        pace=Pace(limits, run.seed),
        audit=audit,
        resolve=run.resolve,
        samples=limits.samples,
        now=run.now,
        may_go_on=may_go_on,
    )
    todo = (
        (number, target)
        for number, target in run.targets.in_order(run.seed)
        if number not in run.done
    )
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(limits.at_once, len(run.targets))):
                group.create_task(_work(todo, run, means, tally))
    except* TocsinError as errors:
        raise _first(errors) from errors
    return tally.stopped


async def _work(todo: Iterator[tuple[int, Target]], run: Run, means: Means, tally: Tally) -> None:
    """One worker: the next target, until there is none or the authorisation ends."""
    for number, target in todo:
        if not means.may_go_on():
            return
        endpoints = await _endpoints(target, means, tally)
        visits = [await visit(target, one, means) for one in endpoints]
        if not means.may_go_on():
            # The last visit may have been cut short, so it is not done.
            return
        if visits:
            run.listener.found(_rows(visits))
            run.done.add(number)
        for one in visits:
            setattr(tally, one.outcome, getattr(tally, one.outcome) + 1)
        run.listener.advance()


async def _endpoints(target: Target, means: Means, tally: Tally) -> list[Endpoint]:
    """Where a target may be asked; everything else is refused and written down."""
    name = target.host if isinstance(target.host, str) else None
    addresses: tuple[Address, ...]
    if isinstance(target.host, str):
        if means.boundary.opted_out(target.host):
            _refuse(target, None, Refusal.OPTED_OUT, means, tally)
            return []
        addresses = await means.resolve(target.host)
        if not addresses:
            _refuse(target, None, Refusal.UNRESOLVED, means, tally)
    else:
        addresses = (target.host,)
    allowed = []
    for address in addresses:
        refusal = means.boundary.refusal(address, name)
        if refusal is not None:
            _refuse(target, address, refusal, means, tally)
            continue
        endpoint = Endpoint(address=address, port=target.port, scheme=target.scheme, name=name)
        means.audit.allowed(target, endpoint)
        allowed.append(endpoint)
    return allowed


def _refuse(
    target: Target, address: Address | None, why: Refusal, means: Means, tally: Tally
) -> None:
    means.audit.refused(target, None if address is None else str(address), why)
    tally.refused[why] = tally.refused.get(why, 0) + 1


def _rows(visits: Sequence[Visited]) -> list[Row]:
    return [
        row
        for number, one in enumerate(visits, start=1)
        for row in rows(one, last=number == len(visits))
    ]


def _first(errors: BaseExceptionGroup[TocsinError]) -> TocsinError:
    """One of the errors that ended the workers; they all say the same."""
    found: BaseException = errors
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    if not isinstance(found, TocsinError):
        raise TypeError("a group of our errors holds another one") from found
    return found
