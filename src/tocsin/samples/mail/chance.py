"""Fast draws that are the same wherever the seed is the same."""

from __future__ import annotations

import hashlib
import random
from math import exp
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Chance:
    """A stream of draws that depends on nothing but its seed.

    `tocsin.samples.dice` hashes for each draw, which is too slow for millions of messages. Of
    `random` only the method `random()` is used: its stream is promised for all versions, unlike
    those of the others. Source: Python documentation, "random", notes on reproducibility.
    """

    def __init__(self, seed: str) -> None:
        key = int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=16).digest(), "big")
        self.share = random.Random(key).random  # noqa: S311 - a simulation, and no secret

    def yes(self, probability: float) -> bool:
        """True in this share of all draws."""
        return self.share() < probability

    def number(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.share() * (high - low + 1))

    def between(self, low: float, high: float) -> float:
        """A number from `low` up to `high`."""
        return low + self.share() * (high - low)

    def pick(self, choices: Sequence[T]) -> T:
        """One of `choices`."""
        return choices[int(self.share() * len(choices))]

    def first(self, choices: Sequence[T]) -> T:
        """One of `choices`, much more often an early one than a late one."""
        return choices[int(self.share() ** 2.5 * len(choices))]

    def some(self, choices: Sequence[T], count: int) -> list[T]:
        """`count` different ones of `choices`, or all where there are fewer; in no order."""
        left = list(choices)
        taken = min(count, len(left))
        for place in range(taken):
            other = place + int(self.share() * (len(left) - place))
            left[place], left[other] = left[other], left[place]
        return left[:taken]

    def normal(self) -> float:
        """About a normal deviate: mean 0, deviation 1, never beyond 6."""
        return sum(self.share() for _ in range(12)) - 6.0

    def around(self, median: float, spread: float) -> float:
        """A positive number around `median`, skewed as sizes and rates are (log-normal)."""
        return median * exp(spread * self.normal())

    def count(self, mean: float) -> int:
        """How often something happens that happens `mean` times (Poisson, in pieces of 20)."""
        found = 0
        while mean > 0:
            floor, product = exp(-min(mean, 20.0)), self.share()
            while product > floor:
                found += 1
                product *= self.share()
            mean -= 20.0
        return found
