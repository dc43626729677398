"""Tests of a column that is never the same twice, told from where texts are found in a block.

A query has an id in it: no two are equal, so asking once for each different value would be asking
for every row. But whether a test of it holds is yes or no, and often told by a text alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

import numpy as np

from tocsin.matching.sigma import plain
from tocsin.matching.sigma.compile import compile_node
from tocsin.matching.sigma.literals import LONGEST, Reach, ascii_runs, literal
from tocsin.matching.sigma.regex import regex_of_ascii
from tocsin.matching.sigma.text import stands_for_nothing
from tocsin.matching.sigma.values import flags_of
from tocsin.matching.sigma.view import View
from tocsin.model.event import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from tocsin.events.bulk import Places, Rows
    from tocsin.matching.sigma.asks import Asks
    from tocsin.matching.sigma.literals import Clause, Pattern
    from tocsin.matching.sigma.values import Predicate

MOST = 60
"""Signs that fit into one number, a bit for each."""
_REMEMBERED = 8192
_SHORT = 128
"""Bytes. Together they keep the memory of one sign below 2 MiB, whatever the texts."""


@dataclass(frozen=True, slots=True)
class Word:
    """A test of a column that is never the same twice, told from where a text is found in it.

    It is exactly the test: a text without wildcards in it, at the beginning (`starts`), the end
    (`ends`), both, or anywhere.
    """

    column: str
    pattern: Pattern
    length: int
    starts: bool
    ends: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """A test of a column that is never the same twice, asked where one of `patterns` is found."""

    column: str
    patterns: Clause
    test: plain.FieldIs


Sign: TypeAlias = Word | Judged


def _own_column(test: plain.FieldIs, one: Asks) -> str | None:
    """The one column whose text, as it is, is the field's."""
    columns = one.columns_of(test) - one.stream
    if len(columns) != 1 or one.carrier.reach(test.field) is not Reach.WHOLE:
        return None
    return next(iter(columns))


def judged(test: plain.FieldIs, one: Asks, clause: Clause) -> list[Sign] | None:
    """The test as a sign that is asked where its clause is found."""
    column = _own_column(test, one)
    if column is None or any(isinstance(value, plain.SameAs) for value in test.values):
        return None
    return [Judged(column, clause, test)]


def exactly(test: plain.FieldIs, one: Asks) -> list[Sign] | None:
    """The test as signs, where it is nothing but texts in one column."""
    column = _own_column(test, one)
    if column is None:
        return None
    signs: list[Sign] = []
    for value in test.values:
        texts = [part for part in value.parts if isinstance(part, str)] if _is_text(value) else []
        if len(texts) != 1 or list(ascii_runs(texts[0])) != texts or len(texts[0]) > LONGEST:
            return None
        if '"' in texts[0]:
            return None  # It may stand doubled in the row.
        parts = value.parts if isinstance(value, plain.Text) else ()
        if any(part == plain.Wild.ONE for part in parts) or stands_for_nothing(parts):
            return None
        signs.append(
            Word(
                column=column,
                pattern=literal(texts[0]),
                length=len(texts[0]),
                starts=isinstance(parts[0], str),
                ends=isinstance(parts[-1], str),
            )
        )
    return signs


def _is_text(value: plain.Value) -> TypeGuard[plain.Text]:
    return isinstance(value, plain.Text) and not value.cased


def patterns_of(sign: Sign) -> Sequence[Pattern]:
    """What must be searched for, so that the sign can be told."""
    return sorted(sign.patterns) if isinstance(sign, Judged) else [sign.pattern]


def signs_in(
    rows: Rows,
    signs: Sequence[Sign],
    numbers: Mapping[Pattern, int],
    hits: tuple[Places, Places],
) -> NDArray[np.uint64] | None:
    """For each plain row, a bit for each sign that it has; None where there are no signs.

    `hits` are what was found in the block: numbers of patterns, and their last bytes.
    """
    if not signs:
        return None
    found = np.zeros(len(rows.plain), np.uint64)
    for bit, sign in enumerate(signs):
        found[_rows_with(sign, rows, numbers, hits)] |= np.uint64(1 << bit)
    return found


