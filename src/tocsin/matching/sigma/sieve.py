"""Whether a row holds every text that a rule needs: a second look, before the rule is asked.

One text of a rule led to the row (`narrow`). Mostly another that the rule needs as well is not
there, and finding that out takes a hundredth of the time that asking takes. As with `literals`,
what is said of plain ASCII rows may let too much pass, never too little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from tocsin.matching.sigma import plain
from tocsin.matching.sigma.literals import LONGEST, REPEATS, Reach, parsed_regex, plain_runs
from tocsin.matching.sigma.text import stands_for_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tocsin.matching.sigma.literals import Carrier

    Sieve: TypeAlias = Callable[[bytes], bool]
    """Takes a row in lower case."""


def sieve(node: plain.Node, carrier: Carrier) -> Sieve | None:
    """Says no to rows that cannot match; None where it would always say yes."""
    match node:
        case plain.FieldIs():
            reach = carrier.reach(node.field)
            return _any(_of_value(one, carrier, reach) for one in node.values)
        case plain.Anywhere():
            return _of_value(node.value, carrier, Reach.INSIDE, anywhere=True)
        case plain.All():
            return _all(sieve(one, carrier) for one in node.nodes)
        case plain.Any():
            return _any(sieve(one, carrier) for one in node.nodes)
        case plain.Not(plain.Not(inner)):
            return sieve(inner, carrier)
        case plain.Not():
            return None


def _all(several: Iterable[Sieve | None]) -> Sieve | None:
    found = [one for one in several if one is not None]
    if len(found) < 2:
        return found[0] if found else None
    return lambda row: all(one(row) for one in found)


def _any(several: Iterable[Sieve | None]) -> Sieve | None:
    found: list[Sieve] = []
    for one in several:
        if one is None:
            return None
        found.append(one)
    if len(found) == 1:
        return found[0]
    return lambda row: any(one(row) for one in found)


def _of_value(
    value: plain.Value, carrier: Carrier, reach: Reach, *, anywhere: bool = False
) -> Sieve | None:
    if reach is Reach.HIDDEN:
        return None

    def texts(part: str) -> list[str]:
        runs = plain_runs(part, carrier, reach)
        return [run for run in runs if not (anywhere and carrier.unsure(run))]

    match value:
        case plain.Text() if anywhere or not stands_for_nothing(value.parts):
            parts = [part for part in value.parts if isinstance(part, str)]
            return _holding([run for part in parts for run in texts(part)])
        case plain.Regex():
            return _of_regex(parsed_regex(value), texts)
        case plain.Number() if value.number == int(value.number):
            return _holding([str(abs(int(value.number)))])
        case plain.Truth():
            return _holding([str(value.truth)])
        case _:
            return None


def _holding(texts: Sequence[str]) -> Sieve | None:
    words = tuple(text[:LONGEST].lower().encode("ascii") for text in texts)
    if len(words) < 2:
        return _contains(words[0]) if words else None
    return lambda row: all(word in row for word in words)


def _contains(word: bytes) -> Sieve:
    return lambda row: word in row


def _of_regex(
    parsed: Iterable[tuple[object, object]], texts: Callable[[str], list[str]]
) -> Sieve | None:
    run = ""
    found: list[Sieve | None] = []
    for operation, argument in parsed:
        name = str(operation)
        if name == "LITERAL" and isinstance(argument, int) and argument < 0x80:
            run += chr(argument)
            continue
        found.append(_holding(texts(run)))
        run = ""
        if not isinstance(argument, tuple):
            continue
        if name == "SUBPATTERN":
            found.append(_of_regex(argument[3], texts))
        elif name == "BRANCH":
            found.append(_any(_of_regex(one, texts) for one in argument[1]))
        elif name in REPEATS and argument[0] > 0:
            found.append(_of_regex(argument[2], texts))
    found.append(_holding(texts(run)))
    return _all(found)
