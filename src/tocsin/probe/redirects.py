"""What becomes of a redirect: nearly always nothing but a line in the output."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from tocsin.probe.scope import plain_name

if TYPE_CHECKING:
    from tocsin.probe.addresses import Address
    from tocsin.probe.asking import Endpoint
    from tocsin.probe.boundary import Boundary
    from tocsin.probe.names import Resolve
    from tocsin.probe.plan import Plan

_STANDARD_PORTS = {"https": 443, "http": 80}


class Decision(StrEnum):
    """The words stand in the output and in the audit log."""

    FOLLOWED = "followed"
    """The same address and port under another name, and a page of the plan."""
    ASKED_ANYWAY = "asked_anyway"
    """In the scope, so it is asked by itself, or was."""
    OTHER_PATH = "other_path"
    """On this host, but no page that the probe asks for."""
    OUT_OF_SCOPE = "out_of_scope"
    """Somewhere that nobody authorised."""
    LOOP = "loop"
    """To a name that was tried already, or one too many."""
    UNREADABLE = "unreadable"
    """No address of a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a redirect points. `host` is a name as names are compared, or an address."""

    scheme: str
    host: Address | str
    port: int
    path: str


def place_of(location: str, endpoint: Endpoint, path: str) -> Place | None:
    """Read a ``Location`` header; None where it points to no page of the web."""
    base = f"{endpoint.scheme}://{endpoint.authority}{path}"
    try:
        parts = urlsplit(urljoin(base, location))
        port = parts.port or _STANDARD_PORTS[parts.scheme]
        host = _host(parts.hostname or "")
    except (ValueError, KeyError):
        return None
    if host is None:
        return None
    return Place(scheme=parts.scheme, host=host, port=port, path=parts.path)


async def decide(
    place: Place, endpoint: Endpoint, *, boundary: Boundary, plan: Plan, resolve: Resolve
) -> Decision:
    """Decide on one redirect of `endpoint`.

    Every host of the scope is asked for every page anyway, so there is one reason only to follow:
    a host that was asked by its address wants to be asked by its name. The connection then goes
    to the same address and port; a name of somebody else's gains nothing.
    """
    if _asked_by_itself(place, endpoint, boundary):
        known = place.host not in {endpoint.address, endpoint.name} or plan.path(place.path)
        return Decision.ASKED_ANYWAY if known else Decision.OTHER_PATH
    same_port = (place.scheme, place.port) == (endpoint.scheme, endpoint.port)
    if not isinstance(place.host, str) or boundary.opted_out(place.host) or not same_port:
        return Decision.OUT_OF_SCOPE
    # Addresses of a network may be asked by any name that is theirs; those of one name may not.
    if endpoint.address not in boundary.networks:
        return Decision.OUT_OF_SCOPE
    if endpoint.address not in await resolve(place.host):
        return Decision.OUT_OF_SCOPE
    return Decision.FOLLOWED if plan.path(place.path) else Decision.OTHER_PATH


def _asked_by_itself(place: Place, endpoint: Endpoint, boundary: Boundary) -> bool:
    """Whether the run asks this host at this port, whatever the redirect says."""
    if (place.port, place.scheme) not in boundary.ports:
        return False
    if place.host in {endpoint.address, endpoint.name}:
        return True
    if isinstance(place.host, str):
        return place.host in boundary.names and not boundary.opted_out(place.host)
    return boundary.refusal(place.host) is None


def _host(text: str) -> Address | str | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return plain_name(text)
