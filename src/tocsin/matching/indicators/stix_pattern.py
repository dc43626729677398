"""STIX patterns, as far as a row or a file can be asked: comparisons joined by OR and AND.

Source: OASIS, "STIX Version 2.1", part 9, STIX Patterning, 2021. What cannot be asked (an order
in time, AND between observations or between objects, NOT, comparisons of other properties) is
said and left out; no pattern is ever loosened into a part of it.
"""

from __future__ import annotations

import re
from itertools import product
from typing import NamedTuple

from tocsin.matching.indicators.indicator import HASHES, Kind, Part
from tocsin.matching.indicators.values import part_of

MOST_ALTERNATIVES = 10_000
_DEEPEST = 32
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>[thb]?'(?:[^'\\]|\\.)*')
      | (?P<sign>[\[\](),]|!=|<=|>=|[=<>])
      | (?P<word>[A-Za-z0-9_\-]+:(?:'(?:[^'\\]|\\.)*'|"[^"]*"|\[[\w*'-]+\]|[\w.\-])+|[\w.+\-]+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_QUALIFIERS = frozenset({"WITHIN", "REPEATS", "START"})
_PLACES: dict[str, Kind] = {
    "ipv4-addr:value": Kind.ADDRESS,
    "ipv6-addr:value": Kind.ADDRESS,
    "domain-name:value": Kind.DOMAIN,
    "url:value": Kind.URL,
    "file:name": Kind.FILE_NAME,
    "file:parent_directory_ref.path": Kind.PATH,
    "directory:path": Kind.PATH,
    "network-traffic:src_ref.value": Kind.ADDRESS,
    "network-traffic:dst_ref.value": Kind.ADDRESS,
    "network-traffic:extensions.http-request-ext.request_value": Kind.URL,
    "network-traffic:extensions.http-request-ext.request_header.user-agent": Kind.USER_AGENT,
}
_HASHES = {
    f"{thing}:hashes.{name}": kind
    for thing in ("file", "artifact")
    for kind, algorithm in HASHES.items()
    for name in (algorithm, kind.lower())
}
_IMPLIED = re.compile(r"network-traffic:(?:src|dst)_ref\.type")
_ADDRESSES = frozenset({Kind.ADDRESS, Kind.NETWORK})


class Found(NamedTuple):
    """One alternative of a pattern: all `parts` are needed, in one row or file."""

    parts: tuple[Part, ...]
    text: str


class _Atom(NamedTuple):
    """One comparison that a row can be asked; `part` is None where it is implied by others."""

    thing: str
    part: Part | None
    text: str


_Alternatives = list[tuple[_Atom, ...]]


def alternatives(pattern: str) -> tuple[list[Found], list[str]]:
    """What `pattern` asks for, any of it, and why the rest of it cannot be used.

    Raises `ValueError` where it is no STIX pattern.
    """
    reader = _Reader(_tokens(pattern))
    found = reader.observations(0)
    if reader.peek():
        raise ValueError(f"is no STIX pattern at {reader.peek()!r}")
    usable: list[Found] = []
    for one in found:
        try:
            usable.append(_joined(one))
        except ValueError as error:
            reader.unusable.append(str(error))
    return usable, reader.unusable


