"""What a pattern may cost an engine that backs up: told from the pattern, before any text.

Such an engine tries one way through the pattern after the other. For each part of a pattern,
`Work` bounds in how many ways it can match from one place, and how many steps trying them all
takes. In a sequence the ways multiply, and each part is tried once for each way through those
before it; alternatives add up; what is behind a look-around or an atomic group never comes back
into it. A repeat around a part with several ways has all combinations of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Parts: TypeAlias = Sequence[tuple[object, Any]]

ENDLESS = 2**64
"""So many steps stand for any larger number."""
_SINGLE = frozenset(
    {"LITERAL", "NOT_LITERAL", "IN", "ANY", "AT", "CATEGORY", "FAILURE", "SUCCESS"}
)
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT"})


class Work(NamedTuple):
    """In how many ways a part can match from one place, and the steps of trying all of them."""

    ways: int
    steps: int


ONE = Work(1, 1)
NEVER_DONE = Work(ENDLESS, ENDLESS)


def steps(pattern: str, flags: re.RegexFlag, characters: int) -> int:
    """The steps that a search in a text of so many characters takes at most; see `ENDLESS`.

    Raises `re.error`, and `RecursionError` where groups stand in each other too deeply.
    """
    parts = list(re._parser.parse(pattern, flags))  # type: ignore[attr-defined] # noqa: SLF001 - nothing public tells the parts of a pattern
    begins = bool(parts) and str(parts[0][1]) in ("AT_BEGINNING", "AT_BEGINNING_STRING")
    starts = 1 if begins and not flags & re.MULTILINE else characters + 1
    return min(starts * _sequence(parts, characters).steps, ENDLESS)


def _sequence(parts: Parts, characters: int) -> Work:
    ways, total = 1, 1
    for operation, argument in parts:
        one = _part(str(operation), argument, characters)
        total = min(total + ways * one.steps, ENDLESS)
        ways = min(ways * one.ways, ENDLESS)
    return Work(ways, total)


def _part(operation: str, argument: Any, characters: int) -> Work:  # noqa: ANN401 the parser's own
    found = NEVER_DONE
    match operation:
        case _ if operation in _SINGLE:
            found = ONE
        case "SUBPATTERN":
            found = _sequence(argument[3], characters)
        case "BRANCH":
            found = _branch(argument[1], characters)
        case "ASSERT" | "ASSERT_NOT":
            found = Work(1, _sequence(argument[1], characters).steps)
        case "ATOMIC_GROUP":
            found = Work(1, _sequence(argument, characters).steps)
        case "GROUPREF":
            found = Work(1, characters)
        case "GROUPREF_EXISTS":
            found = _added(_sequence(one, characters) for one in argument[1:] if one is not None)
        case "POSSESSIVE_REPEAT":
            found = Work(1, _repeated(argument, characters).steps)
        case _ if operation in _REPEATS:
            found = _repeated(argument, characters)
    return found


def _branch(alternatives: Sequence[Parts], characters: int) -> Work:
    found = [_sequence(one, characters) for one in alternatives]
    added = _added(found)
    first = [_first_letter(one) for one in alternatives]
    if None in first or len(set(first)) < len(first):
        return added
    # They begin with different letters, so at most one of them matches at one place.
    return Work(max(one.ways for one in found), added.steps)


def _added(several: Iterable[Work]) -> Work:
    found = list(several)
    ways, total = sum(one.ways for one in found), sum(one.steps for one in found)
    return Work(min(ways, ENDLESS), min(total + 1, ENDLESS))


def _first_letter(parts: Parts) -> str | None:
    """The letter that an alternative begins with, in lower case; None for anything else."""
    if not len(parts) or str(parts[0][0]) != "LITERAL":
        return None
    return chr(parts[0][1]).casefold()


def _repeated(repeat: tuple[int, int, Parts], characters: int) -> Work:
    low, high, parts = repeat
    body = _sequence(parts, characters)
    # What matches nothing is not tried again and again, so no repeat outlasts the text.
    most = min(int(high), characters)
    fewest = min(int(low), most)
    if body.ways == 1:
        return Work(most - fewest + 1, min(1 + most * body.steps, ENDLESS))
    ways, total, so_far = 0, 1, 1
    for times in range(most + 1):
        if times >= fewest:
            ways += so_far
        total += so_far * body.steps
        so_far *= body.ways
        if total >= ENDLESS or ways >= ENDLESS:
            return NEVER_DONE
    return Work(ways, total)
