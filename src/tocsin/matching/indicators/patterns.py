"""Patterns of paths, thousands at once, and the word that each of them needs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import re2  # type: ignore[import-untyped] # it ships no types

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST = 1024
"""Characters of a pattern."""
MOST = 20_000
"""Patterns of a run."""
_TOGETHER = 2000
"""Patterns of one automaton."""
_MEMORY_BYTES = 2**25
"""What one automaton may use at the very most."""
_ONE_MEMORY_BYTES = 2**22
_REMEMBERED = 64
"""Single patterns that are kept compiled: what one automaton could not hold comes again."""
_LITERAL = re.compile(r"[0-9A-Za-z_~\-]")
_ESCAPED = frozenset({"\\.", "\\-", "\\_", "\\~", "\\$"})
_OPTIONAL = ("?", "*")
_REPEATED = ("+", "{")
_TIMES = re.compile(r"\{\d+(?:,\d*)?\}")
_GROUP = re.compile(r"\((?:\?(?:P?<\w+>|[a-zA-Z\-]*:))?")
_UNREAD = frozenset({"\\Q", "\\x", "\\p", "\\P", "\\C"})


class PathPatterns:
    """Many patterns, each found anywhere in a path. Time grows with the path only (RE2)."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """Take patterns that `checked` passed."""
        self._parts = [
            (start, _Part(patterns[start : start + _TOGETHER]))
            for start in range(0, len(patterns), _TOGETHER)
        ]

    def matching(self, path: str) -> list[int]:
        """The places, in the sequence that was given, of the patterns found in `path`."""
        text = path.encode("utf-8", "replace")
        return [start + one for start, part in self._parts for one in part.matching(text, path)]


class _Part:
    """So many patterns as one automaton holds.

    One that runs out of memory says that nothing matched. So the last pattern of each is empty
    and must always match; where it does not, the patterns go to two automata from then on.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = patterns
        self._halves: tuple[_Part, ...] = ()
        self._set = _automaton(patterns) if len(patterns) > 1 else None

    def matching(self, text: bytes, path: str) -> list[int]:
        if len(self._patterns) == 1:
            return [0] if found_in(self._patterns[0], path) else []
        found = self._set.Match(text) if self._set is not None else None
        if found is not None:
            return sorted(found)[:-1]
        middle = len(self._patterns) // 2
        if not self._halves:
            self._set = None
            self._halves = (_Part(self._patterns[:middle]), _Part(self._patterns[middle:]))
        first, second = (half.matching(text, path) for half in self._halves)
        return first + [middle + one for one in second]


def _automaton(patterns: Sequence[str]) -> re2.Set | None:
    """One that finds all of them and, last, the empty pattern; None where its memory is short."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY_BYTES
    found = re2.Set.SearchSet(options)
    for pattern in (*patterns, ""):
        found.Add(pattern.encode())
    try:
        found.Compile()
    except re2.error:
        return None
    return found


def checked(pattern: str) -> str:
    """`pattern` where RE2 reads it. Raises `ValueError` with the reason where it does not."""
    if len(pattern) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    if found_in(pattern, ""):
        raise ValueError("is a pattern that would match everything")
    return pattern


def found_in(pattern: str, text: str) -> bool:
    """Whether `pattern` is found in `text`. Raises `ValueError` where RE2 cannot read it."""
    try:
        compiled = _compiled(pattern)
    except (re2.error, UnicodeEncodeError) as error:
        raise ValueError(f"is no pattern that RE2 reads: {error}") from error
    return compiled.search(text.encode("utf-8", "replace")) is not None


@lru_cache(maxsize=_REMEMBERED)
def _compiled(pattern: str) -> Any:  # noqa: ANN401 - the library ships no types
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _ONE_MEMORY_BYTES
    return re2.compile(pattern.encode(), options)


def needed_words(pattern: str) -> tuple[str, ...] | None:
    """Lower-case words of which one stands in every path that `pattern` is found in.

    None where that cannot be told: being wrong would lose a match. The pattern is one that
    `checked` passed.
    """
    words: list[str] = []
    branch: list[str] = []
    for piece in (*_pieces(pattern), "|"):
        if piece in _UNREAD:
            return None
        if piece != "|":
            branch.append(piece)
            continue
        needed = max(_needed_by(branch), key=lambda found: min(map(len, found)), default=("",))
        if "" in needed:
            return None
        words += needed
        branch = []
    return tuple(dict.fromkeys(words))


def _needed_by(branch: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """What one alternative needs: each run of plain letters, and any word of each group."""
    run = ""
    for piece, behind in zip(branch, (*branch, "")[1:], strict=True):
        literal = piece[1:] if piece in _ESCAPED else piece
        optional = behind[:1] in _OPTIONAL or behind.startswith("{0")
        if literal == piece and _LITERAL.fullmatch(piece) is None:
            yield (run.lower(),)
            run = ""
            inner = needed_words(_inside(piece)) if piece[0] == "(" and not optional else None
            if inner:
                yield inner
        elif optional:
            yield (run.lower(),)
            run = ""
        else:
            run += literal
            if behind[:1] in _REPEATED:
                yield (run.lower(),)
                run = ""
    yield (run.lower(),)


def _inside(group: str) -> str:
    """The pattern in a group's brackets, without its flags or name."""
    begin = _GROUP.match(group)
    return group[begin.end() : -1] if begin else ""


def _pieces(pattern: str) -> Iterator[str]:
    """Letters, escapes, classes, whole groups and counts of repeats, in order."""
    place = 0
    while place < len(pattern):
        length = 1
        if pattern[place] == "\\":
            length = 2
        elif pattern[place] == "[":
            length = _class_length(pattern, place)
        elif pattern[place] == "(":
            length = _group_length(pattern, place)
        elif times := _TIMES.match(pattern, place):
            length = len(times[0])
        yield pattern[place : place + length]
        place += length


def _group_length(pattern: str, start: int) -> int:
    place, depth = start, 0
    while place < len(pattern):
        if pattern[place] == "\\":
            place += 2
            continue
        if pattern[place] == "[":
            place += _class_length(pattern, place)
            continue
        depth += {"(": 1, ")": -1}.get(pattern[place], 0)
        place += 1
        if not depth:
            break
    return place - start


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