def _rows_with(
    sign: Sign, rows: Rows, numbers: Mapping[Pattern, int], hits: tuple[Places, Places]
) -> Places:
    """The plain rows that have a sign; kept with the rows, because several groups ask for it."""
    known: Places | None = rows.kept.get(sign)
    if known is None:
        known = rows.kept[sign] = _find(sign, rows, numbers, hits)
    return known


def _find(
    sign: Sign, rows: Rows, numbers: Mapping[Pattern, int], hits: tuple[Places, Places]
) -> Places:
    place = rows.column(sign.column)
    if place is None:
        return np.zeros(0, np.int64)
    last = hits[1][np.isin(hits[0], [numbers[one] for one in patterns_of(sign)])]
    # The row in which each hit lies, if it is a plain one.
    line = rows.lines_of(last)
    row = np.minimum(np.searchsorted(rows.plain, line), len(rows.plain) - 1)
    is_plain = rows.plain[row] == line
    row, last = row[is_plain], last[is_plain]
    if isinstance(sign, Judged):
        row = np.unique(row)
        fits = _judge(sign, rows, place[0][row], place[1][row])
    else:
        fits = _fits(sign, last, place[0][row], place[1][row])
    found: Places = row[fits]
    return found


def _fits(sign: Word, last: Places, begins: Places, stops: Places) -> NDArray[np.bool_]:
    """Whether a text that was found, and ends at `last`, stands where the test wants it."""
    first = last - sign.length + 1
    fits: NDArray[np.bool_] = (first >= begins) & (last < stops)
    if sign.starts:
        fits &= first == begins
    if sign.ends:
        fits &= last + 1 == stops
    if sign.pattern == _DASH:
        # A column that says nothing holds this text, and no value.
        fits &= stops - begins > 1
    return fits


def _judge(sign: Judged, rows: Rows, begins: Places, stops: Places) -> NDArray[np.bool_]:
    places = zip(begins.tolist(), stops.tolist(), strict=True)
    data, doubled = rows.data, rows.has_quotes and b'""' in rows.data
    if (search := _searched(sign.test)) is not None and not doubled:
        said = [search(data[begin:stop]) for begin, stop in places]
    elif search is not None:
        said = [search(rows.text(begin, stop).encode("utf-8")) for begin, stop in places]
    else:
        test = _compiled(sign.test)
        said = [test(_Cell(rows.text(begin, stop))) for begin, stop in places]
    return np.array(said, np.bool_)


@cache
def _searched(test: plain.FieldIs) -> Callable[[bytes], bool] | None:
    """The test, if it is nothing but regular expressions, without an object for each text.

    A column that is never the same twice still says the same of ten thousand users, so the
    answers for short texts are remembered.
    """
    patterns = [value for value in test.values if isinstance(value, plain.Regex)]
    if len(patterns) < len(test.values):
        return None
    search = regex_of_ascii([(one.pattern, flags_of(one)) for one in patterns])
    if search is None:
        return None

    def says(text: bytes) -> bool:
        return text not in _SAY_NOTHING and search(text)

    remembered = lru_cache(maxsize=_REMEMBERED)(says)
    return lambda text: remembered(text) if len(text) <= _SHORT else says(text)


@cache
def _compiled(test: plain.FieldIs) -> Predicate:
    return compile_node(test)


class _Cell(View):
    """One value, as the only field of an event whatever it is asked for."""

    def __init__(self, text: str) -> None:
        """A text as it stands in the log."""
        super().__init__(_NOTHING)
        self._text = None if text in ("", "-") else text

    def raw(self, field: str) -> str | None:
        """The text, or None where the log says nothing."""
        del field
        return self._text


_SAY_NOTHING = (b"", b"-")
_DASH = literal("-")
_NOTHING = Event(time=None, place=0, fields={}, text="")