def _tokens(pattern: str) -> list[str]:
    tokens, place = [], 0
    text = pattern.rstrip()
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            raise ValueError(f"is no STIX pattern at {text[place : place + 20]!r}")
        tokens.append(token[0].strip())
        place = token.end()
    return tokens


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._place = 0
        self.unusable: list[str] = []

    def peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token.upper() != expected):
            raise ValueError(f"is no STIX pattern: {expected or 'more'} is missing")
        self._place += 1
        return token

    def observations(self, depth: int) -> _Alternatives:
        """``[..] OR [..]``; what is joined otherwise cannot be asked of one row."""
        found = self._observed_together(depth)
        while self.peek().upper() == "OR":
            self.take()
            found += self._observed_together(depth)
        return _bounded(found)

    def _observed_together(self, depth: int) -> _Alternatives:
        found = self._observation(depth)
        alone = True
        while self.peek().upper() in {"AND", "FOLLOWEDBY"}:
            joined = self.take().upper()
            self._observation(depth)
            if alone:
                self.unusable.append(f"{joined} between observations is asked of several rows")
            alone = False
        return found if alone else []

    def _observation(self, depth: int) -> _Alternatives:
        _check_depth(depth)
        if self.peek() == "(":
            self.take()
            found = self.observations(depth + 1)
            self.take(")")
        else:
            self.take("[")
            found = self._any_of(depth + 1)
            self.take("]")
        return [] if self._qualified() else found

    def _qualified(self) -> bool:
        qualified = False
        while self.peek().upper() in _QUALIFIERS:
            word = self.take().upper()
            self.unusable.append(f"{word} asks about several rows or their times")
            qualified = True
            while self.peek() and self.peek().upper() not in {"]", ")", "OR", "AND", "FOLLOWEDBY"}:
                self.take()
        return qualified

    def _any_of(self, depth: int) -> _Alternatives:
        found = self._all_of(depth)
        while self.peek().upper() == "OR":
            self.take()
            found += self._all_of(depth)
        return _bounded(found)

    def _all_of(self, depth: int) -> _Alternatives:
        found = self._comparison(depth)
        while self.peek().upper() == "AND":
            self.take()
            more = self._comparison(depth)
            if len(found) * len(more) > MOST_ALTERNATIVES:
                raise ValueError(f"has more than {MOST_ALTERNATIVES} alternatives")
            found = [(*one, *other) for one, other in product(found, more)]
        return found

    def _comparison(self, depth: int) -> _Alternatives:
        _check_depth(depth)
        if self.peek() == "(":
            self.take()
            found = self._any_of(depth + 1)
            self.take(")")
            return found
        negated = self.peek().upper() == "NOT"
        if negated:
            self.take()
        place = self.take()
        if self.peek().upper() == "NOT":
            negated = bool(self.take())
        operator = self.take().upper()
        values = self._values()
        try:
            if negated:
                raise ValueError("NOT is asked of no list")
            return [(_atom(place, operator, value),) for value in values]
        except ValueError as error:
            self.unusable.append(str(error))
            return []

    def _values(self) -> list[str]:
        if self.peek() != "(":
            return [self.take()]
        self.take()
        values = [self.take()]
        while self.peek() == ",":
            self.take()
            values.append(self.take())
            if len(values) > MOST_ALTERNATIVES:  # Before any is looked at: that takes longer.
                raise ValueError(f"has more than {MOST_ALTERNATIVES} alternatives")
        self.take(")")
        return values


def _check_depth(depth: int) -> None:
    if depth > _DEEPEST:
        raise ValueError(f"has more than {_DEEPEST} brackets inside each other")


def _bounded(found: _Alternatives) -> _Alternatives:
    if len(found) > MOST_ALTERNATIVES:
        raise ValueError(f"has more than {MOST_ALTERNATIVES} alternatives")
    return found


def _atom(place: str, operator: str, value: str) -> _Atom:
    thing = place.partition(":")[0].lower()
    path = re.sub(r"['\"]", "", place).lower()
    if _IMPLIED.fullmatch(path) and operator == "=":
        return _Atom(thing, None, "")
    kind = _PLACES.get(path) or _HASHES.get(path)
    if kind is None:
        raise ValueError(f"{place} is looked for nowhere")
    text = _text(value)
    if operator not in _OPERATORS or (operator == "LIKE" and set("%_") & set(text)):
        raise ValueError(f"{operator} is asked of no list")
    try:
        part = part_of(text, kind)
    except ValueError as error:
        raise ValueError(f"{text[:80]!r} {error}") from error
    if operator == "ISSUBSET" and part.kind not in _ADDRESSES:
        raise ValueError(f"ISSUBSET of {text[:80]!r} is no network")
    return _Atom(thing, part, text)


_OPERATORS = frozenset({"=", "==", "IN", "LIKE", "ISSUBSET"})


def _text(literal: str) -> str:
    if not literal.startswith("'"):
        raise ValueError(f"{literal[:80]} is no text")
    return re.sub(r"\\([\\'])", r"\1", literal[1:-1])


def _joined(atoms: tuple[_Atom, ...]) -> Found:
    """What is needed together, of one object."""
    if len({atom.thing for atom in atoms}) > 1:
        raise ValueError("AND between different objects is asked of several things")
    asked = [atom for atom in atoms if atom.part is not None]
    parts = sorted({atom.part for atom in asked if atom.part}, key=_surest)
    if not parts:
        raise ValueError("names nothing that is looked for")
    text = " and ".join(dict.fromkeys(atom.text for atom in asked))
    if [part.kind for part in parts] == [Kind.PATH, Kind.FILE_NAME]:
        return Found((Part(Kind.PATH, f"{parts[0].key}/{parts[1].key}"),), text)
    return Found(tuple(parts), text)


def _surest(part: Part) -> tuple[int, str]:
    return list(Kind).index(part.kind), part.key
