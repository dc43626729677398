r"""What must stand in the bytes of a row before a rule can match it.

A rule becomes a *clause*: patterns of which at least one is found in every row that the rule
matches. Looking for the patterns of all rules at once costs little more than reading the bytes;
only rows in which one is found are read and judged. A clause may let too much pass, never too
little: what cannot be promised gives no pattern, and a rule without a clause must be judged on
every row, or on the columns it looks at.

The promise holds for rows that are plain: ASCII, and carrying each value as `Carrier` says. For
ASCII, case-folding is lower-casing, so a caseless search finds what a folded comparison finds.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, TypeAlias

from tocsin.matching.sigma import plain
from tocsin.matching.sigma.text import stands_for_nothing
from tocsin.matching.sigma.values import flags_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Pattern: TypeAlias = bytes
"""A regular expression over bytes, to be searched for without case."""
Clause: TypeAlias = frozenset[Pattern]
Cost: TypeAlias = "Callable[[Pattern], float]"
"""How many rows a pattern lets pass, in any unit."""

LONGEST = 64
"""Characters of a literal that are searched for: a part of what must be there must be there."""
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)
"""What no client needs to encode in a URI. Source: RFC 3986, section 2.3."""
_ASCII_RUN = re.compile(r"[\x20-\x7e]+")
DISGUISED: Pattern = rb"%(?:[46][1-9a-f]|[57][0-9a]|3[0-9]|2[de]|5f|7e|[89a-f])"
"""A percent-encoded character that `_UNRESERVED` has, or one beyond ASCII that may fold to one.

A row with it may match a decoded view though no literal is seen: it is judged by every rule that
has such a view."""
_EDGES = re.compile(rb"\(\?:[^()]*\)|\[[^\]]*\]")
_LETTER = re.compile(rb"\\x[0-9a-f]{2}|[a-z0-9]")
REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_NOT_AS_PYTHON = ("[[:", r"\Q", r"\p", r"\P", "[^[:")
"""Where Python reads a pattern otherwise than RE2 does."""


class Reach(Enum):
    """How the text of a field stands in the row."""

    WHOLE = auto()
    """As it is, with an edge on both sides."""
    INSIDE = auto()
    """As it is, somewhere."""
    VIEWED = auto()
    """Perhaps percent-encoded, or with something between its parts; see `DISGUISED`."""
    HIDDEN = auto()
    """Not as it is: nothing can be promised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """How a row carries values.

    `edge` is the inside of a character class: what stands before and after a whole value, the
    beginning of the data apart; empty where nothing can be said. With `closed` the edge stands
    there too, so that a pattern is a mere text, which is found sooner. At the end of the data it
    must stand in any case, and a LF must be part of it. `runs` gives the
    pieces of a text that stand in the row byte by byte. `reach` says it of a field by its name. A
    keyword may also stand in a field that the row does not hold byte by byte: `unsure` says of a
    piece whether it could be there.
    """

    edge: bytes
    runs: Callable[[str], Sequence[str]]
    reach: Callable[[str], Reach]
    unsure: Callable[[str], bool]
    closed: bool = False


def ascii_runs(text: str) -> Sequence[str]:
    """The pieces for a log that carries its values verbatim."""
    return _ASCII_RUN.findall(text)


def choose(node: plain.Node, carrier: Carrier, cost: Cost) -> Clause | None:
    """The cheapest clause of a rule; None where it has none."""
    found = _choose(node, carrier, cost)
    return None if found is None else found[1]


_Choice: TypeAlias = "tuple[float, Clause] | None"


def _choose(node: plain.Node, carrier: Carrier, cost: Cost) -> _Choice:
    match node:
        case plain.FieldIs():
            reach = carrier.reach(node.field)
            finder = _Finder(carrier, reach, cost)
            return _either(finder.value(one) for one in node.values)
        case plain.Anywhere():
            return _Finder(carrier, Reach.INSIDE, cost, anywhere=True).value(node.value)
        case plain.All():
            choices = (_choose(one, carrier, cost) for one in node.nodes)
            return _cheapest(choices)
        case plain.Any():
            return _either(_choose(one, carrier, cost) for one in node.nodes)
        case plain.Not(plain.Not(inner)):
            return _choose(inner, carrier, cost)
        case plain.Not():
            return None


def _cheapest(choices: Iterable[_Choice]) -> _Choice:
    """All of several hold, so the clause of any will do."""
    return min((one for one in choices if one is not None), default=None, key=_price)


def _price(choice: tuple[float, Clause]) -> float:
    return choice[0]


