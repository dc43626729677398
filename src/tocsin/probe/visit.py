"""One endpoint: several samples, each on a connection of its own, and a retreat when it tires.

Several, because a farm answers with different servers; on new connections, because that is where
balancers choose. A host that shows no sign of Exchange in the first sample is asked no more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tocsin.probe.asking import Answer, Failure, FailureKind, Line
from tocsin.probe.pace import LONGEST_BACK_OFF_S
from tocsin.probe.redirects import Decision, decide, place_of
from tocsin.probe.rows import Heard, Redirect, Visited
from tocsin.probe.signs import harmless, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tocsin.probe.asking import Endpoint, Manner
    from tocsin.probe.audit import Audit
    from tocsin.probe.boundary import Boundary
    from tocsin.probe.certificate import Certificate
    from tocsin.probe.names import Resolve
    from tocsin.probe.pace import Pace
    from tocsin.probe.plan import Plan, Request
    from tocsin.probe.targets import Target

_MOST_STRIKES = 3
"""Times that a host may be late, refuse or break off before it is left alone."""
_MOST_NAMES = 3
"""Names that redirects may lead to at one address."""
_TIRED = {429, 503}


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What all visits of a run share."""

    manner: Manner
    boundary: Boundary
    plan: Plan
    pace: Pace
    audit: Audit
    resolve: Resolve
    samples: int
    now: Callable[[], datetime]
    may_go_on: Callable[[], bool]
    """False once the authorisation has ended."""


async def visit(target: Target, endpoint: Endpoint, means: Means) -> Visited:
    """Ask one endpoint, and say what came of it. Raises `UsageError` as `Line.get` does."""
    one = _Visit(target=target, endpoint=endpoint, means=means, started_utc=means.now())
    try:
        await one.all_samples()
    finally:
        await one.hang_up()
    return Visited(
        target=target,
        endpoint=one.endpoint,
        started_utc=one.started_utc,
        ended_utc=means.now(),
        heard=one.heard,
        faults=one.faults,
        redirects=one.redirects,
        certificate=one.certificate,
    )


@dataclass(slots=True, kw_only=True)
class _Visit:
    """The state of a visit. `strikes` counts towards leaving the host alone."""

    target: Target
    endpoint: Endpoint
    means: Means
    started_utc: datetime
    heard: list[Heard] = field(default_factory=list)
    faults: list[tuple[str, str, str]] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)
    certificate: Certificate | None = None
    strikes: int = 0
    http2: bool = True
    given_up: bool = False
    names: set[str | None] = field(default_factory=set)
    line: Line | None = None

    async def all_samples(self) -> None:
        """Take the samples, as long as there is a point in it."""
        self.names.add(self.endpoint.name)
        for number in range(self.means.samples):
            await self.hang_up()
            for request in self.means.plan.sample(number):
                await self.ask(request)
                if self.given_up:
                    return
            if not any(one.told.is_exchange for one in self.heard):
                return

    async def ask(self, request: Request) -> None:
        """Ask for one page, under another name where the host says so, and once more if it fails.

        Each time costs a turn, so that nothing makes us faster than the rate.
        """
        failures = 0
        while not self.given_up:
            if not self.means.may_go_on():
                self.given_up = True
                return
            answer = await self.once(request)
            if isinstance(answer, Failure):
                again = self.failed(request, answer)
            elif answer.status in _TIRED:
                again = self.tired(request, answer)
            elif await self.renamed(request, answer):
                continue
            else:
                return
            failures += 1
            if not again or failures > 1:
                return

    async def once(self, request: Request) -> Answer | Failure:
        """One turn, one line in the audit log, one request."""
        await self.means.pace.turn(self.endpoint.address)
        if self.line is None:
            self.line = Line(self.endpoint, self.means.manner, http2=self.http2)
        answer = await self.line.get(request.path)
        self.certificate = self.certificate or self.line.certificate
        if isinstance(answer, Failure):
            self.faults.append((request.path, answer.kind, answer.detail))
            self.means.audit.asked(self.endpoint, request.path, answer.kind)
            await self.hang_up()
            return answer
        self.means.audit.asked(self.endpoint, request.path, str(answer.status))
        if answer.cut:
            await self.hang_up()
        told = read(request.path, request.reads, answer.headers, answer.body)
        self.faults += ((request.path, "odd_version", odd) for odd in told.odd)
        self.heard.append(Heard(time_utc=self.means.now(), http=answer.http, told=told))
        return answer

    def failed(self, request: Request, failure: Failure) -> bool:
        """Say whether to try once more. Nobody there: no. The kernel has knocked several times."""
        self.strikes += 1
        if not failure.connected or failure.kind is FailureKind.TLS:
            # Whoever spoke before and is silent now may be back for the next page.
            self.given_up = not self.heard or self.strikes >= _MOST_STRIKES
            return False
        self.given_up = self.strikes >= _MOST_STRIKES
        if failure.kind is FailureKind.TIMEOUT:
            self.rest(request, None)
        elif failure.kind is FailureKind.PROTOCOL and self.http2:
            # Windows sign-in is not spoken over HTTP/2, and some servers break off for it.
            self.http2 = False
        return not self.given_up

    def tired(self, request: Request, answer: Answer) -> bool:
        """The host asks for less: rest, and say whether to try once more."""
        self.strikes += 1
        self.faults.append((request.path, "rate_limited", str(answer.status)))
        wished = answer.headers.get("retry-after", "")
        wished_s = float(wished) if wished.isdecimal() else None
        too_long = wished_s is not None and wished_s > LONGEST_BACK_OFF_S
        self.given_up = too_long or self.strikes >= _MOST_STRIKES
        self.rest(request, wished_s)
        return not self.given_up

    def rest(self, request: Request, wished_s: float | None) -> None:
        """Leave the host in peace for a while."""
        pause_s = self.means.pace.back_off(self.endpoint.address, self.strikes, wished_s)
        self.means.audit.rested(self.endpoint, request.path, pause_s)

    async def renamed(self, request: Request, answer: Answer) -> bool:
        """Note a redirect; True where it leads to the same address under another name."""
        location = answer.headers.get("location", "")
        if not 300 <= answer.status < 400 or not location:
            return False
        place = place_of(location, self.endpoint, request.path)
        if place is None:
            decision = Decision.UNREADABLE
        else:
            decision = await decide(
                place,
                self.endpoint,
                boundary=self.means.boundary,
                plan=self.means.plan,
                resolve=self.means.resolve,
            )
            if decision is Decision.FOLLOWED and (
                place.host in self.names or len(self.names) > _MOST_NAMES
            ):
                decision = Decision.LOOP
        redirect = Redirect(path=request.path, location=harmless(location), decision=decision)
        if redirect not in self.redirects:
            self.redirects.append(redirect)
        self.means.audit.redirected(self.endpoint, redirect)
        if decision is not Decision.FOLLOWED or place is None or not isinstance(place.host, str):
            return False
        self.names.add(place.host)
        await self.hang_up()
        self.endpoint = type(self.endpoint)(
            address=self.endpoint.address,
            port=self.endpoint.port,
            scheme=self.endpoint.scheme,
            name=place.host,
        )
        return True

    async def hang_up(self) -> None:
        """Close the connection, if there is one."""
        if self.line is not None:
            line, self.line = self.line, None
            await line.close()
