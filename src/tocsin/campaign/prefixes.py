"""Which networks hold an address, the longest prefix first: one bisection each time.

Networks are nested or apart, never crossed. So they part the address space into stretches, and
each stretch has one answer, worked out once.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from tocsin.campaign.observation import unmapped

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

_REMEMBERED = 2**16


class Held(NamedTuple, Generic[T]):
    """A network and whose it is; several where the same one is named more than once."""

    network: str
    values: tuple[T, ...]


class Prefixes(Generic[T]):
    """A table of networks, IPv4 and IPv6."""

    def __init__(self, networks: Iterable[tuple[str, T]]) -> None:
        by_network: dict[str, list[T]] = {}
        for text, value in networks:
            by_network.setdefault(str(ipaddress.ip_network(text)), []).append(value)
        parsed = [(ipaddress.ip_network(text), text) for text in by_network]
        self._stretches = {
            version: _stretches(
                (
                    int(network.network_address),
                    int(network.broadcast_address),
                    Held(text, tuple(by_network[text])),
                )
                for network, text in parsed
                if network.version == version
            )
            for version in (4, 6)
        }

    def holding(self, address: str) -> tuple[Held[T], ...]:
        """The networks that hold `address`, the longest prefix first; none for other text."""
        found = _number(address)
        if found is None:
            return ()
        version, number = found
        starts, answers = self._stretches[version]
        at = bisect_right(starts, number)
        return answers[at - 1] if at else ()


@lru_cache(maxsize=_REMEMBERED)
def _number(address: str) -> tuple[int, int] | None:
    try:
        parsed = unmapped(ipaddress.ip_address(address))
    except ValueError:
        return None
    return parsed.version, int(parsed)


def _stretches(
    networks: Iterable[tuple[int, int, Held[T]]],
) -> tuple[list[int], list[tuple[Held[T], ...]]]:
    """Where each stretch begins, and what holds it."""
    starts: list[int] = []
    answers: list[tuple[Held[T], ...]] = []
    open_: list[tuple[int, tuple[Held[T], ...]]] = []

    def begin(start: int, answer: tuple[Held[T], ...]) -> None:
        if starts and starts[-1] == start:
            answers[-1] = answer
        else:
            starts.append(start)
            answers.append(answer)

    def close_before(start: int | None) -> None:
        while open_ and (start is None or open_[-1][0] < start):
            end, _ = open_.pop()
            begin(end + 1, open_[-1][1] if open_ else ())

    for start, end, held in sorted(networks, key=lambda one: (one[0], -one[1])):
        close_before(start)
        answer = (held, *(open_[-1][1] if open_ else ()))
        begin(start, answer)
        open_.append((end, answer))
    close_before(None)
    return starts, answers
