"""The texts that a rule needs in a row, as a tree; worked out once for a rule and a kind of row.

Two things are made of it: the *clause* that is searched for (`choose`), and the second look at a
row in which it was found (`tocsin.matching.sigma.sieve`). What is said in `literals` of promises
holds for both.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from tocsin.matching.sigma import plain
from tocsin.matching.sigma.literals import LONGEST, UNRESERVED, Reach, literal, word
from tocsin.matching.sigma.text import stands_for_nothing
from tocsin.matching.sigma.values import exact, flags_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tocsin.matching.sigma.literals import Carrier, Clause, Pattern

    Cost: TypeAlias = Callable[[Pattern], float]
    """How many rows a pattern lets pass, in any unit."""

_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_NOT_AS_PYTHON = re.compile(r"\[:\^?\w*:\]|\\[QpP]")
"""Where Python reads a pattern otherwise than RE2 does: ``[_[:digit:]]`` is a set in RE2, and in
Python a set with a bracket behind it."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text: the `pattern` to search for it with its edges, and its `word` in lower case."""

    pattern: Pattern
    word: bytes


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of these must be there."""

    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of these must be there."""

    needs: tuple[Need, ...]


Need: TypeAlias = Text | AllOf | AnyOf


def needs(node: plain.Node, carrier: Carrier) -> Need | None:
    """What a row must hold for `node` to match it; None where nothing can be said."""
    match node:
        case plain.FieldIs():
            finder = _Finder(carrier, carrier.reach(node.field))
            return _any_of(finder.value(one) for one in node.values)
        case plain.Anywhere():
            return _Finder(carrier, Reach.INSIDE, anywhere=True).value(node.value)
        case plain.All():
            return _all_of(needs(one, carrier) for one in node.nodes)
        case plain.Any():
            return _any_of(needs(one, carrier) for one in node.nodes)
        case plain.Not(plain.Not(inner)):
            return needs(inner, carrier)
        case plain.Not():
            return None


def choose(need: Need | None, cost: Cost) -> Clause | None:
    """The cheapest clause: patterns of which one stands in every row that matches; or None."""
    return None if need is None else _choose(need, cost)[1]


def _choose(need: Need, cost: Cost) -> tuple[float, Clause]:
    match need:
        case Text():
            return cost(need.pattern), frozenset((need.pattern,))
        case AllOf():
            # All of them hold, so the clause of any will do.
            return min((_choose(one, cost) for one in need.needs), key=lambda choice: choice[0])
        case AnyOf():
            # One of them holds, so their clauses are added up.
            choices = [_choose(one, cost) for one in need.needs]
            patterns = frozenset(pattern for _, clause in choices for pattern in clause)
            return sum(price for price, _ in choices), patterns


def _all_of(several: Iterable[Need | None]) -> Need | None:
    found = tuple(one for one in several if one is not None)
    if len(found) < 2:
        return found[0] if found else None
    return AllOf(found)


def _any_of(several: Iterable[Need | None]) -> Need | None:
    found: list[Need] = []
    for one in several:
        if one is None:
            return None
        found.append(one)
    return found[0] if len(found) == 1 else AnyOf(tuple(found))


@dataclass(frozen=True, slots=True)
class _Finder:
    """Finds what one value of one field needs, or a keyword that stands `anywhere`."""

    carrier: Carrier
    reach: Reach
    anywhere: bool = False

    def value(self, value: plain.Value) -> Need | None:
        """What stands in every row that the value fits."""
        if self.reach is Reach.HIDDEN:
            return None
        match value:
            case plain.Text() if self.anywhere or not stands_for_nothing(value.parts):
                return _all_of(self._of_text(value))
            case plain.Regex():
                return self._of_regex(_parsed(value))
            case plain.Number() if (number := exact(value.number)) == int(number):
                # A number may have zeros, a sign or blanks around it, and no other digit.
                digits = b"%d" % abs(int(number))
                return Text(b"(?:^|[^0-9])0*" + digits + b"[^0-9]", digits)
            case plain.Truth():
                return _text(str(value.truth))
            case _:
                return None

    def _of_text(self, value: plain.Text) -> Iterator[Need]:
        edge = self.carrier.edge
        anchored = self.reach is Reach.WHOLE and bool(edge) and not self.anywhere
        after = b"[" + edge + b"]"
        before = after if self.carrier.closed else b"(?:^|" + after + b")"
        last = len(value.parts) - 1
        for place, part in enumerate(value.parts):
            if not isinstance(part, str):
                continue
            runs = self._runs(part)
            for number, run in enumerate(runs):
                starts = place == 0 and number == 0 and part.startswith(run)
                ends = place == last and number == len(runs) - 1 and part.endswith(run)
                yield _text(
                    run,
                    before if anchored and starts else b"",
                    after if anchored and ends else b"",
                )

    def _of_regex(self, parsed: Iterable[tuple[object, object]]) -> Need | None:
        """What every match holds: plain letters, and parts that must be there."""
        run = ""
        found: list[Need | None] = []
        for operation, argument in parsed:
            if str(operation) == "LITERAL" and isinstance(argument, int) and argument < 0x80:
                run += chr(argument)
                continue
            found += map(_text, self._runs(run))
            run = ""
            if isinstance(argument, tuple):
                found.append(self._of_part(str(operation), argument))
        found += map(_text, self._runs(run))
        return _all_of(found)

    def _of_part(self, operation: str, argument: tuple[Any, ...]) -> Need | None:
        if operation == "SUBPATTERN":
            return self._of_regex(argument[3])
        if operation == "BRANCH":
            return _any_of(self._of_regex(branch) for branch in argument[1])
        if operation in _REPEATS and argument[0] > 0:
            return self._of_regex(argument[2])
        return None

    def _runs(self, text: str) -> Sequence[str]:
        """The pieces of a text that stand in the row byte by byte."""
        runs = self.carrier.runs(text)
        if self.reach is Reach.VIEWED:
            runs = [one for run in runs for one in UNRESERVED.findall(run)]
        return [run for run in runs if not (self.anywhere and self.carrier.unsure(run))]


def _text(run: str, before: bytes = b"", after: bytes = b"") -> Need:
    return Text(before + literal(run) + (after if len(run) <= LONGEST else b""), word(run))


def _parsed(value: plain.Regex) -> Iterable[tuple[object, object]]:
    """The parts of an expression; none where Python and RE2 may read it differently."""
    if _NOT_AS_PYTHON.search(value.pattern):
        return ()
    flags = flags_of(value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found: Iterable[tuple[object, object]] = re._parser.parse(value.pattern, flags)  # type: ignore[attr-defined] # noqa: SLF001 - nothing public tells the parts of a pattern
    except (re.error, OverflowError, RecursionError):
        return ()
    return found
