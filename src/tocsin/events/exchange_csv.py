"""The comma-separated text logs of Exchange, which all share one frame.

Source: logs that Qazeer (DFIR notes, 2023) and the tests of AWS's Kinesis Agent for Windows and of
Nico77600/ExchangeLogReport show. A file starts with a bare header line, a ``#``
block with the same names in ``#Fields:``, or both in either order; all of it may come again in
the middle, with other columns. Values are quoted as in RFC 4180, but no line break stands inside
a value. Columns are found by name; an empty name becomes its position (``#26``), and a name that
comes a second time gets ``#2``.

When a row is a problem:

* fewer fields than the header names: `TRUNCATED`; more, where the surplus is not empty:
  `FIELD_COUNT`; a quote that does not end: `TRUNCATED` in the last line of a file, else
  `BAD_QUOTING`;
* before any header: `NO_HEADER`;
* no readable time and no other value: `BAD_TIME`. A row whose time alone cannot be read is an
  event without a time, so that rules still see it.

A log whose last column is free text (`tail`) loses nothing to commas and quotes in it: what is
left of the line belongs to that column, and if its quote does not end, the event has the field
``Truncated``. In a log that is `loose`, whatever does not fit the header is an event all the same,
with the whole line in that last column.

Source of the quoting: Exchange's own log writer, which escapes line breaks and doubles quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from tocsin.events.bulk import Derived
from tocsin.events.bulk_cutting import Shape
from tocsin.events.bulk_times import Clock
from tocsin.events.lines import count_data_lines
from tocsin.events.times import utc
from tocsin.model.event import Event
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from tocsin.events.bulk import BulkReader
    from tocsin.events.format import Row
    from tocsin.model.artefact import Artefact

Finish = Callable[[dict[str, str], str | None], str]
"""Adds derived fields to a row's fields and returns the stream.

The second argument is the build that ``#Version`` names, if it names one.
"""

HEADER = re.compile(r'"?(?:datetime|timestamp|mytimestamp|date-time)"?\s*(?:,|\Z)', re.IGNORECASE)
"""How a bare header line starts."""

_TIME_NAMES = frozenset({"datetime", "timestamp", "mytimestamp", "date-time"})
_VERSION_COLUMNS = ("MajorVersion", "MinorVersion", "BuildVersion", "RevisionVersion")
BUILD: Mapping[str, Derived] = {"Build": Derived(columns=_VERSION_COLUMNS)}
"""What `add_build` adds, for `Format.bulk`."""
_VERSION = re.compile(r"\s*(\d+)\.(\d+)\.(\d+)\.(\d+)\s*\Z")


def csv_reader(
    artefact: Artefact,
    finish: Finish,
    *,
    tail: str | None = None,
    loose: bool = False,
    beyond_ascii: bool = False,
    items: str = "",
) -> BulkReader:
    """The reader of one log's lines; `tail` is the last column, where it is free text.

    `items` is the column out of which `finish` makes fields.
    Rows with letters `beyond_ascii` are read in bulk in a log whose rules see rows as logged: what
    becomes of such letters in other views of a request, bytes do not tell.
    """
    shape = Shape(separator=b",", has_quotes=True, beyond_ascii=beyond_ascii, items=items)
    return _Log(artefact.path.inside, finish, tail, shape, loose=loose)


def count_csv(data: bytes) -> int:
    """Data lines of one log, for the contract test."""
    return count_data_lines(data, HEADER)


@lru_cache(maxsize=2)
def log_type(text: str) -> str:
    """What ``#Log-type:`` says in the first part of a file, lower case; empty where nothing."""
    found = re.search(r"^#Log-type:[ \t]*([^\r\n]*)", text, re.IGNORECASE | re.MULTILINE)
    return found.group(1).strip().lower() if found else ""


@lru_cache(maxsize=2)
def header_names(text: str) -> frozenset[str]:
    """The column names of the first header in the first part of a file, lower case."""
    for line in re.split(r"\r\n|\r|\n", text):
        if line[:8].lower() == "#fields:":
            return frozenset(name.lower() for name in column_names(line[8:]))
        if HEADER.match(line):
            return frozenset(name.lower() for name in column_names(line))
    return frozenset()


def column_names(header: str) -> tuple[str, ...]:
    """The names in a header line; none empty, none twice."""
    seen: dict[str, int] = {}
    names: list[str] = []
    for place, raw in enumerate(header.strip().split(","), start=1):
        name = raw.strip().strip('"') or f"#{place}"
        count = seen[name] = seen.get(name, 0) + 1
        names.append(name if count == 1 else f"{name}#{count}")
    return tuple(names)


def split_quoted(line: str) -> tuple[list[str], bool]:
    """The values of a line with RFC 4180 quotes, and whether the last quote ended.

    A quote inside a value that does not start with one is an ordinary character.
    """
    values: list[str] = []
    pieces = iter(line.split(","))
    for piece in pieces:
        if piece[:1] != '"':
            values.append(piece)
            continue
        parts = [piece]
        quotes = piece.count('"')
        while quotes % 2:
            more = next(pieces, None)
            if more is None:
                values.append(",".join(parts)[1:].replace('""', '"'))
                return values, False
            parts.append(more)
            quotes += more.count('"')
        whole = ",".join(parts)
        if len(whole) > 1 and whole[-1] == '"':
            whole = whole[1:-1].replace('""', '"')
        values.append(whole)
    return values, True


