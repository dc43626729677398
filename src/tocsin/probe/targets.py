"""What there is to ask, one after another: never a list, however large the networks are."""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from dataclasses import dataclass
from math import gcd
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.probe.addresses import Address, Network
    from tocsin.probe.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One host of the scope at one port, by address or by name, not yet looked up."""

    host: Address | str
    port: int
    scheme: str

    @property
    def text(self) -> str:
        """The host as it stands in the output."""
        return str(self.host)


class Targets:
    """All targets of a scope, numbered from 0: addresses in order, then names, for each port.

    A number is all that has to be kept of a target, so a network of 16 million costs no memory.
    """

    def __init__(self, scope: Scope) -> None:
        self._blocks = _collapsed(scope.networks)
        self._starts = [0]
        for block in self._blocks:
            self._starts.append(self._starts[-1] + block.num_addresses)
        self._names = sorted(scope.names)
        self._name_numbers = {name: number for number, name in enumerate(self._names)}
        self._ports = scope.ports
        self._port_numbers = {port: number for number, port in enumerate(scope.ports)}
        self._firsts = {
            version: [int(one.network_address) for one in self._blocks if one.version == version]
            for version in (4, 6)
        }
        self._v4_blocks = len(self._firsts[4])
        self.hosts = self._starts[-1] + len(self._names)

    def __len__(self) -> int:
        """How many there are."""
        return self.hosts * len(self._ports)

    def __getitem__(self, number: int) -> Target:
        """The target with this number."""
        host, port_number = divmod(number, len(self._ports))
        port, scheme = self._ports[port_number]
        addresses = self._starts[-1]
        if host >= addresses:
            return Target(host=self._names[host - addresses], port=port, scheme=scheme)
        block = bisect_right(self._starts, host) - 1
        return Target(
            host=self._blocks[block][host - self._starts[block]], port=port, scheme=scheme
        )

    def number(self, target: Target) -> int | None:
        """The number of a target; None for one that the scope does not hold."""
        port_number = self._port_numbers.get((target.port, target.scheme))
        host = (
            self._name_number(target.host)
            if isinstance(target.host, str)
            else self._address_number(target.host)
        )
        if host is None or port_number is None:
            return None
        return host * len(self._ports) + port_number

    def in_order(self, seed: int) -> Iterator[tuple[int, Target]]:
        """All of them once, with their numbers, in an order that spreads the load.

        Neighbours in a network are far from each other in it, so that no organisation meets the
        whole rate at once. The same seed gives the same order.
        """
        count = len(self)
        if not count:
            return
        chance = Random(seed)  # noqa: S311 an order, no secret
        step = next(
            candidate
            for candidate in iter(lambda: chance.randrange(1, count + 1), None)
            if gcd(candidate, count) == 1
        )
        number = chance.randrange(count)
        for _ in range(count):
            yield number, self[number]
            number = (number + step) % count

    def _name_number(self, name: str) -> int | None:
        number = self._name_numbers.get(name)
        return None if number is None else self._starts[-1] + number

    def _address_number(self, address: Address) -> int | None:
        firsts = self._firsts[address.version]
        place = bisect_right(firsts, int(address)) - 1
        if place < 0:
            return None
        block = place + (self._v4_blocks if address.version == 6 else 0)
        if address not in self._blocks[block]:
            return None
        return self._starts[block] + int(address) - firsts[place]


def _collapsed(networks: tuple[Network, ...]) -> list[Network]:
    """Each address once, IPv4 first."""
    four = [one for one in networks if isinstance(one, ipaddress.IPv4Network)]
    six = [one for one in networks if isinstance(one, ipaddress.IPv6Network)]
    return [*ipaddress.collapse_addresses(four), *ipaddress.collapse_addresses(six)]
