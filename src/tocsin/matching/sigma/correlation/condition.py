"""Conditions of rule names, such as ``scan and (login or reset) and not block``.

They are turned into a list of alternatives, each with the rules that must have matched and those
that must not. So the engine never walks a tree, and whether more rows can undo a condition is seen
at a glance.

Source: SigmaHQ, sigma-specification, issue 198 "Condition Extension in Temporal Correlation Rules"
(approved for 2.2.0, 2026-01-31), and pySigma 2.0.
"""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, TypeAlias

from tocsin.errors import KnowledgeError
from tocsin.matching.sigma.correlation.rule import Alternative

if TYPE_CHECKING:
    from collections.abc import Sequence

ALTERNATIVES = 64
"""More ways than this to fulfil one condition are refused: each is tried in every window."""
_DEPTH = 50
_TOKENS = 500
_TOKEN = re.compile(r"[()]|[^\s()]+")
_WORDS = frozenset({"and", "or", "not"})

_Way: TypeAlias = tuple[frozenset[str], frozenset[str]]
"""The rules that must have matched, and those that must not."""


def names_in(condition: str) -> list[str]:
    """The rules that `condition` names, in the order in which they first stand there."""
    tokens = _TOKEN.findall(condition)
    return list(dict.fromkeys(one for one in tokens if one not in "()" and not _is_word(one)))


def alternatives(condition: str, rules: Sequence[str]) -> tuple[Alternative, ...]:
    """The ways in which `condition` holds. Raises `KnowledgeError` with the reason.

    ``not`` binds closer than ``and``, and that closer than ``or``; case does not matter to them.
    """
    if len(_TOKEN.findall(condition)) > _TOKENS:
        raise KnowledgeError(f"condition: has more than {_TOKENS} words")
    ways = _Parser(condition).ways()
    named = names_in(condition)
    if unknown := [name for name in named if name not in rules]:
        raise KnowledgeError(f"condition: {unknown[0]!r} is not among 'rules'; add it there")
    if unused := [name for name in rules if name not in named]:
        raise KnowledgeError(f"condition: does not say what is wanted of the rule {unused[0]!r}")
    if not ways:
        raise KnowledgeError(f"condition: {condition!r} can never hold")
    if not all(needed for needed, _ in ways):
        raise KnowledgeError(
            f"condition: {condition!r} can hold where none of its rules matched; "
            "name a rule that must"
        )
    place = {name: number for number, name in enumerate(rules)}
    return tuple(
        sorted(
            (
                Alternative(
                    needed=tuple(sorted(place[name] for name in needed)),
                    absent=tuple(sorted(place[name] for name in absent)),
                )
                for needed, absent in ways
            ),
            key=lambda one: (one.needed, one.absent),
        )
    )


def _is_word(token: str) -> bool:
    return token.lower() in _WORDS


class _Parser:
    """One condition; every method takes `negated`, so that ``not`` ends at the names."""

    def __init__(self, condition: str) -> None:
        self._condition = condition
        self._tokens = _TOKEN.findall(condition)
        self._at = 0
        self._depth = 0

    def ways(self) -> list[_Way]:
        found = self._either(negated=False)
        if self._at < len(self._tokens):
            raise self._wrong(f"{self._tokens[self._at]!r} stands where 'and' or 'or' must")
        return found

    def _either(self, *, negated: bool) -> list[_Way]:
        parts = [self._both(negated=negated)]
        while self._next() == "or":
            self._at += 1
            parts.append(self._both(negated=negated))
        return _all_of(parts) if negated else _any_of(parts)

    def _both(self, *, negated: bool) -> list[_Way]:
        parts = [self._one(negated=negated)]
        while self._next() == "and":
            self._at += 1
            parts.append(self._one(negated=negated))
        return _any_of(parts) if negated else _all_of(parts)

    def _one(self, *, negated: bool) -> list[_Way]:
        while self._next() == "not":
            self._at += 1
            negated = not negated
        word = self._tokens[self._at] if self._at < len(self._tokens) else ""
        self._at += 1
        if word == "(":
            return self._inside(negated=negated)
        if word in ("", ")") or _is_word(word):
            raise self._wrong(f"a rule is missing before {word!r}" if word else "it ends early")
        alone: frozenset[str] = frozenset({word})
        return [(frozenset(), alone)] if negated else [(alone, frozenset())]

    def _inside(self, *, negated: bool) -> list[_Way]:
        self._depth += 1
        if self._depth > _DEPTH:
            raise self._wrong(f"parentheses stand more than {_DEPTH} deep")
        found = self._either(negated=negated)
        if self._next() != ")":
            raise self._wrong("a ')' is missing")
        self._at += 1
        self._depth -= 1
        return found

    def _next(self) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else ""
        return token.lower() if _is_word(token) else token

    def _wrong(self, reason: str) -> KnowledgeError:
        return KnowledgeError(f"condition: {self._condition[:200]!r}: {reason}")


def _any_of(parts: Sequence[list[_Way]]) -> list[_Way]:
    return _fewest([way for part in parts for way in part])


def _all_of(parts: Sequence[list[_Way]]) -> list[_Way]:
    found = parts[0]
    for part in parts[1:]:
        pairs = product(found, part)
        found = _fewest([(one[0] | other[0], one[1] | other[1]) for one, other in pairs])
    return found


def _fewest(ways: Sequence[_Way]) -> list[_Way]:
    """Without the impossible, and without those that ask for more than another does."""
    kept: list[_Way] = []
    for needed, absent in sorted(set(ways), key=lambda way: len(way[0]) + len(way[1])):
        asks_for_more = any(other[0] <= needed and other[1] <= absent for other in kept)
        if not needed & absent and not asks_for_more:
            kept.append((needed, absent))
        if len(kept) > ALTERNATIVES:
            raise KnowledgeError(
                f"condition: can be fulfilled in more than {ALTERNATIVES} ways; "
                "split it into correlations that refer to each other"
            )
    return kept
