"""What one rule asks of the rows under one header, and how such a row carries it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.matching.sigma import plain
from tocsin.matching.sigma.literals import Carrier, Reach
from tocsin.matching.sigma.needs import needs
from tocsin.matching.sigma.routing import sources_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tocsin.events.format import Format
    from tocsin.matching.sigma.entry import SigmaEntry
    from tocsin.matching.sigma.needs import Need
    from tocsin.matching.sigma.routing import Route, Sources

_NUMERIC = re.compile(r"[0-9.]+", re.ASCII)
"""What a build is made of, which some logs tell in four columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """One rule, and how a row of this header carries what it looks for.

    `need` is what must stand in the row. `fields` tell for each field of the rule which columns it
    may come from; `names` are those that the header has. It `is_decided` by its columns where
    nothing else counts, such as a keyword.
    """

    place: int
    entry: SigmaEntry
    carrier: Carrier
    need: Need | None
    fields: Mapping[str, frozenset[str]]
    names: frozenset[str]
    stream: frozenset[str]
    is_decided: bool
    is_viewed: bool

    def columns_of(self, test: plain.FieldIs) -> frozenset[str]:
        """The columns that decide one test of it, and the stream."""
        others = (one.field for one in test.values if isinstance(one, plain.SameAs))
        found = self.stream.union(*(self.fields[name] for name in (test.field, *others)))
        return found & self.names


def asks_of(
    place: int, entry: SigmaEntry, routes: Sequence[Route], form: Format, names: frozenset[str]
) -> Asks:
    """What the rule with this place asks under a header with these names."""
    asked = [route.web.asks(entry.fields, entry.node) if route.web else None for route in routes]
    sources = {
        name: [
            sources_of(name, route, across=one is None or one.across)
            for route, one in zip(routes, asked, strict=True)
        ]
        for name in entry.fields
    }
    logged = {name: {c for one in some for c in one.columns} for name, some in sources.items()}
    derived = form.bulk.derived if form.bulk else {}
    stream = frozenset(form.bulk.stream if form.bulk else ())
    items = form.bulk.items if form.bulk else ""
    used = frozenset[str]().union(*logged.values())
    # A field may be packed into another column.
    is_decided = not has_keyword(entry.node) and used.isdisjoint(derived) and not items
    carrier = Carrier(
        edge=rb"\r\n\"" + (form.bulk.separator if form.bulk else b""),
        runs=_packed_runs if items else _runs,
        reach=lambda name: _reach(sources[name], derived, packed=bool(items)),
        unsure=lambda run: bool(derived) and bool(_NUMERIC.fullmatch(run)),
    )
    return Asks(
        place=place,
        entry=entry,
        carrier=carrier,
        need=needs(entry.node, carrier),
        fields={
            name: columns.union(*(derived[one].columns for one in columns if one in derived))
            for name, columns in ((name, frozenset(some)) for name, some in logged.items())
        },
        names=names,
        stream=stream,
        is_decided=is_decided,
        is_viewed=any(one.percent or one.blanks for some in sources.values() for one in some),
    )


_VERBATIM = re.compile(r"[\x21\x23-\x7e]+")


def _runs(text: str) -> Sequence[str]:
    """Between blanks, of which a row that is not plain may have lost some, and quotes."""
    found: list[str] = _VERBATIM.findall(text)
    return found


_PACKED = re.compile(r"[\x21\x23-\x26\x28-\x3a\x3c-\x7e]+")


def _packed_runs(text: str) -> Sequence[str]:
    """The same, and between the signs that items of a column are packed with."""
    found: list[str] = _PACKED.findall(text)
    return found


def _reach(sources: Iterable[Sources], derived: Iterable[str], *, packed: bool) -> Reach:
    several = list(sources)
    hidden = set(derived)
    if any(one.made or not hidden.isdisjoint(one.columns) for one in several):
        return Reach.HIDDEN
    if any(one.percent or one.blanks or one.joined for one in several):
        return Reach.VIEWED
    return Reach.INSIDE if packed or not all(one.whole for one in several) else Reach.WHOLE


def has_keyword(node: plain.Node) -> bool:
    """Whether a rule looks for a text anywhere in the event."""
    match node:
        case plain.Anywhere():
            return True
        case plain.All() | plain.Any():
            return any(has_keyword(one) for one in node.nodes)
        case plain.Not():
            return has_keyword(node.node)
        case plain.FieldIs():
            return False
