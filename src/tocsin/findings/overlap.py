"""How far an intruder's ways overlap with those published for known groups; never who it was.

What was seen is a set of ATT&CK techniques. A technique that every group uses tells nothing, and
a group with a hundred published techniques overlaps with anybody. So each technique counts for a
group as much as it is more likely there than among all groups, and a group's score is the sum:
the logarithm of how much better the group explains the set than chance does. Only techniques that
our rules can see at all take part.

Whether a score means something is measured, not believed (`calibrated`). Sets drawn at random say
how high chance gets. Sets drawn from one group's list, with strangers among them, say how high
others get where the group itself is on no list, and how often it comes first where it is. The last
number decides whether a group is named at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tocsin.knowledge.groups import Group

    Flags: TypeAlias = NDArray[np.bool_]
    Places: TypeAlias = NDArray[np.int64]

FEWEST = 5
"""Techniques below which no group is named: the calibration shows that it would be a guess."""
_OWN = 0.7
"""The share of what a group does that is expected to be on its published list."""
_UNSEEN = 0.5
"""What is added to the number of groups that use a technique, so that none is impossible."""
CHANCE = 0.05
"""How often a group may be named for a set drawn at random, or of a group that is not known."""
NOISE = 0.3
"""The share of strangers in the sets that are drawn from a group's list."""
RARE_USERS = 0.25
"""The share of the groups that may use a technique for it to be rare."""
RARE_NEEDED = 2
"""Rare techniques without which no group is named: what half of them do tells nobody's hand."""
TRIES = 2000
SEED = 20210302


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How one group explains a set of techniques.

    `nats` is the score, `shared` are the techniques that stand on its list, the rarest first, and
    `share` is their part of the set, each weighed by its rarity (0 to 1). `has_rare` tells whether
    enough of them are rare for a group to be named.
    """

    group: Group
    nats: float
    shared: tuple[str, ...]
    share: float
    has_rare: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What sets of one size are worth.

    `threshold` is the score that some group exceeds in `CHANCE` of the sets drawn at random, and
    of those drawn from a group that is then taken off the table. `right_first` tells how often the
    group that a set was drawn from comes first and above it, and `wrong_first` how often another
    one does.
    """

    size: int
    threshold: float
    right_first: float
    wrong_first: float

    @property
    def right_of_named(self) -> float:
        """Of the sets for which a group would be named, those for which it is the right one."""
        named = self.right_first + self.wrong_first
        return self.right_first / named if named else 0.0


