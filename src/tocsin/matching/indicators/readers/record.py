"""One entry with named values: a row of a table, or an object of a JSON list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.matching.indicators.columns import COMMENTS, KINDS, TYPES, VALUES, kind_named
from tocsin.matching.indicators.loading import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.matching.indicators.indicator import Kind
    from tocsin.matching.indicators.loading import Loading

Entry = tuple[str, str]
"""A folded name, and a text that is not empty."""


def read(row: Sequence[Entry], loading: Loading, *, line: int | None) -> None:
    """Load what a row names: values of one type, or else each by the name of its column."""
    values = [text for name, text in row if name in VALUES]
    if values:
        _read_typed(values, row, loading, line)
        return
    found = [(text, KINDS[name]) for name, text in row if name in KINDS]
    comment = _comment(row, [text for text, _ in found])
    for text, kind in found:
        loading.add(text, kind, comment=comment, line=line)
    if not found:
        loading.fail("names no value", line=line)


def _read_typed(
    values: Sequence[str], row: Sequence[Entry], loading: Loading, line: int | None
) -> None:
    comment = _comment(row, values)
    named = next((text for name, text in row if name in TYPES), None)
    kind: Kind | None = None
    if named is not None:
        try:
            kind = kind_named(named)
        except ValueError as error:
            loading.fail(f"{shown(values[0])} {error}", line=line)
            return
    for value in values:
        loading.add(value, kind, comment=comment, line=line)


def _comment(row: Sequence[Entry], values: Sequence[str]) -> str:
    by_name = dict(reversed(row))
    texts = (by_name[name] for name in COMMENTS if name in by_name)
    return next((text for text in texts if text not in values), "")
