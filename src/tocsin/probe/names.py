"""Names become addresses, once: whatever is asked later is asked at the address checked here."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from tocsin.probe.addresses import Address

Resolve: TypeAlias = Callable[[str], Awaitable[tuple[Address, ...]]]
"""All addresses of a name, sorted; none where it has none."""

_MOST_ADDRESSES = 16
_LOOKUP_S = 10.0


async def resolve(name: str) -> tuple[Address, ...]:
    """Ask the system's resolver, IPv4 and IPv6; at most sixteen addresses."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_LOOKUP_S):
            found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # a timeout is an OSError, too
        return ()
    addresses = {ipaddress.ip_address(place[0]) for *_, place in found if "%" not in str(place[0])}
    ordered = sorted(addresses, key=lambda address: (address.version, int(address)))
    return tuple(ordered[:_MOST_ADDRESSES])
