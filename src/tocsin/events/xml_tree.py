"""XML from a hostile server as a small tree: bounded, without entities, damaged or not."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, cast
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from tocsin.events.lines import encoding_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ELEMENTS = 200_000
MAX_DEPTH = 100

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,80}\bencoding\s*=\s*["']([\w.-]{1,40})["']""")
_ROOT = re.compile(
    rb"(?>\s++|<\?[^>]{0,200}\?>|<!--.{0,4000}?-->){0,20}+"
    rb"<(?:[A-Za-z_][\w.-]*+:)?([A-Za-z_][\w.-]*)",
    re.DOTALL,
)


@dataclass(slots=True)
class Node:
    """An element. Names are without their namespace; `line` counts from 1."""

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def all(self, *names: str) -> Iterator[Node]:
        """The descendants that this path of names leads to."""
        if not names:
            yield self
            return
        for child in self.children:
            if child.name == names[0]:
                yield from child.all(*names[1:])

    def first(self, *names: str) -> Node | None:
        """The first descendant that this path of names leads to."""
        return next(self.all(*names), None)

    def value(self, *names: str) -> str:
        """The text of the first descendant on this path, or nothing."""
        found = self.first(*names)
        return found.text.strip() if found else ""

    def walk(self) -> Iterator[tuple[tuple[Node, ...], Node]]:
        """Every element with its ancestors, this one first, in the order of the document."""
        stack: list[tuple[tuple[Node, ...], Node]] = [((), self)]
        while stack:
            above, node = stack.pop()
            yield above, node
            inner = (*above, node)
            stack.extend((inner, child) for child in reversed(node.children))


@dataclass(frozen=True, slots=True)
class Tree:
    """What could be read: the root, if any, and why and where reading ended early."""

    root: Node | None
    error: str = ""
    line: int | None = None


def root_name(head: bytes) -> str | None:
    """The name of the document's first element, without its namespace's prefix.

    `head` is the file's beginning. None where it is no XML, or its first element lies behind it.
    """
    found = _ROOT.match(_utf8(head))
    return found[1].decode(errors="replace") if found else None


class _RefusedError(ValueError):
    """The document goes beyond our limits."""


class _Expat(Protocol):
    CurrentLineNumber: int


def read_xml(data: bytes) -> Tree:
    """The tree of a document, also of a damaged one up to its damage. Never raises on content.

    Entities and document types are refused: no configuration of Windows has any.
    """
    builder = _Builder()
    parser = DefusedXMLParser(
        target=builder, encoding="utf-8", forbid_dtd=True, forbid_entities=True
    )
    expat = cast("_Expat", parser.parser)
    builder.position = expat
    try:
        parser.feed(_utf8(data))
        parser.close()
    except (ParseError, DefusedXmlException, _RefusedError) as error:
        line = expat.CurrentLineNumber
        return Tree(builder.close(), str(error) or type(error).__name__, line)
    return Tree(builder.root)


class _Builder:
    """Receives the parser's events."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.position: _Expat | None = None
        self._open: list[tuple[Node, list[str]]] = []
        self._elements = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS or len(self._open) >= MAX_DEPTH:
            raise _RefusedError(
                f"more than {MAX_ELEMENTS} elements, or {MAX_DEPTH} levels of them"
            )
        line = self.position.CurrentLineNumber if self.position else 0
        node = Node(_local(tag), {_local(k): v for k, v in attributes.items()}, line)
        if self._open:
            self._open[-1][0].children.append(node)
        elif self.root is None:
            self.root = node
        self._open.append((node, []))

    def end(self, _: str) -> None:
        node, text = self._open.pop()
        node.text = "".join(text)

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1][1].append(text)

    def close(self) -> Node | None:
        """Finish; also called where the document breaks off within open elements."""
        while self._open:
            self.end("")
        return self.root


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _utf8(data: bytes) -> bytes:
    """The document as UTF-8; its declaration counts last, since copying tools leave it behind."""
    encoding = encoding_of(data[:4096])
    if encoding != "utf-8":
        return data.decode(encoding, "replace").removeprefix("\ufeff").encode()
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _declared_text(data).encode(errors="replace")
    return data


def _declared_text(data: bytes) -> str:
    found = _DECLARED.match(data)
    declared = found[1].decode().lower() if found else "latin-1"
    try:
        # One bad byte in UTF-8 must not turn every other letter into two.
        return data.decode(declared, "replace" if declared.startswith("utf") else "strict")
    except (LookupError, UnicodeError):
        return data.decode("latin-1")
