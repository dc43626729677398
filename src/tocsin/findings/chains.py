"""Join matches into attacks: rows of several sources that belong to one run of a chain.

A row belongs to another when both carry the same strong key (canary, request id, page), when the
same client made both within minutes, or, for sources that know neither, when the clock puts them
side by side.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tocsin.findings.keys import keys_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tocsin.knowledge.packs import Chain, Step
    from tocsin.matching.match import Match

_NEIGHBOURS = 400
_NO_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A match in its place in a chain."""

    match: Match
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a chain: its members in order of time."""

    chain: Chain
    members: tuple[Member, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that were seen, in the chain's order."""
        seen = {member.step.id for member in self.members}
        return tuple(step for step in self.chain.steps if step.id in seen)

    @property
    def missing(self) -> tuple[Step, ...]:
        """The steps that were not seen and whose absence says something, in the chain's order."""
        seen = {member.step.id for member in self.members}
        return tuple(
            step for step in self.chain.steps if step.id not in seen and not step.optional
        )

    @property
    def not_reached(self) -> tuple[Step, ...]:
        """Those of `missing` that would have come after the last step that was seen."""
        seen = {member.step.id for member in self.members}
        order = [step.id for step in self.chain.steps]
        last = max((order.index(step) for step in seen), default=-1)
        return tuple(step for step in self.missing if order.index(step.id) > last)


def runs_of(chain: Chain, matches: Iterable[Match], shared_addresses: frozenset[str]) -> list[Run]:
    """All runs of `chain` in `matches`, in order of time; every match of its rules is in one."""
    step_of = {rule: step for step in chain.steps for rule in step.rules}
    members = sorted(
        (
            Member(match=match, step=step_of[match.rule])
            for match in matches
            if match.rule in step_of
        ),
        key=_when,
    )
    groups = _Groups(len(members))
    _join_by_keys(chain, members, shared_addresses, groups)
    _join_by_clock(chain, members, groups)
    clusters: dict[int, list[Member]] = {}
    for index, member in enumerate(members):
        clusters.setdefault(groups.find(index), []).append(member)
    return [
        Run(chain=chain, members=tuple(kept))
        for cluster in clusters.values()
        if (kept := _with_needs(cluster))
    ]


def _join_by_keys(
    chain: Chain, members: Sequence[Member], shared: frozenset[str], groups: _Groups
) -> None:
    spans = dict.fromkeys(chain.keys, timedelta(seconds=chain.within_seconds))
    spans |= dict.fromkeys(chain.weak_keys, timedelta(seconds=chain.weak_within_seconds))
    last: dict[tuple[str, str], int] = {}
    for index, member in enumerate(members):
        for key, value in keys_of(member.match.values, shared).items():
            if key not in spans:
                continue
            before = last.get((key, value))
            if before is not None and _near(members[before], member, spans[key]):
                groups.join(before, index)
            last[key, value] = index


def _join_by_clock(chain: Chain, members: Sequence[Member], groups: _Groups) -> None:
    near = timedelta(seconds=chain.near_seconds)
    times = [_when(member)[0] for member in members]
    for index, member in enumerate(members):
        if not member.step.by_time or member.match.time is None:
            continue
        low = max(bisect_left(times, times[index] - near), index - _NEIGHBOURS)
        high = min(bisect_right(times, times[index] + near), index + _NEIGHBOURS)
        keyed = [other for other in range(low, high) if not members[other].step.by_time]
        if keyed:
            ranked = [
                (members[other].step.grade.rank, -abs(times[other] - times[index]), other)
                for other in keyed
            ]
            groups.join(max(ranked)[2], index)
        elif low < index:
            groups.join(index - 1, index)


def _with_needs(cluster: Sequence[Member]) -> list[Member]:
    """`cluster` without the steps whose needs it does not meet, until nothing changes."""
    kept = list(cluster)
    while True:
        seen = {member.step.id for member in kept}
        still = [
            member
            for member in kept
            if not member.step.needs or any(need in seen for need in member.step.needs)
        ]
        if len(still) == len(kept):
            return kept
        kept = still


def _near(one: Member, other: Member, span: timedelta) -> bool:
    if one.match.time is None or other.match.time is None:
        return True
    return abs(other.match.time - one.match.time) <= span


def _when(member: Member) -> tuple[datetime, str, int]:
    match = member.match
    return (match.time or _NO_TIME, match.artefact.path.inside, match.place)


class _Groups:
    """Disjoint sets over indices."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def find(self, index: int) -> int:
        root = index
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[index] != root:
            self._parent[index], index = root, self._parent[index]
        return root

    def join(self, one: int, other: int) -> None:
        a, b = self.find(one), self.find(other)
        if a != b:
            self._parent[max(a, b)] = min(a, b)
