"""Hostile text made harmless for people's eyes: nothing in it acts, and nothing in it hides."""

from __future__ import annotations

from functools import cache
from unicodedata import category


def visible(text: str, *, keep: str = "") -> str:
    r"""Replace every character that acts or cannot be seen by its number, as ‹U+202E›.

    These are control characters (terminal escapes, NUL), bidirectional overrides, zero-width
    characters, line and paragraph separators, lone surrogates and unassigned code points. `keep`
    names those that the caller lays out itself, such as ``"\n\t"``.
    """
    if text.isprintable():
        return text
    return text.translate(_table(keep))


def shortened(text: str, limit: int) -> str:
    """Cut `text` after `limit` characters and say how many are left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… (+{len(text) - limit:,} characters)"


class _Table(dict[int, str]):
    """What each character is shown as, found out when it is first met."""

    def __init__(self, keep: str) -> None:
        super().__init__({ord(character): character for character in keep})

    def __missing__(self, code: int) -> str:
        character = chr(code)
        harmless = character.isprintable() or category(character) == "Zs"
        self[code] = character if harmless else f"‹U+{code:04X}›"
        return self[code]


@cache
def _table(keep: str) -> _Table:
    return _Table(keep)
