"""How each rule is asked, after what the samples made of its texts; see `narrow`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from tocsin.events.distinct import Distinct
from tocsin.matching.prefilter import Prefilter
from tocsin.matching.sigma.literals import DISGUISED
from tocsin.matching.sigma.needs import choose, needs
from tocsin.matching.sigma.plain import tests_in
from tocsin.matching.sigma.signs import MOST, exactly, judged, patterns_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from tocsin.events.bulk import Rows
    from tocsin.events.format import Format
    from tocsin.matching.sigma.asks import Asks
    from tocsin.matching.sigma.literals import Clause, Pattern
    from tocsin.matching.sigma.plan import Hit
    from tocsin.matching.sigma.samples import Samples
    from tocsin.matching.sigma.signs import Sign

REPEATED = 0.2
"""New combinations for each row, up to which asking about each once is less work."""
TOGETHER = 500
"""Combinations in one block, up to which rules about different columns share them: numbering the
rows of a block once more costs as much as asking about some hundreds of combinations."""
Asked: TypeAlias = frozenset[int]
"""Places of rules."""
_Key: TypeAlias = "tuple[tuple[str, ...], tuple[Sign, ...]]"
"""What the combinations are made of that some rules are asked about."""
NOBODY: Asked = frozenset()


@dataclass(slots=True)
class Columns:
    """Rules that are asked once for each combination of values, and what they said."""

    asked: Asked
    distinct: Distinct
    signs: tuple[Sign, ...]
    said: list[tuple[Hit, ...]] = field(default_factory=list)
    speaks: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    """By combination: whether one of the rules matches that is not counted only."""
    counts: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    """By combination: whether any of the rules matches."""

    def forget(self) -> None:
        """Begin anew."""
        self.distinct.forget()
        self.said.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the samples led to: what is searched for, and who waits for it."""

    prefilter: Prefilter
    patterns: Mapping[Pattern, int]
    by_pattern: tuple[Asked | None, ...]
    columns: tuple[Columns, ...]
    every: Asked
    disguised: int | None
    waits: NDArray[np.bool_]
    """By pattern: whether rows in which it is found are chosen for it."""
    seen: NDArray[np.int64]
    """By pattern that is waited for: the rows in which it was found."""

    @property
    def always(self) -> Asked:
        """Who is asked about each row that is read."""
        return self.every.union(*(group.asked for group in self.columns))


def plan_of(
    form: Format, asks: Sequence[Asks], samples: Samples, rows: Rows, before: Plan | None
) -> Plan:
    """Choose for every rule; `rows` tell which columns say the same again and again.

    The database of `before` is used again where nothing else is searched for.
    """
    repeats = _Repeats(rows)
    waiting: dict[Pattern, Asked | None] = {}
    by_columns: dict[_Key, set[int]] = {}
    every: set[int] = set()
    for one in asks:
        clause = choose(one.need, samples.cost)
        if clause is not None and not samples.is_usable(clause):
            clause = None
        if clause is None or samples.is_common(clause):
            split = _split(one, samples, repeats)
            if split is not None and (clause is None or repeats.of(split.columns)):
                by_columns.setdefault((split.columns, split.signs), set()).add(one.place)
                clause = split.rare
        if clause is None:
            every.add(one.place)
            continue
        for pattern in clause:
            waiting[pattern] = (waiting.get(pattern) or NOBODY) | {one.place}
    by_columns = _together(by_columns, repeats)
    if viewed := frozenset(one.place for one in asks if one.is_viewed):
        waiting[DISGUISED] = viewed
    for pattern in form.bulk.rewritten if form.bulk else ():
        waiting[pattern] = None
    signs = dict.fromkeys(sign for _, signs in by_columns for sign in signs)
    patterns = dict.fromkeys((*waiting, *(one for sign in signs for one in patterns_of(sign))))
    same = before is not None and list(before.patterns) == list(patterns)
    return Plan(
        prefilter=before.prefilter if before and same else Prefilter(list(patterns)),
        patterns={pattern: number for number, pattern in enumerate(patterns)},
        by_pattern=tuple(waiting.get(pattern, NOBODY) for pattern in patterns),
        columns=tuple(
            Columns(frozenset(places), Distinct(columns), signs)
            for (columns, signs), places in by_columns.items()
        ),
        every=frozenset(every),
        disguised=list(patterns).index(DISGUISED) if viewed else None,
        seen=np.zeros(len(patterns), np.int64),
        waits=np.array([pattern in waiting for pattern in patterns], np.bool_),
    )


@dataclass(frozen=True, slots=True)
class _Split:
    """What decides a rule: the values of columns and signs, where no rare pattern is found."""

    columns: tuple[str, ...]
    signs: tuple[Sign, ...]
    rare: Clause


def _split(one: Asks, samples: Samples, repeats: _Repeats) -> _Split | None:
    """The columns that decide a rule where none of some rare patterns is found."""
    if not one.is_decided:
        return None
    columns: set[str] = set(one.stream & one.names)
    signs: dict[Sign, None] = {}
    rare: set[Pattern] = set()
    for test in tests_in(one.entry.node):
        clause = choose(needs(test, one.carrier), samples.cost)
        if clause is not None and not samples.is_common(clause):
            rare |= clause
            continue
        found = one.columns_of(test)
        told: list[Sign] | None = None
        if not repeats.of(found):
            told = exactly(test, one) or (judged(test, one, clause) if clause else None)
        if told is None:
            columns |= found
        else:
            signs.update(dict.fromkeys(told))
    if len(signs) > MOST:
        columns.update(sign.column for sign in signs)
        signs.clear()
    return _Split(tuple(sorted(columns)), tuple(signs), frozenset(rare))


def _together(groups: Mapping[_Key, set[int]], repeats: _Repeats) -> dict[_Key, set[int]]:
    """Fewer groups: rules share the combinations of their columns, where those are few."""
    merged: dict[_Key, set[int]] = {}
    for key, places in sorted(groups.items(), key=lambda item: (-len(item[0][0]), item[0][0])):
        into = next((one for one in merged if repeats.go_together(one, key)), None)
        if into is None:
            merged[key] = set(places)
            continue
        columns = tuple(sorted({*into[0], *key[0]}))
        both = columns, tuple(dict.fromkeys((*into[1], *key[1])))
        merged[both] = merged.pop(into) | places
    return merged


class _Repeats:
    """Whether columns say in the second half of a block what they said in the first."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._known: dict[frozenset[str], tuple[int, int]] = {}

    def of(self, columns: Iterable[str]) -> bool:
        """Tell it of the combinations of these; many rules look at the same ones."""
        count = len(self._rows.plain)
        first, both = self._counted(columns)
        return both - first <= REPEATED * (count - count // 2)

    def go_together(self, one: _Key, other: _Key) -> bool:
        """Whether rules about these can be asked about the combinations of both."""
        if len({*one[1], *other[1]}) > MOST:
            return False
        return self._counted({*one[0], *other[0]})[1] <= TOGETHER

    def _counted(self, columns: Iterable[str]) -> tuple[int, int]:
        """How many combinations the first half of the block has, and how many all of it."""
        key = frozenset(columns)
        if key not in self._known:
            table, count = Distinct(sorted(key)), len(self._rows.plain)
            half = count // 2
            table.number(self._rows, np.arange(half))
            known = len(table)
            table.number(self._rows, np.arange(half, count))
            self._known[key] = known, len(table)
        return self._known[key]
