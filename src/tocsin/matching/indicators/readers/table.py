"""Tables with a header: a column of values with or without their type, or a column for each kind.

Separated by comma, semicolon, tab or bar. The header may stand in a comment (``# "ioc_value",``).
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from tocsin.matching.indicators.columns import KINDS, VALUES, folded
from tocsin.matching.indicators.readers import record
from tocsin.matching.indicators.readers.plain import HEADING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tocsin.matching.indicators.loading import Loading
    from tocsin.matching.indicators.source_text import Line

_SEPARATORS = ",;\t|"
_LONGEST_NAME = 40
_FEWEST_IN_A_COMMENT = 3
"""Columns. ``# ip-address`` is a heading, not a header."""
_LONGEST_ROW = 64
"""Lines that a row with line ends inside quotes may have; after that the quote is a mistake."""


def header_of(text: str) -> tuple[str, list[str]] | None:
    """The separator and the folded names, where `text` is a header that we can use."""
    bare = text.strip().lstrip("#").strip()
    fewest = _FEWEST_IN_A_COMMENT if text.strip().startswith("#") else 1
    found: tuple[str, list[str]] | None = None
    for separator in _SEPARATORS:
        names = [folded(cell) for cell in _cells(bare, separator)]
        known = any(name in VALUES or name in KINDS for name in names)
        if known and len(names) >= fewest and max(map(len, names)) < _LONGEST_NAME:
            found = max(found or (separator, []), (separator, names), key=lambda one: len(one[1]))
    return found


def read(lines: Iterable[Line], loading: Loading, separator: str, names: list[str]) -> None:
    """Load every row behind the header."""
    for number, text, problem in _rows(lines):
        if problem:
            loading.fail(problem, line=number)
            continue
        if text.lstrip().startswith(HEADING):
            continue
        cells = _cells(text, separator)
        if len(cells) > len(names):
            loading.fail(f"has {len(cells)} columns, the header has {len(names)}", line=number)
            continue
        named = zip(names, cells, strict=False)
        row = [(name, cell.strip()) for name, cell in named if cell.strip()]
        record.read(row, loading, line=number)


def _rows(lines: Iterable[Line]) -> Iterator[tuple[int, str, str]]:
    """Rows with the number of their first line. A quote that never ends costs its line only."""
    waiting: list[Line] = []
    source = iter(lines)
    pushed: list[Line] = []
    while True:
        line = pushed.pop(0) if pushed else next(source, None)
        if line is None:
            if not waiting:
                return
            first, *pushed = [*waiting, *pushed]
            waiting = []
            yield first.number, "", "has a quote that does not end"
            continue
        if line.problem:
            yield line.number, "", line.problem
            continue
        waiting.append(line)
        if sum(one.text.count('"') for one in waiting) % 2 == 0:
            yield waiting[0].number, "\n".join(one.text for one in waiting), ""
            waiting = []
        elif len(waiting) >= _LONGEST_ROW:
            first, *pushed = [*waiting, *pushed]
            waiting = []
            yield first.number, "", "has a quote that does not end"


def _cells(text: str, separator: str) -> list[str]:
    try:
        rows = list(
            csv.reader(text.splitlines(keepends=True), delimiter=separator, skipinitialspace=True)
        )
    except csv.Error:
        return text.split(separator)
    return [cell for row in rows for cell in row]
