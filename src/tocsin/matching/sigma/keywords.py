"""Where the keywords of a rule stand in an event: what a reader of a match wants to see."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from tocsin.matching.sigma import plain
from tocsin.matching.sigma.regex import regex
from tocsin.matching.sigma.text import any_of, anywhere
from tocsin.matching.sigma.values import flags_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.matching.sigma.text import TextTest
    from tocsin.model.event import Event

Keyword: TypeAlias = plain.Text | plain.Regex

_BEFORE = 40
"""Characters that are shown before a keyword."""


def keywords_in(node: plain.Node) -> tuple[Keyword, ...]:
    """The keywords by which a rule can match; those that must not be there are left out."""
    match node:
        case plain.Anywhere(value):
            return (value,)
        case plain.All(nodes) | plain.Any(nodes):
            return tuple(keyword for one in nodes for keyword in keywords_in(one))
        case _:
            return ()


def passages(keywords: tuple[Keyword, ...], event: Event) -> Iterator[tuple[str, str]]:
    """Each field in which one of them stands, with its text from shortly before the keyword.

    Where none stands in a field, the record as it was written, under an empty name.
    """
    fields = [
        (name, shown)
        for name, text in event.fields.items()
        if (shown := _passage(keywords, text)) is not None
    ]
    yield from fields
    if not fields and (shown := _passage(keywords, event.text)) is not None:
        yield "", shown


def _passage(keywords: tuple[Keyword, ...], text: str) -> str | None:
    """`text` from shortly before the first of `keywords` that it holds, None if there is none."""
    folded = text.casefold()
    for keyword in keywords:
        cased = isinstance(keyword, plain.Regex) or keyword.cased
        looked_at = text if cased else folded
        if _test(keyword)(looked_at):
            # Folding may change the length: then the passage begins a little off.
            start = looked_at.find(_landmark(keyword)) - _BEFORE
            return text if start <= 0 else f"…{text[start:]}"
    return None


@lru_cache(maxsize=1024)
def _test(keyword: Keyword) -> TextTest:
    if isinstance(keyword, plain.Regex):
        return regex(keyword.pattern, flags_of(keyword))
    return any_of([anywhere(keyword.parts)])


def _landmark(keyword: Keyword) -> str:
    """The longest piece of a text that stands as it is; of an expression nothing is known."""
    if isinstance(keyword, plain.Regex):
        return ""
    return max((part for part in keyword.parts if isinstance(part, str)), key=len, default="")
