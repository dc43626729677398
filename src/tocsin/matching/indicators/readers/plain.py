"""Plain lists: one value on each line, perhaps with a comment behind it.

A heading (``# Campaign, March``) is the comment of the lines below it that have none of their own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tocsin.matching.indicators.indicator import Kind
from tocsin.matching.indicators.values import cleaned, guess

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tocsin.matching.indicators.loading import Loading
    from tocsin.matching.indicators.source_text import Line

HEADING = ("#", "//")
_COMMENT_BEHIND = re.compile(r"\s+(?:#|//)\s*|\t+|\s*[;,|]\s*")
_CELLS = 16


def read(lines: Iterable[Line], loading: Loading, *, comment: str = "") -> None:
    """Load every line; one that is no indicator is a failure."""
    heading = comment
    for line in lines:
        text = line.text.strip()
        if line.problem:
            loading.fail(line.problem, line=line.number)
        elif text.startswith(HEADING):
            heading = text.lstrip("#/ \t") or heading
        else:
            value, behind = _divided(text)
            loading.add(value, _kind(value), comment=behind or heading, line=line.number)


def _divided(text: str) -> tuple[str, str]:
    """The value, and the comment that stands before or behind it."""
    if " " not in text and "\t" not in text and _kind(text) is Kind.URL:
        return text, ""
    cells = _COMMENT_BEHIND.split(text, maxsplit=_CELLS)
    for place, cell in enumerate(cells):
        if cell and _kind(cell) is not None:
            return cell, "; ".join(part for part in (*cells[:place], *cells[place + 1 :]) if part)
    return text, ""


def _kind(text: str) -> Kind | None:
    try:
        return guess(cleaned(text))
    except ValueError:
        return None
