"""Sets of addresses and networks: quick to ask, whatever their number."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_CARRIES_ANOTHER = tuple(
    ipaddress.IPv6Network(text) for text in ("::/96", "64:ff9b::/96", "2001::/32", "2002::/16")
)
"""IPv6 addresses that lead to an IPv4 address written inside them: they would be a way around a
scope. Source: RFC 4291 (2.5.5.1), RFC 6052, RFC 4380, RFC 3056."""
_IPV6_LOOPBACK = ipaddress.IPv6Address("::1")


@dataclass(frozen=True, slots=True)
class AddressSet:
    """Networks by version and length of prefix, so that a look-up costs one step for each length.

    Build it with `address_set`.
    """

    _prefixes: dict[tuple[int, int], set[int]] = field(default_factory=dict)

    def __contains__(self, address: Address) -> bool:
        """Whether one of the networks holds `address`."""
        return any(
            version == address.version and int(address) >> (address.max_prefixlen - length) in kept
            for (version, length), kept in self._prefixes.items()
        )


def address_set(networks: Iterable[Network]) -> AddressSet:
    """The set of all addresses in `networks`."""
    prefixes: dict[tuple[int, int], set[int]] = defaultdict(set)
    for network in networks:
        start = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
        prefixes[network.version, network.prefixlen].add(start)
    return AddressSet(dict(prefixes))


def no_host_reason(address: Address) -> str | None:
    """Say why nobody can authorise a probe of `address`; None for an ordinary one.

    Loopback and private addresses are ordinary: a scope may name one's own network.
    """
    if isinstance(address, ipaddress.IPv6Address) and address != _IPV6_LOOPBACK:
        if address.ipv4_mapped is not None:
            return "an IPv4 address in the form of IPv6; write it as IPv4"
        if any(address in network for network in _CARRIES_ANOTHER):
            return "an address that leads to another one, written inside it"
    if address.is_unspecified or address.is_multicast:
        return "no address of one host"
    if address.is_link_local:
        return "a link-local address, where clouds keep secrets of their machines"
    if address.version == 4 and address.is_reserved:
        return "a reserved address"
    return None
