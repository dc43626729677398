"""What servers of the demonstration really run, day by day.

How many had the fix after how many days is shaped after March 2021.

*Source:* Microsoft Security Response Center, "Protecting on-premises Exchange Servers against
recent attacks", 2021-03-12: nearly 400,000 servers on 1 March, a bit more than 100,000 still open
on 9 March, about 82,000 on 12 March. The fix came on 2 March.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import exp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from random import Random

    from tocsin.web.demonstration.releases import Catalogue, Install, Release

_QUICK, _QUICK_DAYS, _SLOW_DAYS = 0.78, 3.0, 45.0
"""Most hurry, and the rest takes its time: the curve through the three counts above."""
_NEWER_RELEASE = 0.25
_FALL_BACK = 0.03
_FALL_FAR = 0.3

Life = tuple["Install | None", ...]
"""What is installed on each day; None while it is switched off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The days that are played: the first one follows the day of the fix."""

    start: date
    days: int

    def day(self, at: int) -> date:
        """The date of a day, counted from 0."""
        return self.start + timedelta(days=at)


def still_open(days: float) -> float:
    """The share that has not got the fix so many days after it came out."""
    return _QUICK * exp(-days / _QUICK_DAYS) + (1 - _QUICK) * exp(-days / _SLOW_DAYS)


def live(random: Random, catalogue: Catalogue, period: Period) -> Life:
    """One server that answers all the time: it is open until it gets the fix, if it ever does."""
    release = _weighed(random, catalogue.installed)
    before = release.open[-1] if random.random() < 0.8 else random.choice(release.open)
    fixed_on = _fixed_on(random, period)
    if fixed_on is None:
        return (before,) * period.days
    after = _fix(random, catalogue, release, period.day(fixed_on))
    if after is None:
        return (before,) * period.days
    life = [before] * fixed_on + [after] * (period.days - fixed_on)
    if random.random() < _FALL_BACK and fixed_on + 2 < period.days:
        _fall_back(random, life, catalogue, release, random.randrange(fixed_on + 2, period.days))
    return tuple(life)


def absent(life: Life, days: Sequence[int]) -> Life:
    """The same server, switched off on these days."""
    off = set(days)
    return tuple(None if at in off else one for at, one in enumerate(life))


def _fixed_on(random: Random, period: Period) -> int | None:
    """The day on which it gets the fix, 0 where it did before; None where it does not."""
    thrown = random.random()
    return next((at for at in range(period.days) if thrown > still_open(at + 0.5)), None)


def _fix(random: Random, catalogue: Catalogue, before: Release, day: date) -> Install | None:
    """The update of what it runs where there is one, else of something newer."""
    offered = catalogue.fixed_after(before, day)
    if not offered:
        return None
    same = offered[0] if offered[0].released == before.released else None
    if same is not None and random.random() > _NEWER_RELEASE:
        return same.fixed[-1]
    return random.choice(offered).fixed[-1]


def _fall_back(
    random: Random, life: list[Install], catalogue: Catalogue, release: Release, day: int
) -> None:
    """An old copy is played back: what ran before, or something much older."""
    old = life[0] if life[0].is_open else release.open[-1]
    if random.random() < _FALL_FAR:
        never_fixed = [
            one for one in catalogue.installed if not one.fixed and one.product == release.product
        ]
        if never_fixed:
            old = never_fixed[-1].open[-1]
    life[day:] = [old] * (len(life) - day)


def _weighed(random: Random, releases: Sequence[Release]) -> Release:
    return random.choices(releases, [one.weight for one in releases])[0]
