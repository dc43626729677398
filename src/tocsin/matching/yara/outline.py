"""What a YARA file holds, before YARA-X sees it: its rules, its includes, and pieces of it.

YARA-X follows `include` to wherever it points, and its time and memory grow with the square of
what it cannot understand in one text. So we find the includes ourselves, and hand the text over
in pieces that begin where rules begin. A piece that YARA-X would misread costs that piece only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PIECE_CHARACTERS = 32 * 1024
"""Rules are handed over together up to this size: one by one would take five times as long."""
UNPROVEN_CHARACTERS = 8 * 1024
"""A single rule beyond this size must be made of nothing but words and signs of YARA."""

_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f]")
_QUOTED = r'"(?:\\.|[^"\\\n])*+"'
_COMMENT = r"//[^\n]*+|/\*[\s\S]*?(?:\*/|\Z)"
_PATTERN = r"/(?:\\.|[^/\\\n])++/"
_TOKEN = re.compile(
    rf"""
    (?P<comment>{_COMMENT}) | {_QUOTED} | {_PATTERN}
    | (?<![\w$\#@!.])(?:
        include\s*+"(?P<include>(?:\\.|[^"\\\n])*+)"
        | (?P<ways>(?:(?:private|global)\s++)*+)rule\s++(?P<name>[A-Za-z_]\w*+)
        | (?P<word>import|private|global|include|rule)\b
      )
    """,
    re.VERBOSE | re.ASCII,
)
_WORDS_AND_SIGNS = re.compile(
    rf"(?:\s++|{_COMMENT}|{_QUOTED}|{_PATTERN}|[$#@!]\w*+\*?+|[\w?~]++|[-+*%&|^<>=(){{}}\[\],:;.\\])*+",
    re.ASCII,
)
_NOTHING = re.compile(rf"(?:\s++|{_COMMENT})*+")
_WORD = re.compile(r"\b(?:rule|include|import)\b", re.ASCII)
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A rule's name where it is declared. A private rule helps others and never speaks itself."""

    name: str
    private: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A stretch of a file without an include: `line` is that of its beginning, from 1."""

    line: int
    text: str
    declared: tuple[Declared, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """Another file is wanted here; `path` is as written, without escapes."""

    line: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A stretch that is not shown to YARA-X, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A file's parts in order. `words` counts what may begin a rule: a bound for its errors."""

    parts: tuple[Text | Include | Refused, ...]
    words: int


def outline(text: str, most_words: int) -> Outline:
    """The parts of a YARA file. Raises `KnowledgeError` with a line where it is none.

    Also where it has more than `most_words` words that may begin a rule or an include.
    """
    if found := _NO_TEXT.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise KnowledgeError(f"line {line}: the byte {ord(found.group()):#04x} is no text")
    begin = _NOTHING.match(text)
    if begin and begin.end() < len(text) and not _WORD.search(text):
        line = text.count("\n", 0, begin.end()) + 1
        raise KnowledgeError(f"line {line}: there is no YARA rule in this file")
    cutter = _Cutter(text)
    for words, token in enumerate(_telling(text), 1):
        if words > most_words:
            raise KnowledgeError(f"line {cutter.line(token.start())}: too many rules and includes")
        if token["name"]:
            cutter.declare(token)
        elif token["include"] is not None:
            cutter.include(token)
        cutter.words = words
    cutter.cut(len(text))
    return Outline(parts=tuple(cutter.parts), words=cutter.words)


def _telling(text: str) -> Iterator[re.Match[str]]:
    """The tokens that may begin something; not what stands in comments, texts and patterns."""
    for token in _TOKEN.finditer(text):
        comment = token["comment"]
        if comment and comment.startswith("/*") and not comment.endswith("*/"):
            line = text.count("\n", 0, token.start()) + 1
            raise KnowledgeError(f"line {line}: a comment that begins here never ends")
        if token["name"] or token["word"] or token["include"] is not None:
            yield token


class _Cutter:
    """Cuts a text into parts; it goes through it once, from front to back."""

    def __init__(self, text: str) -> None:
        self.parts: list[Text | Include | Refused] = []
        self.words = 0
        self._text = text
        self._begin = 0
        self._declared: dict[int, Declared] = {}
        self._known = (0, 1)

    def line(self, offset: int) -> int:
        """The line of `offset`, which must not go back before an earlier question."""
        before, line = self._known
        line += self._text.count("\n", before, offset)
        self._known = (offset, line)
        return line

    def declare(self, token: re.Match[str]) -> None:
        """A rule begins here."""
        one = Declared(name=token["name"], private="private" in token["ways"])
        self._declared[token.start()] = one

    def include(self, token: re.Match[str]) -> None:
        """Another file is wanted here."""
        self.cut(token.start())
        path = _ESCAPED.sub(r"\1", token["include"])
        self.parts.append(Include(line=self.line(token.start()), path=path))
        self._begin = token.end()

    def cut(self, end: int) -> None:
        """Take what lies between the last include and `end`: small rules together."""
        start = self._begin
        names: list[Declared] = []
        edges = sorted({start, *self._declared, end})
        for low, high in pairwise(edges):
            large = high - low > UNPROVEN_CHARACTERS
            if large and (bad := _no_sign(self._text, low, high)) is not None:
                self._take(start, low, names)
                reason = f"{self._text[bad]!r} means nothing in YARA here"
                self.parts.append(Refused(line=self.line(bad), reason=reason))
                start, names = high, []
                continue
            names += [self._declared[low]] if low in self._declared else []
            if high - start >= PIECE_CHARACTERS:
                self._take(start, high, names)
                start, names = high, []
        self._take(start, end, names)
        self._declared.clear()

    def _take(self, start: int, end: int, names: Sequence[Declared]) -> None:
        text = self._text[start:end]
        if text.strip():
            self.parts.append(Text(line=self.line(start), text=text, declared=tuple(names)))


def _no_sign(text: str, low: int, high: int) -> int | None:
    """Where the first character stands that is no part of the language; None where all are."""
    found = _WORDS_AND_SIGNS.match(text, low, high)
    return None if found is None or found.end() == high else found.end()
