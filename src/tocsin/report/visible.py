"""Hostile text made harmless for people's eyes: nothing in it acts, and nothing in it hides."""

from __future__ import annotations

from unicodedata import category


def visible(text: str, *, keep: str = "") -> str:
    r"""Replace every character that acts or cannot be seen by its number, as ‹U+202E›.

    These are control characters (terminal escapes, NUL), bidirectional overrides, zero-width
    characters, line and paragraph separators, lone surrogates and unassigned code points. `keep`
    names those that the caller lays out itself, such as ``"\n\t"``.
    """
    if text.isprintable():
        return text
    return "".join(
        character if _harmless(character, keep) else f"‹U+{ord(character):04X}›"
        for character in text
    )


def shortened(text: str, limit: int) -> str:
    """Cut `text` after `limit` characters and say how many are left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… (+{len(text) - limit:,} characters)"


def _harmless(character: str, keep: str) -> bool:
    return character.isprintable() or character in keep or category(character) == "Zs"
