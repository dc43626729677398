"""The pace, on a clock that only the sleeper moves."""

from __future__ import annotations

import asyncio
import ipaddress
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tocsin.probe.pace import LONGEST_BACK_OFF_S, Pace
from tocsin.probe.scope import Limits

if TYPE_CHECKING:
    from tocsin.probe.addresses import Address

ONE, TWO = ipaddress.ip_address("192.0.2.1"), ipaddress.ip_address("192.0.2.2")


class Clock:
    """Sleeping is all that takes time."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def pace(clock: Clock, per_host: float = 1.0, overall: float = 20.0, seed: int = 1) -> Pace:
    return Pace(Limits(per_host=per_host, overall=overall), seed, clock_s=clock, sleep=clock.sleep)


def times(taken: Pace, clock: Clock, *addresses: Address) -> list[float]:
    async def all_of_them() -> list[float]:
        found = []
        for address in addresses:
            await taken.turn(address)
            found.append(clock.now_s)
        return found

    return asyncio.run(all_of_them())


def test_one_host_is_asked_no_faster_than_its_rate_and_not_like_a_clock() -> None:
    clock = Clock()
    gaps = [b - a for a, b in pairwise(times(pace(clock), clock, *[ONE] * 50))]

    assert all(1 <= gap <= 1.5 for gap in gaps)
    assert len({round(gap, 6) for gap in gaps}) > 40


def test_all_hosts_together_are_asked_no_faster_than_the_rate_of_all() -> None:
    clock = Clock()
    many = [ipaddress.IPv4Address(int(ONE) + number) for number in range(100)]
    found = times(pace(clock, overall=20), clock, *many)

    assert pytest.approx(99 / 20) == found[-1] - found[0]


def test_the_same_seed_gives_the_same_times() -> None:
    first, second, other = Clock(), Clock(), Clock()
    assert times(pace(first), first, *[ONE] * 9) == times(pace(second), second, *[ONE] * 9)
    assert first.now_s != times(pace(other, seed=2), other, *[ONE] * 9)[-1]


def test_a_tired_host_rests_longer_each_time_and_holds_up_nobody() -> None:
    clock = Clock()
    taken = pace(clock)
    pauses = [taken.back_off(ONE, number, None) for number in (1, 2, 3)]

    assert all(low <= one <= 1.5 * low for low, one in zip((2, 4, 8), pauses, strict=True))
    assert 100.0 == times(taken, clock, TWO)[0]
    assert times(taken, clock, ONE)[0] >= 100 + max(pauses)


def test_a_host_rests_as_long_as_it_wishes_but_not_for_ever() -> None:
    taken = pace(Clock())
    assert 30 <= taken.back_off(ONE, 1, 30.0) <= 45
    assert LONGEST_BACK_OFF_S <= taken.back_off(ONE, 1, 1e9) <= 1.5 * LONGEST_BACK_OFF_S


def test_hosts_that_may_be_asked_at_once_are_forgotten() -> None:
    clock = Clock()
    taken = pace(clock, overall=500)
    times(taken, clock, *[ipaddress.IPv4Address(number) for number in range(20_000)])

    assert len(taken._hosts_next_s) <= 4096


def test_hosts_that_rest_are_looked_through_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.probe.pace._REMEMBERED", 8)
    asked = 0

    class Counted(ipaddress.IPv4Address):
        def __hash__(self) -> int:
            nonlocal asked
            asked += 1
            return super().__hash__()

    clock = Clock()
    many = [Counted(int(ONE) + number) for number in range(500)]
    times(pace(clock, per_host=0.001, overall=1e9), clock, *many)

    # Some times for each host, and not once for each other host that rests.
    assert asked < 12 * len(many)
