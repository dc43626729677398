"""A Sigma rule as plain data: what the cache keeps, and what predicates and literals are made of.

`tocsin.matching.sigma.translate` makes it from pySigma's objects, once. From here on nobody needs
pySigma, whose import alone takes longer than a warm start may.

A rule's condition is one tree: `All`, `Any` and `Not` over `FieldIs` and `Anywhere`. Selections
are not kept by name, and what ``1 of them`` stands for is written out.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator


class Wild(IntEnum):
    """A wildcard inside a text."""

    ANY = 0
    """``*``: any characters, or none."""
    ONE = 1
    """``?``: exactly one character."""


Part: TypeAlias = str | int
"""A plain text, or a `Wild`."""


class Text(msgspec.Struct, frozen=True, tag="text"):
    """A text with wildcards; `parts` are case-folded unless it is `cased`."""

    parts: tuple[Part, ...]
    cased: bool = False


class Regex(msgspec.Struct, frozen=True, tag="regex"):
    """A regular expression; `flags` is made of the letters i, m and s."""

    pattern: str
    flags: str = ""


class Network(msgspec.Struct, frozen=True, tag="network"):
    """An IPv4 or IPv6 network in its usual notation."""

    network: str


class Number(msgspec.Struct, frozen=True, tag="number"):
    """A number that the field must be equal to, as a number."""

    number: int | float


class Truth(msgspec.Struct, frozen=True, tag="truth"):
    """True or false, written as a word in any case."""

    truth: bool


class Compare(msgspec.Struct, frozen=True, tag="compare"):
    """``lt``, ``lte``, ``gt`` or ``gte`` a number; of a time's `part`, if one is named."""

    operator: str
    number: int | float
    part: str | None = None


class TimePart(msgspec.Struct, frozen=True, tag="timepart"):
    """The minute, hour, day, week, month or year of a time."""

    part: str
    number: int


class Null(msgspec.Struct, frozen=True, tag="null"):
    """The field is not there."""


class Exists(msgspec.Struct, frozen=True, tag="exists"):
    """The field is there, or is not."""

    wanted: bool


class SameAs(msgspec.Struct, frozen=True, tag="sameas"):
    """The field stands in relation to another field of the event; both flags mean *contains*."""

    field: str
    starts: bool = False
    ends: bool = False


Value: TypeAlias = (
    Text | Regex | Network | Number | Truth | Compare | TimePart | Null | Exists | SameAs
)


class FieldIs(msgspec.Struct, frozen=True, tag="field"):
    """The field fits at least one of the values."""

    field: str
    values: tuple[Value, ...]


class Anywhere(msgspec.Struct, frozen=True, tag="anywhere"):
    """A keyword: the value stands somewhere in the event."""

    value: Text | Regex


class All(msgspec.Struct, frozen=True, tag="all"):
    """Every node holds."""

    nodes: tuple[Node, ...]


class Any(msgspec.Struct, frozen=True, tag="any"):
    """At least one node holds."""

    nodes: tuple[Node, ...]


class Not(msgspec.Struct, frozen=True, tag="not"):
    """The node does not hold."""

    node: Node


Node: TypeAlias = FieldIs | Anywhere | All | Any | Not


class Condition(msgspec.Struct, frozen=True):
    """What one rule asks of one event, and every field that it looks at."""

    node: Node
    fields: frozenset[str]


def tests_in(node: Node) -> Iterator[FieldIs]:
    """Every question that a rule asks of a field."""
    match node:
        case FieldIs():
            yield node
        case All() | Any():
            for one in node.nodes:
                yield from tests_in(one)
        case Not():
            yield from tests_in(node.node)
        case Anywhere():
            pass