def unquoted_tail(raw: str) -> tuple[str, bool]:
    """The rest of a line as one value, and whether its quote ended.

    Quotes are taken as doubled even where none stands around the value: excerpts lose those.
    """
    body = raw[1:] if raw[:1] == '"' else raw
    closed = body is raw or body.count('"') % 2 == 1
    if body is not raw and closed:
        body = body[:-1] if body[-1] == '"' else raw
    return body.replace('""', '"'), closed


def add_build(fields: dict[str, str], of_file: str | None) -> str:
    """Add the field ``Build``: from the row's four version columns, else what the file says.

    For `csv_reader`, as the last step of a row in a log that has no sub-logs.
    """
    parts = [fields.get(name, "") for name in _VERSION_COLUMNS]
    if build := ".".join(parts) if all(parts) else of_file:
        fields["Build"] = build
    return ""


def build_of(version: str) -> str | None:
    """A build as Exchange names it (``15.1.2375.7``) from ``15.01.2375.007``.

    None for ``15.0.0.0``, which some logs carry whatever is installed, and for other texts.
    """
    found = _VERSION.match(version)
    if found is None:
        return None
    parts = [int(part) for part in found.groups()]
    return ".".join(map(str, parts)) if parts[2] else None


class _Log:
    """One file: the header in force, and what `#Version` said."""

    def __init__(
        self,
        artefact: str,
        finish: Finish,
        tail: str | None,
        shape: Shape,
        *,
        loose: bool,
    ) -> None:
        self._artefact = artefact
        self._finish = finish
        self._tail = tail
        self._loose = tail if loose else None
        self._header = ""
        self._names: tuple[str, ...] = ()
        self._time = ""
        self._has_tail = False
        self._build: str | None = None
        self._shape = shape

    @property
    def shape(self) -> Shape:
        return self._shape._replace(tail=self._has_tail)

    @property
    def names(self) -> tuple[str, ...]:
        return self._names

    @property
    def clock(self) -> Clock | None:
        return Clock(moment=self._names.index(self._time)) if self._time else None

    def row(self, number: int, text: str, *, last: bool) -> Row | None:
        first = text[0]
        if not first.isdigit():
            if first == "#":
                self._directive(text)
                return None
            if HEADER.match(text):
                self._set_header(text)
                return None
        values, closed = self._values(text)
        if len(values) != len(self._names) or not (closed or self._has_tail):
            surplus = values[len(self._names) :]
            if not closed or not self._names or not surplus or any(surplus):
                if self._loose:
                    return self._whole(number, text, self._loose)
                return self._problem(number, text, values, closed=closed, last=last)
        fields = {
            name: value
            for name, value in zip(self._names, values, strict=False)
            if value and value != "-"
        }
        time = utc(fields.get(self._time, ""))
        if time is None and not (fields.keys() - {self._time}):
            detail = "no time that can be read, and nothing else"
            return self._says(number, ProblemCode.BAD_TIME, detail)
        if not closed:
            fields["Truncated"] = "true"
        stream = self._finish(fields, self._build)
        return Event(time=time, place=number, fields=fields, text=text, stream=stream)

    def _whole(self, number: int, text: str, column: str) -> Event:
        fields = {column: text}
        stream = self._finish(fields, self._build)
        time = utc(text.partition(",")[0].strip())
        return Event(time=time, place=number, fields=fields, text=text, stream=stream)

    def _directive(self, text: str) -> None:
        name, _, value = text.partition(":")
        match name.lower():
            case "#fields":
                self._set_header(value)
            case "#version":
                self._build = build_of(value)

    def _set_header(self, text: str) -> None:
        if text.strip() == self._header:
            return
        self._header = text.strip()
        self._names = column_names(text) if self._header else ()
        times = (name for name in self._names if name.lower() in _TIME_NAMES)
        self._time = next(times, "")
        self._has_tail = bool(self._names) and self._names[-1] == self._tail

    def _values(self, text: str) -> tuple[list[str], bool]:
        if '"' not in text and not self._has_tail:
            return text.split(","), True
        if self._has_tail:
            values = text.split(",", len(self._names) - 1)
            if len(values) == len(self._names) and not any(v[:1] == '"' for v in values[:-1]):
                values[-1], closed = unquoted_tail(values[-1])
                return values, closed
        return split_quoted(text)

    def _problem(
        self, number: int, text: str, values: list[str], *, closed: bool, last: bool
    ) -> Problem:
        problem = self._damage(number, values, closed=closed, last=last)
        return replace(problem, salvaged=self._salvaged(number, text, values))

    def _salvaged(self, number: int, text: str, values: list[str]) -> Event | None:
        """The columns up to the damage. A surplus comma shifts all behind it: hence never sure."""
        named = zip(self._names, values, strict=False)
        fields = {name: value for name, value in named if value and value != "-"}
        if not fields:
            return None
        stream = self._finish(fields, self._build)
        time = utc(fields.get(self._time, ""))
        return Event(time=time, place=number, fields=fields, text=text, stream=stream)

    def _damage(self, number: int, values: list[str], *, closed: bool, last: bool) -> Problem:
        width = len(self._names)
        counts = f"{len(values)} fields, {width} in the header"
        if not width:
            return self._says(number, ProblemCode.NO_HEADER, "a row before any header")
        if not closed and not last:
            return self._says(number, ProblemCode.BAD_QUOTING, "a quote does not end")
        if not closed or len(values) < width:
            return self._says(number, ProblemCode.TRUNCATED, counts)
        return self._says(number, ProblemCode.FIELD_COUNT, counts)

    def _says(self, number: int, code: ProblemCode, detail: str) -> Problem:
        return Problem(artefact=self._artefact, line=number, code=code, detail=detail)