class Ways:
    """The groups, compared by the techniques that can be seen."""

    def __init__(self, groups: Iterable[Group], observable: Iterable[str]) -> None:
        """`observable` are the techniques that rules name, under their current ids."""
        self.observable = tuple(sorted(set(observable)))
        self.groups = tuple(groups)
        place = {one: at for at, one in enumerate(self.observable)}
        self._place = place
        self._own = np.zeros((len(self.groups), len(place)), np.bool_)
        for row, group in zip(self._own, self.groups, strict=True):
            row[[place[one] for one in group.techniques if one in place]] = True
        self._users = self._own.sum(axis=0)
        self._chance = (self._users + _UNSEEN) / np.sum(self._users + _UNSEEN)
        sizes = np.maximum(self._own.sum(axis=1, keepdims=True), 1)
        better = np.where(self._own, _OWN / sizes / self._chance, 0.0)
        self._nats = np.log(better + 1 - _OWN)
        self._rare = self._users <= RARE_USERS * len(self.groups)
        self._weights = np.log((len(self.groups) + 1) / (self._users + _UNSEEN))

    def shared_by(self, technique: str) -> int:
        """How many groups have this technique on their lists."""
        at = self._place.get(technique)
        return 0 if at is None else int(self._users[at])

    def scores(self, seen: Iterable[str]) -> list[Score]:
        """All groups, the best first; groups with the same score in the order of their ids."""
        held = np.zeros(len(self.observable), np.bool_)
        held[[self._place[one] for one in set(seen) if one in self._place]] = True
        nats = self._nats @ held
        total = float(self._weights @ held)
        found = [
            Score(
                group=group,
                nats=float(score),
                shared=self._rarest_first(own & held),
                share=float(self._weights @ (own & held)) / total if total else 0.0,
                has_rare=bool(self._has_rare(own & held)),
            )
            for group, own, score in zip(self.groups, self._own, nats, strict=True)
        ]
        return sorted(found, key=lambda one: (-one.nats, one.group.id))

    def calibrated(self, size: int) -> Calibration:
        """What sets of so many techniques are worth; the same each time, for the seed is fixed."""
        return _calibrated(self, min(size, len(self.observable)))

    def chance_sets(self, size: int, dice: np.random.Generator) -> Flags:
        """`TRIES` sets of different techniques, each as likely as it is common among groups."""
        return _drawn(np.tile(self._chance, (TRIES, 1)), np.full(TRIES, size), dice)

    def sets_of_groups(self, size: int, dice: np.random.Generator) -> tuple[Places, Flags]:
        """`TRIES` groups, and a set from each one's list with `NOISE` of others.

        Only groups with as many observable techniques as that needs take part; none may.
        """
        able = np.flatnonzero(self._own.sum(axis=1) >= size * (1 - NOISE))
        if not len(able):
            return able, np.zeros((0, len(self.observable)), np.bool_)
        drawn = able[(dice.random(TRIES) * len(able)).astype(np.int64)]
        own = self._own[drawn]
        strangers = (dice.random((TRIES, size)) < NOISE).sum(axis=1)
        held = _drawn(own.astype(np.float64), size - strangers, dice)
        left = size - held.sum(axis=1)
        return drawn, held | _drawn(np.where(held, 0.0, self._chance), left, dice)

    def best(
        self, held: Flags, without: Places | None = None
    ) -> tuple[Places, NDArray[np.float64]]:
        """The group that explains each set best, by its place, and its score.

        With `without`, among the others than the group that is named there for each set.
        """
        nats = held.astype(np.float64) @ self._nats.T
        if without is not None:
            nats[np.arange(len(held)), without] = -np.inf
        return nats.argmax(axis=1), nats.max(axis=1)

    def named(
        self, held: Flags, threshold: float, without: Places | None = None
    ) -> tuple[Places, Flags]:
        """The group that explains each set best, as `best` has it, and whether it is named."""
        first, nats = self.best(held, without)
        return first, (nats > threshold) & self._has_rare(held & self._own[first])

    def _has_rare(self, shared: Flags) -> Flags:
        """Whether enough of the techniques that are shared are rare."""
        enough: Flags = np.count_nonzero(shared & self._rare, axis=-1) >= RARE_NEEDED
        return enough

    def _rarest_first(self, held: Flags) -> tuple[str, ...]:
        places = sorted(np.flatnonzero(held).tolist(), key=lambda at: (self._users[at], at))
        return tuple(self.observable[at] for at in places)


def _drawn(shares: NDArray[np.float64], sizes: Places, dice: np.random.Generator) -> Flags:
    """So many different ones for each row, each as likely as its share, and none without one."""
    # Source: Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006.
    with np.errstate(divide="ignore"):
        keys = np.where(shares > 0, np.log(dice.random(shares.shape)) / shares, -np.inf)
    rank = np.argsort(np.argsort(-keys, axis=1), axis=1)
    held: Flags = (rank < sizes[:, None]) & (shares > 0)
    return held


def _exceeded_by(scores: NDArray[np.float64]) -> float:
    """The score that `CHANCE` of these exceed."""
    return float(np.sort(scores)[min(math.ceil((1 - CHANCE) * len(scores)), len(scores) - 1)])


@lru_cache(maxsize=64)
def _calibrated(ways: Ways, size: int) -> Calibration:
    dice = np.random.Generator(np.random.PCG64([SEED, size]))
    _, by_chance = ways.best(ways.chance_sets(size, dice))
    drawn, held = ways.sets_of_groups(size, dice)
    threshold = _exceeded_by(by_chance)
    if len(drawn):
        # Whoever came may stand on no list: then each group's own sets must not name another.
        threshold = max(threshold, _exceeded_by(ways.best(held, without=drawn)[1]))
    drawn, held = ways.sets_of_groups(size, dice)
    first, named = ways.named(held, threshold)
    tries = max(len(drawn), 1)
    return Calibration(
        size=size,
        threshold=threshold,
        right_first=int(np.count_nonzero(named & (first == drawn))) / tries,
        wrong_first=int(np.count_nonzero(named & (first != drawn))) / tries,
    )
