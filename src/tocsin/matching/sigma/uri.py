"""A web request as rules for other servers look at it: the URI in one piece, and decoded.

Many published rules ask for the path in ``cs-uri-query``, or for text that the client sent
percent-encoded. So a rule that the user brought, and that asks for a part of the URI, is tried on
up to four views of a row, in this order, and the first that says yes labels the hit:

* the row *as logged*;
* *combined URI*: every field for a stem, query or URI holds stem + ``?`` + query, for rules that
  ask for a query, for the whole, or for a stem with a question mark in it;
* *decoded*: each of these fields percent-decoded once, with ``+`` as a blank in the query, and in
  the other columns in which this log writes one for a blank (the user agent in IIS logs);
* *combined URI, decoded*: both.

The whole rule must hold in one view, what it excludes (``not filter``) as well: a filter that
would be true in another view only does not count. Fields that are always put together (``c-uri``
where the log has stem and query) are labelled so in every view. Keywords search the row as logged.
A decoded text is never longer than the encoded one, and nothing is decoded twice.

Which formats have a request, and in which columns, is data: ``logsources.toml``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from tocsin.matching.sigma import plain
from tocsin.matching.sigma.origin import How, Origin, joined
from tocsin.matching.sigma.plain import tests_in
from tocsin.matching.sigma.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tocsin.model.event import Event


_LITERAL_MARK = re.compile(r"\\(?:[?QxXu0]|p)|\[[^\]]*\?")
"""Where a regular expression may mean a question mark as such, and not a repeat or a group."""


class UriView(StrEnum):
    """What a hit says of the view in which it was one; as logged, it says nothing."""

    COMBINED = "combined URI"
    DECODED = "decoded"
    BOTH = "combined URI, decoded"


class Part(StrEnum):
    """What part of a request a field is."""

    WHOLE = "whole"
    STEM = "stem"
    QUERY = "query"
    EXTENSION = "extension"
    """Of the stem. It stays itself in the combined view."""


class Asks(NamedTuple):
    """Which of the things that views change a rule asks for.

    `uri`: a part of the request. `across`: something that may lie on both sides of the ``?``, or
    that rules look for on the wrong one. `blanks`: a column in which ``+`` may be a blank.
    `composed`: a field that no column of this log holds alone.
    """

    uri: bool
    across: bool
    blanks: bool
    composed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """The requests in one log format.

    `columns` are stem and query, or the one that holds both; there may be none. `parts` are all
    names for a part of the request. `names` are the fields that rules call otherwise. `plus` are
    the columns besides the query in which ``+`` may be a blank, and `blanks` all names for those
    that are no part of the request. `composed` see `Asks`.
    """

    columns: tuple[str, ...]
    parts: Mapping[str, Part]
    names: Mapping[str, Origin]
    plus: frozenset[str]
    blanks: frozenset[str]
    composed: frozenset[str]

    def asks(self, fields: Iterable[str], node: plain.Node) -> Asks:
        """What a rule asks for that looks at these fields, and that says `node`."""
        asked = frozenset(fields)
        parts = {self.parts[field] for field in asked if field in self.parts}
        return Asks(
            uri=bool(parts),
            across=not parts.isdisjoint((Part.QUERY, Part.WHOLE))
            or any(self._has_mark(test) for test in tests_in(node)),
            blanks=not asked.isdisjoint(self.blanks),
            composed=not asked.isdisjoint(self.composed),
        )

    def _has_mark(self, test: plain.FieldIs) -> bool:
        """Whether it asks for a stem with a question mark in it, whatever that may stand for."""
        return self.parts.get(test.field) is Part.STEM and any(
            _LITERAL_MARK.search(value.pattern)
            if isinstance(value, plain.Regex)
            else isinstance(value, plain.Text)
            and any(part == plain.Wild.ONE if isinstance(part, int) else "?" in part
                    for part in value.parts)
            for value in test.values
        )  # fmt: skip

    def uri(self, fields: Mapping[str, str], *, decoded: bool) -> str | None:
        """The URI in one piece; None where the row has none."""
        if not self.columns:
            return None
        if len(self.columns) == 1:
            text = fields.get(self.columns[0])
            return self.decode(text, Part.WHOLE) if decoded and text is not None else text
        stem, query = (fields.get(column) for column in self.columns)
        if decoded:
            stem = None if stem is None else self.decode(stem, Part.STEM)
            query = None if query is None else self.decode(query, Part.QUERY)
        return joined(stem, query)

    def decode(self, text: str, part: Part) -> str:
        """`text` decoded once; it does not get longer."""
        if part is Part.WHOLE:
            stem, mark, query = text.partition("?")
            return self.decode(stem, Part.STEM) + mark + self.decode(query, Part.QUERY)
        if part is Part.QUERY or self.columns[0] in self.plus:
            text = text.replace("+", " ")
        return unquote(text, errors="replace")


def web_log(
    columns: Sequence[str | None],
    names: Mapping[Part, Sequence[str]],
    others: Mapping[str, Origin],
    plus: frozenset[str],
) -> Web:
    """What rules may ask of a log whose request stands in `columns`.

    They are stem and query (None where the log lacks it), or one for both. `names` are what rules
    call the parts, and `others` what they call the rest.
    """
    held = tuple(column for column in columns if column is not None)
    parts = {
        column: part for column, part in zip(columns, _PARTS[len(columns)], strict=True) if column
    }
    origins = dict(others)
    for part, spelt in names.items() if held else ():
        origin = _origin(part, columns)
        for name in spelt:
            parts.setdefault(name, part)
            if origin is not None and origin != Origin(columns=(name,)):
                origins.setdefault(name, origin)
    blanks = {name for name, origin in others.items() if not plus.isdisjoint(origin.columns)}
    return Web(
        columns=held,
        parts=parts,
        names=origins,
        plus=plus,
        blanks=frozenset((blanks | plus) - parts.keys()),
        composed=frozenset(names[Part.WHOLE] if len(held) == 2 else ()),
    )


_PARTS: Mapping[int, tuple[Part, ...]] = {1: (Part.WHOLE,), 2: (Part.STEM, Part.QUERY)}


def _origin(part: Part, columns: Sequence[str | None]) -> Origin | None:
    """Where a part of the request comes from in a log with these columns."""
    if len(columns) == 1 and columns[0] is not None:
        how = {Part.STEM: How.STEM, Part.QUERY: How.QUERY, Part.EXTENSION: How.EXTENSION}
        return Origin(columns=(columns[0],), how=how.get(part, How.SAME))
    stem, query = columns
    match part:
        case Part.WHOLE if stem is not None and query is not None:
            return Origin(columns=(stem, query), how=How.URI)
        case Part.QUERY:
            return None if query is None else Origin(columns=(query,))
        case _ if stem is None:
            return None
        case Part.EXTENSION:
            return Origin(columns=(stem,), how=How.EXTENSION)
        case _:
            return Origin(columns=(stem,))


class _RequestView(View):
    """A row in another view than the one that was logged."""

    __slots__ = ("_combined", "_decoded", "_uri", "_web")

    def __init__(
        self,
        event: Event,
        names: Mapping[str, Origin],
        web: Web,
        *,
        combined: bool,
        decoded: bool,
    ) -> None:
        super().__init__(event, names)
        self._web = web
        self._combined = combined
        self._decoded = decoded
        self._uri = web.uri(event.fields, decoded=decoded)

    def raw(self, field: str) -> str | None:
        part = self._web.parts.get(field)
        if part is Part.WHOLE or (self._combined and part in (Part.STEM, Part.QUERY)):
            return self._uri
        text = super().raw(field)
        if text is None or not self._decoded:
            return text
        if part is not None:
            return self._web.decode(text, part)
        return text.replace("+", " ") if field in self._web.blanks else text


class RequestViews:
    """All views of one row, each made once, when a rule asks for it first."""

    __slots__ = ("_blank", "_encoded", "_event", "_made", "_names", "_whole", "logged", "web")

    def __init__(self, event: Event, names: Mapping[str, Origin], web: Web, logged: View) -> None:
        """`logged` is the view of the row as it was logged."""
        self.logged = logged
        self.web = web
        self._event = event
        self._names = names
        self._made: dict[UriView, View] = {}
        fields = event.fields
        held = [text for column in web.columns if (text := fields.get(column)) is not None]
        self._whole = bool(held)
        self._encoded = any("%" in text or "+" in text for text in held)
        self._blank = any("+" in fields.get(column, "") for column in web.plus)

    def widest(self) -> View:
        """The view in which most fields have a text."""
        return self._view(UriView.COMBINED) if self._whole else self.logged

    def of(self, asks: Asks) -> Iterator[tuple[UriView | None, View]]:
        """The views that a rule is tried on, in this order, without those that change nothing."""
        yield UriView.COMBINED if asks.composed else None, self.logged
        across = asks.across and self._whole
        if across:
            yield UriView.COMBINED, self._view(UriView.COMBINED)
        if (asks.uri and self._encoded) or (asks.blanks and self._blank):
            label = UriView.BOTH if asks.composed else UriView.DECODED
            yield label, self._view(UriView.DECODED)
            if across:
                yield UriView.BOTH, self._view(UriView.BOTH)

    def _view(self, kind: UriView) -> View:
        view = self._made.get(kind)
        if view is None:
            view = self._made[kind] = _RequestView(
                self._event,
                self._names,
                self.web,
                combined=kind is not UriView.DECODED,
                decoded=kind is not UriView.COMBINED,
            )
        return view
