"""Patterns of paths, thousands at once, and the word that each of them needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import re2  # type: ignore[import-untyped] # it ships no types

from tocsin.errors import KnowledgeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LONGEST = 1024
"""Characters of a pattern."""
_MEMORY_BYTES = 2**28
"""What the automaton of all patterns may use at the very most."""
_ONE_MEMORY_BYTES = 2**22
_LITERAL = re.compile(r"[0-9A-Za-z_~$\-]")
_OPTIONAL = re.compile(r"[?*]|\{0")
_TIMES = re.compile(r"\{\d+(?:,\d*)?\}")
_GIVES_UP = re.compile(r"\(\?[a-zA-Z]*x|\\Q|\\[xpPC]")


class PathPatterns:
    """Many patterns, each found anywhere in a path. Time grows with the path only (RE2)."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Take patterns that `checked` passed. Raises `KnowledgeError` where they are too many."""
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MEMORY_BYTES
        self._set = re2.Set.SearchSet(options)
        for pattern in patterns:
            self._set.Add(pattern.encode())
        if patterns:
            try:
                self._set.Compile()
            except re2.error as error:
                raise KnowledgeError(
                    f"these path patterns are too large together: {error}"
                ) from error
        self._any = bool(patterns)

    def matching(self, path: str) -> list[int]:
        """The places, in the sequence that was given, of the patterns found in `path`."""
        if not self._any:
            return []
        return sorted(self._set.Match(path.encode("utf-8", "replace")))


def checked(pattern: str) -> str:
    """`pattern` where RE2 reads it. Raises `ValueError` with the reason where it does not."""
    if len(pattern) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    found_in(pattern, "")
    if found_in(pattern, ""):
        raise ValueError("is a pattern that would match everything")
    return pattern


def found_in(pattern: str, text: str) -> bool:
    """Whether `pattern` is found in `text`. Raises `ValueError` where RE2 cannot read it."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _ONE_MEMORY_BYTES
    try:
        compiled = re2.compile(pattern.encode(), options)
    except (re2.error, UnicodeEncodeError) as error:
        raise ValueError(f"is no pattern that RE2 reads: {error}") from error
    return compiled.search(text.encode("utf-8", "replace")) is not None


def needed_words(pattern: str) -> tuple[str, ...] | None:
    """Lower-case words of which one stands in every path that `pattern` is found in.

    None where that cannot be told. It looks at what stands outside of brackets only: a pattern
    without such a word is rare, and being wrong would lose a match.
    """
    if _GIVES_UP.search(pattern):
        return None
    words = []
    for branch in _branches(pattern):
        word = max(_literals(branch), key=len, default="")
        if not word:
            return None
        words.append(word.lower())
    return tuple(words)


def _branches(pattern: str) -> list[str]:
    """The alternatives outside of brackets; what stands in brackets is one NUL."""
    branches = [""]
    for depth, piece in _pieces(pattern):
        if depth:
            continue
        if piece == "|":
            branches.append("")
        else:
            branches[-1] += piece
    return branches


def _pieces(pattern: str) -> Iterator[tuple[int, str]]:
    """Each letter, escape or class, and how deep in brackets; the last of a pair is NUL."""
    depth, place = 0, 0
    while place < len(pattern):
        letter = pattern[place]
        length = 1
        if letter == "\\":
            length = 2
        elif letter == "[":
            length = _class_length(pattern, place)
        piece = pattern[place : place + length]
        place += length
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth = max(depth - 1, 0)
            yield depth, "\0"
        elif length > 1 and piece[0] == "[":
            yield depth, "\0"
        else:
            yield depth, piece


def _class_length(pattern: str, start: int) -> int:
    """How far a character class goes; ``]`` is an ordinary letter at its start."""
    place = start + 1
    if pattern[place : place + 1] == "^":
        place += 1
    if pattern[place : place + 1] == "]":
        place += 1
    while place < len(pattern) and pattern[place] != "]":
        if pattern.startswith("[:", place) and (end := pattern.find(":]", place)) > 0:
            place = end + 2
        else:
            place += 2 if pattern[place] == "\\" else 1
    return place + 1 - start


def _literals(branch: str) -> Iterator[str]:
    """The runs of plain letters that a branch needs."""
    run = ""
    for piece, behind in _with_what_follows(branch):
        literal = piece[1:] if piece in {"\\.", "\\-", "\\_", "\\~", "\\$"} else piece
        if not (_LITERAL.fullmatch(piece) or literal != piece) or piece == "$":
            yield run
            run = ""
            continue
        if _OPTIONAL.match(behind):
            yield run
            run = ""
        elif behind[:1] in {"+", "{"}:
            yield run + literal
            run = ""
        else:
            run += literal
    yield run


def _with_what_follows(branch: str) -> Iterable[tuple[str, str]]:
    place = 0
    while place < len(branch):
        times = _TIMES.match(branch, place)
        length = len(times[0]) if times else 2 if branch[place] == "\\" else 1
        yield branch[place : place + length], branch[place + length :]
        place += length
