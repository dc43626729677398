"""The audit log: what was decided and what was sent, line by line, as it happens.

It answers the question of an owner, "was that you, and who allowed it?", long after the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tocsin.report import jsontext

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tocsin.probe.asking import Endpoint
    from tocsin.probe.boundary import Refusal
    from tocsin.probe.rows import Redirect
    from tocsin.probe.targets import Target


class Sink(Protocol):
    """Where lines go; each is safe on disk or passed on when `write` returns."""

    def write(self, content: bytes, /) -> object:
        """Take whole lines."""
        ...


class Audit:
    """Writes JSON lines, each with `time` (UTC) and `decision`."""

    def __init__(self, sink: Sink, now: Callable[[], datetime]) -> None:
        self._sink = sink
        self._now = now

    def started(self, **told: object) -> None:
        """A run began: who authorised it, and by which scope, release and seed."""
        self._line("start", **told)

    def ended(self, why: str, **told: object) -> None:
        """The run is over."""
        self._line("end", why=why, **told)

    def refused(self, target: Target, address: str | None, why: Refusal) -> None:
        """A host that is not asked."""
        self._line("refused", target=target.text, ip=address, port=target.port, why=why)

    def allowed(self, target: Target, endpoint: Endpoint) -> None:
        """A host that is asked, before the first packet."""
        self._line("allowed", target=target.text, ip=str(endpoint.address), port=endpoint.port)

    def asked(self, endpoint: Endpoint, path: str, result: str) -> None:
        """One GET and its status, or why there is none."""
        self._about(endpoint, "get", path=path, result=result)

    def redirected(self, endpoint: Endpoint, redirect: Redirect) -> None:
        """A redirect and what became of it."""
        self._about(
            endpoint, "redirect", path=redirect.path, location=redirect.location,
            why=redirect.decision,
        )  # fmt: skip

    def rested(self, endpoint: Endpoint, path: str, pause_s: float) -> None:
        """A host that is left in peace for a while."""
        self._about(endpoint, "back_off", path=path, pause_s=round(pause_s, 1))

    def _about(self, endpoint: Endpoint, decision: str, **told: object) -> None:
        self._line(
            decision, ip=str(endpoint.address), port=endpoint.port, host=endpoint.name, **told
        )

    def _line(self, decision: str, **told: object) -> None:
        self._sink.write(jsontext.line({"time": self._now(), "decision": decision, **told}))
