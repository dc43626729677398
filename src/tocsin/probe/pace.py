"""How fast: one rate for each address, one for all, with jitter, and more room for the tired."""

from __future__ import annotations

import asyncio
import time
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tocsin.probe.addresses import Address
    from tocsin.probe.scope import Limits

LONGEST_BACK_OFF_S = 60.0
"""A server that asks for more is left alone."""
_FIRST_BACK_OFF_S = 2.0
_JITTER = 0.5
"""A pause is up to this share longer, so that many clients never fall into step."""
_REMEMBERED = 4096


class Pace:
    """Lets a request through when it is its turn.

    The seed is passed in; clock and sleep are, too, so that a test needs no waiting.
    """

    def __init__(
        self,
        limits: Limits,
        seed: int,
        *,
        clock_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._host_pause_s = 1 / limits.per_host
        self._pause_s = 1 / limits.overall
        self._chance = Random(seed)  # noqa: S311 jitter, no secret
        self._clock_s = clock_s
        self._sleep = sleep
        self._next_s = float("-inf")
        self._hosts_next_s: dict[Address, float] = {}
        self._remembered = _REMEMBERED

    async def turn(self, address: Address) -> None:
        """Wait until `address` may be asked again, and then for a place among all requests.

        The places are given out in this order so that a host that rests holds up nobody.
        """
        host_at_s = max(self._clock_s(), self._hosts_next_s.get(address, float("-inf")))
        self._forget_the_rested()
        self._hosts_next_s[address] = host_at_s + self._host_pause_s * self._stretch()
        await self._until(host_at_s)
        at_s = max(self._clock_s(), self._next_s)
        self._next_s = at_s + self._pause_s
        await self._until(at_s)

    def back_off(self, address: Address, times: int, wished_s: float | None) -> float:
        """Let `address` rest: as long as it wishes, or twice as long each time. Seconds."""
        own_s = _FIRST_BACK_OFF_S * 2.0 ** max(0, times - 1)
        pause_s = min(LONGEST_BACK_OFF_S, max(own_s, wished_s or 0.0)) * self._stretch()
        rested_s = self._clock_s() + pause_s
        self._hosts_next_s[address] = max(self._hosts_next_s.get(address, 0.0), rested_s)
        return pause_s

    def _stretch(self) -> float:
        return 1.0 + self._chance.random() * _JITTER

    async def _until(self, at_s: float) -> None:
        pause_s = at_s - self._clock_s()
        if pause_s > 0:
            await self._sleep(pause_s)

    def _forget_the_rested(self) -> None:
        """Whoever may be asked at once needs no entry: memory is bounded by those who may not.

        After each look there is room for twice as many as had to stay, or each turn would look
        through all of them.
        """
        if len(self._hosts_next_s) < self._remembered:
            return
        now_s = self._clock_s()
        self._hosts_next_s = {
            address: at_s for address, at_s in self._hosts_next_s.items() if at_s > now_s
        }
        self._remembered = max(_REMEMBERED, 2 * len(self._hosts_next_s))
