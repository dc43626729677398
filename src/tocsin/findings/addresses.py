"""Which client addresses stand for many clients: load balancers and proxies."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from tocsin.findings.keys import ADDRESS_CHARACTERS, is_inside, plain_address
from tocsin.matching.scan import Observer
from tocsin.matching.watching import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.events.format import Format
    from tocsin.matching.watching import Several
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event
    from tocsin.model.problem import Problem

_FRONT_DOOR = "iis:frontend"
_BACK_END = "iis:backend"
_COLUMNS = {
    "iis": ("c-ip", "cs(User-Agent)"),
    "httpproxy": ("ClientIpAddress", "UserAgent"),
}
_ADDRESSES_KEPT = 20_000
_AGENTS_KEPT = 16
_AGENTS_OF_MANY = 12
_SHARE_OF_ALL = 0.6
_ROWS_ENOUGH = 200


class Addresses(Observer):
    """Counts the clients of the front doors, with bounded memory.

    An address stands for many when it wears at least a dozen user agents, or when it is one of
    the inside and brings most of all requests from elsewhere. A single attacker who changes the
    user agent at each request may look so too: then the rows still join by canary and request
    id, which is why an address is a weak key only. Whoever asks the back end is a front end.
    """

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._agents: dict[str, set[int]] = {}
        self._front_ends: dict[str, None] = {}

    def row(self, artefact: Artefact, form: Format, kind: str, event: Event) -> None:
        """Count one request."""
        del artefact
        self._count(form, kind, event, 1)

    def watches(self, form: Format) -> Sequence[Watch]:
        """Every client with every user agent."""
        columns = _COLUMNS.get(form.name)
        return () if columns is None else (Watch(columns),)

    def distinct(self, several: Several) -> None:
        """Count requests of one client with one user agent."""
        self._count(several.form, several.kind, several.event, several.rows)

    def _count(self, form: Format, kind: str, event: Event, requests: int) -> None:
        fields = event.fields
        if kind == _BACK_END:
            if len(self._front_ends) < _ADDRESSES_KEPT:
                self._front_ends[fields.get("c-ip", "")[:ADDRESS_CHARACTERS]] = None
            return
        if kind != _FRONT_DOOR and form.name != "httpproxy":
            return
        client = fields.get("c-ip") or fields.get("ClientIpAddress")
        if client is None or len(client) > ADDRESS_CHARACTERS:
            return
        agents = self._agents_of(client, requests)
        if agents is not None and len(agents) < _AGENTS_KEPT:
            agents.add(_number(fields.get("cs(User-Agent)") or fields.get("UserAgent") or ""))

    def absorb(self, later: Addresses) -> None:
        """Count the clients that one more file tells of."""
        for client, requests in later._rows.items():
            agents = self._agents_of(client, requests)
            if agents is not None:
                others = sorted(later._agents[client] - agents)
                agents.update(others[: _AGENTS_KEPT - len(agents)])
        for address in later._front_ends:
            if len(self._front_ends) < _ADDRESSES_KEPT:
                self._front_ends[address] = None

    def _agents_of(self, client: str, requests: int) -> set[int] | None:
        """Count requests of a client; its user agents, or None where no more clients are kept."""
        if client not in self._rows:
            if len(self._rows) >= _ADDRESSES_KEPT:
                return None
            self._rows[client] = 0
            self._agents[client] = set()
        self._rows[client] += requests
        return self._agents[client]

    def problem(self, kind: str, problem: Problem) -> None:
        """Damage says nothing about addresses."""

    def shared(self) -> frozenset[str]:
        """The addresses that stand for many clients, in canonical form."""
        outside = {address: rows for address, rows in self._rows.items() if plain_address(address)}
        total = sum(outside.values())
        found = {plain for one in self._front_ends if (plain := plain_address(one))}
        for address, rows in outside.items():
            many = len(self._agents[address]) >= _AGENTS_OF_MANY
            most = total >= _ROWS_ENOUGH and rows / total >= _SHARE_OF_ALL
            plain = plain_address(address)
            if plain and (many or (most and is_inside(plain))):
                found.add(plain)
        return frozenset(found)


def _number(text: str) -> int:
    """A number for a text, the same in every process; Python's own hash is not."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))
