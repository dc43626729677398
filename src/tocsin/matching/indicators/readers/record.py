"""One entry with named values: a row of a table, or an object of a JSON list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.matching.indicators.columns import COMMENTS, KINDS, TYPES, VALUES, kind_named
from tocsin.matching.indicators.loading import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tocsin.matching.indicators.loading import Loading


def read(row: Mapping[str, str], loading: Loading, *, line: int | None) -> None:
    """Load what a row names; `row` is by folded name, without empty values."""
    value = next((text for name, text in row.items() if name in VALUES), None)
    if value is not None:
        _read_typed(value, row, loading, line)
        return
    found = [(text, KINDS[name]) for name, text in row.items() if name in KINDS]
    comment = _comment(row, [text for text, _ in found])
    for text, kind in found:
        loading.add(text, kind, comment=comment, line=line)
    if not found:
        loading.fail("names no value", line=line)


def _read_typed(value: str, row: Mapping[str, str], loading: Loading, line: int | None) -> None:
    comment = _comment(row, [value])
    named = next((text for name, text in row.items() if name in TYPES), None)
    if named is None:
        loading.add(value, None, comment=comment, line=line)
        return
    try:
        kind = kind_named(named)
    except ValueError as error:
        loading.fail(f"{shown(value)} {error}", line=line)
        return
    loading.add(value, kind, comment=comment, line=line)


def _comment(row: Mapping[str, str], values: list[str]) -> str:
    texts = (row[name] for name in COMMENTS if name in row)
    return next((text for text in texts if text not in values), "")
