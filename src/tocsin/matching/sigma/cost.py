"""What a pattern may cost an engine that backs up: told from the pattern, before any text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MANY = 64
"""From so many repeats on, one counts as without end."""
_APART = frozenset({"ASSERT", "ASSERT_NOT", "ATOMIC_GROUP"})
"""Once past these the engine does not come back into them."""
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})


def degree(pattern: str, flags: re.RegexFlag) -> int | None:
    """How many repeats without end follow each other; None where one stands inside another.

    With n characters, the work grows no faster than n to the power of this number plus one; where
    repeats are nested it may double with every character. Raises `re.error`.
    """
    return _sequence(re._parser.parse(pattern, flags))  # type: ignore[attr-defined] # noqa: SLF001 - nothing public tells the parts of a pattern


def _sequence(parts: Iterable[tuple[object, object]]) -> int | None:
    total = apart = 0
    for operation, argument in parts:
        found = _part(str(operation), argument)
        if found is None:
            return None
        if str(operation) in _APART:
            apart = max(apart, found)
        else:
            total += found
    return max(total, apart)


def _part(operation: str, argument: object) -> int | None:
    inside = [_sequence(part) for part in _parts_in(argument)]
    known = [one for one in inside if one is not None]
    if len(known) < len(inside):
        return None
    deepest = max(known, default=0)
    if operation not in _REPEATS:
        return deepest
    endless = isinstance(argument, tuple) and argument[1] >= _MANY
    if not endless:
        return deepest
    return None if deepest else 1


def _parts_in(argument: object) -> Iterable[Iterable[tuple[object, object]]]:
    if hasattr(argument, "getwidth"):
        yield argument  # type: ignore[misc] # a sub-pattern, whose class has no public name
    elif isinstance(argument, tuple | list):
        for one in argument:
            yield from _parts_in(one)