def _either(choices: Iterable[_Choice]) -> _Choice:
    """One of several alternatives holds, so each must have a clause, and they are added up."""
    price = 0.0
    patterns: set[Pattern] = set()
    for one in choices:
        if one is None:
            return None
        price += one[0]
        patterns |= one[1]
    return price, frozenset(patterns)


def _best(patterns: Iterable[Pattern], cost: Cost) -> _Choice:
    priced = ((cost(one), frozenset((one,))) for one in patterns)
    return min(priced, default=None, key=_price)


@dataclass(frozen=True, slots=True)
class _Finder:
    """Finds a clause for one value of one field, or for a keyword that stands `anywhere`."""

    carrier: Carrier
    reach: Reach
    cost: Cost
    anywhere: bool = False

    def value(self, value: plain.Value) -> _Choice:
        """Patterns of which one stands in every row that the value fits."""
        patterns: Iterable[Pattern] = ()
        if self.reach is Reach.HIDDEN:
            return None
        match value:
            case plain.Text() if self.anywhere or not stands_for_nothing(value.parts):
                patterns = self._of_text(value)
            case plain.Regex():
                return self._of_regex(parsed_regex(value))
            case plain.Number() if value.number == int(value.number):
                # A number may have zeros, a sign or blanks around it, and no other digit.
                patterns = [rb"(?:^|[^0-9])0*%d[^0-9]" % abs(int(value.number))]
            case plain.Truth():
                patterns = [literal(str(value.truth))]
            case _:
                pass
        return _best(patterns, self.cost)

    def _of_text(self, value: plain.Text) -> Iterator[Pattern]:
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
                yield _anchored(
                    run,
                    before if anchored and starts else b"",
                    after if anchored and ends else b"",
                )

    def _of_regex(self, parsed: Iterable[tuple[object, object]]) -> _Choice:
        """The cheapest of what every match holds: plain letters, and parts that must be there."""
        run = ""
        choices: list[_Choice] = []
        for operation, argument in parsed:
            if str(operation) == "LITERAL" and isinstance(argument, int) and argument < 0x80:
                run += chr(argument)
                continue
            choices.append(self._of_run(run))
            run = ""
            if isinstance(argument, tuple):
                choices.append(self._of_part(str(operation), argument))
        choices.append(self._of_run(run))
        return _cheapest(choices)

    def _of_part(self, operation: str, argument: tuple[Any, ...]) -> _Choice:
        if operation == "SUBPATTERN":
            return self._of_regex(argument[3])
        if operation == "BRANCH":
            return _either(self._of_regex(branch) for branch in argument[1])
        if operation in REPEATS and argument[0] > 0:
            return self._of_regex(argument[2])
        return None

    def _of_run(self, run: str) -> _Choice:
        return _best((literal(one) for one in self._runs(run)), self.cost)

    def _runs(self, text: str) -> list[str]:
        runs = plain_runs(text, self.carrier, self.reach)
        return [run for run in runs if not (self.anywhere and self.carrier.unsure(run))]


def plain_runs(text: str, carrier: Carrier, reach: Reach) -> Sequence[str]:
    """The pieces of a text that stand in the row byte by byte, for a field of this reach."""
    runs = carrier.runs(text)
    if reach is Reach.VIEWED:
        return [one for run in runs for one in _UNRESERVED.findall(run)]
    return runs


def _anchored(run: str, before: bytes, after: bytes) -> Pattern:
    return before + literal(run) + (after if len(run) <= LONGEST else b"")


def letters(pattern: Pattern) -> int:
    """How many letters long the text in a pattern is; of a number, its digits."""
    return len(_LETTER.findall(_EDGES.sub(b"", pattern)))


def literal(run: str) -> Pattern:
    """The pattern of an ASCII text, or of its first `LONGEST` letters."""
    letters = run[:LONGEST].lower().encode("ascii")
    return b"".join(b"%c" % one if chr(one).isalnum() else b"\\x%02x" % one for one in letters)


def parsed_regex(value: plain.Regex) -> Iterable[tuple[object, object]]:
    """The parts of an expression; none where Python and RE2 may read it differently."""
    if any(sign in value.pattern for sign in _NOT_AS_PYTHON):
        return ()
    flags = flags_of(value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found: Iterable[tuple[object, object]] = re._parser.parse(value.pattern, flags)  # type: ignore[attr-defined] # noqa: SLF001 - nothing public tells the parts of a pattern
    except (re.error, OverflowError, RecursionError):
        return ()
    return found
