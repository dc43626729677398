"""Which rules a correlation means, which correlation comes first, and what rows must keep.

Correlations may stand on correlations. So they are put into an order in which each comes after
those that it stands on, and what cannot be ordered, or means a rule that is not there, is refused
with the reason, together with everything that stands on it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from tocsin.errors import KnowledgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from tocsin.matching.sigma.correlation.rule import Correlation

CHAIN = 50
"""Correlations that may stand on each other; nobody reads more, and each level costs memory."""


@dataclass(slots=True)
class Names:
    """By which names the documents of all files may be called."""

    _ids: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def add(self, rule: str, names: Iterable[str], file: str) -> None:
        """The rule with the id `rule` in `file` may be called by any of `names`."""
        for name in {_spelt(name) for name in names}:
            self._ids.setdefault(name, []).append((rule, file))

    def known(self, name: str, file: str) -> list[str]:
        """All rules that `name` may mean in `file`."""
        found = self._ids.get(_spelt(name), [])
        return [rule for rule, where in found if where == file] or [rule for rule, _ in found]

    def find(self, name: str, file: str) -> str:
        """The id of the rule that a correlation in `file` means by `name`; its own file first.

        Raises `KnowledgeError` where there is none, or more than one.
        """
        found = self._ids.get(_spelt(name), [])
        here = [one for one in found if one[1] == file] or found
        if not here:
            raise KnowledgeError(
                f"correlation.rules: no rule that could be loaded has the id or name {name!r}"
            )
        if len(here) > 1:
            raise KnowledgeError(
                f"correlation.rules: {name!r} names {len(here)} rules, in {here[0][1]} and "
                f"{here[1][1]}; give each a name of its own"
            )
        return here[0][0]


def _spelt(name: str) -> str:
    """An id as all ids are spelt, or the name."""
    try:
        return str(UUID(name))
    except ValueError:
        return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One correlation to be worked out, in terms of ids.

    `bases` are the rules and correlations that it stands on, in the order of its file. For each,
    `group` and `values` say at which places of a row's kept values its `group_by` and its `fields`
    are, and `passed` where the values are that its own firings keep for others.
    """

    id: str
    about: Correlation
    bases: tuple[str, ...]
    group: tuple[tuple[int, ...], ...]
    values: tuple[tuple[int, ...], ...]
    passed: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All correlations of a run. `steps` stand in an order in which they can be worked out.

    `kept` gives, by rule, the fields that its rows must keep. `silent` are the rules that do not
    speak for themselves. `failed` gives the reason for each correlation that cannot be used.
    """

    steps: tuple[Step, ...] = ()
    kept: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def useless(self) -> frozenset[str]:
        """Rules that only serve, and nothing that can be used."""
        serving = {base for step in self.steps for base in step.bases}
        return self.silent - serving

    def can_fire(self, served: Collection[str]) -> frozenset[str]:
        """The correlations that rows of the rules `served` alone can make true."""
        able = set(served)
        for step in self.steps:
            if _can_fire(step, [base in able for base in step.bases]):
                able.add(step.id)
        return frozenset(step.id for step in self.steps if step.id in able)


def link(
    correlations: Mapping[str, Correlation],
    find: Callable[[str, str], str],
    silenced: Iterable[str] = (),
) -> Plan:
    """Put `correlations`, by id, into order.

    `find` gives the id for a name and the id of the correlation that uses it, or raises
    `KnowledgeError`. `silenced` are rules that do not speak for themselves for other reasons.
    """
    bases: dict[str, tuple[str, ...]] = {}
    failed: dict[str, str] = {}
    silent = set(silenced)
    in_ids: dict[str, Correlation] = {}
    for identity, about in correlations.items():
        found: list[str] = []
        for name in about.rules:
            try:
                found.append(find(name, identity))
            except KnowledgeError as error:
                failed.setdefault(identity, str(error))
        bases[identity] = tuple(found)
        if not about.generate:
            silent.update(found)
        if identity not in failed:
            try:
                in_ids[identity] = _in_ids(identity, about, found, find)
            except KnowledgeError as error:
                failed[identity] = str(error)
    order = _ordered(bases, failed)
    order = _without_useless(order, bases, silent, failed)
    kept = _kept(order, in_ids)
    return Plan(
        steps=tuple(_step(identity, in_ids[identity], kept) for identity in order),
        kept={rule: names for rule, names in kept.items() if rule not in correlations},
        silent=frozenset(silent),
        failed=failed,
    )


def _in_ids(
    identity: str, about: Correlation, bases: Sequence[str], find: Callable[[str, str], str]
) -> Correlation:
    """The correlation with ids for names: aliases may call a rule otherwise than `rules` does."""
    if len(set(bases)) < len(bases):
        raise KnowledgeError("correlation.rules: calls one rule by its id and its name")
    ids = dict(zip(about.rules, bases, strict=True))
    aliases: dict[str, dict[str, str]] = {}
    for alias, fields in about.aliases.items():
        aliases[alias] = {}
        for name, one in fields.items():
            rule = ids.get(name) or find(name, identity)
            if rule not in bases:
                raise KnowledgeError(
                    f"correlation.aliases.{alias}: {name!r} is not among the correlated rules"
                )
            aliases[alias][rule] = one
    return msgspec.structs.replace(about, rules=tuple(bases), aliases=aliases)


def _ordered(bases: Mapping[str, tuple[str, ...]], failed: dict[str, str]) -> list[str]:
    """Inner correlations first; what cannot be used goes to `failed`."""
    waiting = {identity: sum(base in bases for base in found) for identity, found in bases.items()}
    outer: dict[str, list[str]] = {}
    for identity, found in bases.items():
        for base in found:
            outer.setdefault(base, []).append(identity)
    order: dict[str, int] = {}
    """How many correlations stand on each other, the one itself included."""
    ready = deque(identity for identity, number in waiting.items() if not number)
    while ready:
        identity = ready.popleft()
        del waiting[identity]
        inner = [base for base in bases[identity] if base in bases]
        depth = 1 + max((order.get(base, 0) for base in inner), default=0)
        if lost := [base for base in inner if base in failed]:
            failed.setdefault(identity, f"stands on {lost[0]!r}, which cannot be used")
        elif depth > CHAIN:
            failed[identity] = f"more than {CHAIN} correlations stand on each other"
        if identity not in failed:
            order[identity] = depth
        for one in outer.get(identity, ()):
            waiting[one] -= 1
            if not waiting[one]:
                ready.append(one)
    for identity in waiting:
        failed[identity] = _circle(identity, bases, waiting)
    return list(order)


def _without_useless(
    order: Sequence[str],
    bases: Mapping[str, tuple[str, ...]],
    silent: Collection[str],
    failed: dict[str, str],
) -> list[str]:
    """Without those that do not speak for themselves, and that nothing left stands on."""
    left: list[str] = []
    asked: set[str] = set()
    for identity in reversed(order):
        if identity in silent and identity not in asked:
            failed[identity] = "serves only correlations, of which none can be used"
            continue
        left.append(identity)
        asked.update(bases[identity])
    return left[::-1]


def _circle(identity: str, bases: Mapping[str, tuple[str, ...]], waiting: Collection[str]) -> str:
    """Why `identity` waits for ever, as one of `waiting`."""
    path = [identity]
    while len(path) <= CHAIN:
        after = next(base for base in bases[path[-1]] if base in waiting)
        if after in path:
            told = " → ".join([*path[path.index(after) :], after])
            return f"correlation.rules: these stand on each other in a circle: {told}"
        path.append(after)
    return "correlation.rules: stands on correlations that stand on each other in a circle"


def _kept(
    order: Sequence[str], correlations: Mapping[str, Correlation]
) -> dict[str, tuple[str, ...]]:
    """By rule and correlation: the names that somebody asks of its rows or firings."""
    wanted: dict[str, dict[str, None]] = {}
    for identity in reversed(order):
        about = correlations[identity]
        mine = (*about.group_by, *about.fields, *wanted.setdefault(identity, {}))
        for base in about.rules:
            asked = wanted.setdefault(base, {})
            asked.update(dict.fromkeys(about.field_of(one, base) for one in mine))
    return {identity: tuple(names) for identity, names in wanted.items()}


def _step(identity: str, about: Correlation, kept: Mapping[str, tuple[str, ...]]) -> Step:
    def places(names: Sequence[str]) -> tuple[tuple[int, ...], ...]:
        return tuple(
            tuple(kept[base].index(about.field_of(one, base)) for one in names)
            for base in about.rules
        )

    return Step(
        id=identity,
        about=about,
        bases=about.rules,
        group=places(about.group_by),
        values=places(about.fields),
        passed=places(kept[identity]),
    )


def _can_fire(step: Step, able: list[bool]) -> bool:
    about = step.about
    if about.alternatives:
        return any(all(able[place] for place in one.needed) for one in about.alternatives)
    if about.type.is_temporal and all(one.operator in ("gt", "gte") for one in about.bounds):
        most = max(float(one.number) + (one.operator == "gt") for one in about.bounds)
        return sum(able) >= most
    return any(able)
