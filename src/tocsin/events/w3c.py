"""The W3C extended text logs of IIS and HTTP.sys: space separated, `#Fields` names the columns.

Source: Microsoft's documentation of the W3C logging of IIS and of HTTP.sys. Times are UTC. The
``#`` block comes again after a restart, and the columns may change with it. Where a log has no
date column, the day is the one of the last ``#Date``, else of the file's name
(``u_ex210303.log``); a log that runs past midnight in this way is dated by its last ``#Date``.

IIS writes spaces inside a value as ``+`` (always in a path), but user names, queries and some
headers come through with raw ones. A row with too many fields is read all the same where one
column can take the surplus so that every column of known shape (`_SHAPES`) still fits. Where
several could, only what all of these ways agree on is kept, which is mostly the method, the page
and the status: a blank more must not hide a request. Where none can, it is a problem:

* `TRUNCATED`: fewer fields than the header names, and the file ends here or those that are there
  fit the columns from the left;
* `FIELD_COUNT`: any other wrong number;
* `NO_HEADER`: before any ``#Fields``;
* `BAD_TIME`: no readable time and no other value. A row whose time alone cannot be read is an
  event without a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from tocsin.events.bulk_cutting import Shape
from tocsin.events.bulk_times import Clock
from tocsin.events.times import utc
from tocsin.model.event import Event
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from tocsin.events.bulk import BulkReader
    from tocsin.events.format import Row
    from tocsin.model.artefact import Artefact

Finish = Callable[[dict[str, str]], str]
"""Adds derived fields to a row's fields and returns the stream."""

_NUMBER = re.compile(r"\d+|-")
_SHAPES = {
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "time": re.compile(r"\d\d:\d\d:\d\d(?:\.\d+)?"),
    "s-port": _NUMBER,
    "c-port": _NUMBER,
    "c-ip": re.compile(r"[0-9A-Fa-f]*[.:][0-9A-Fa-f.:]*(?:%\d+)?|-"),
    "cs-method": re.compile(r"[A-Za-z_-]+"),
    "cs-uri-stem": re.compile(r"[/*-].*|\w+:.*"),
    "cs-version": re.compile(r"HTTP/[\d.]+|-"),
    "cs(Referer)": re.compile(r"-|/.*|[A-Za-z][\w+.-]*:.*"),
    "sc-status": _NUMBER,
    "sc-substatus": _NUMBER,
    "sc-win32-status": _NUMBER,
    "sc-bytes": _NUMBER,
    "cs-bytes": _NUMBER,
    "time-taken": _NUMBER,
}
_FREE = frozenset(
    {"cs-username", "cs-uri-query", "cs-uri", "cs(User-Agent)", "cs(Referer)", "cs(Cookie)"}
)
_FILE_DAY = re.compile(r"ex(\d\d)(\d\d)(\d\d)", re.IGNORECASE)


def w3c_reader(artefact: Artefact, finish: Finish) -> BulkReader:
    """The reader of one log's lines."""
    return _Log(artefact, finish)


@lru_cache(maxsize=2)
def field_names(text: str) -> frozenset[str]:
    """All names in the ``#Fields`` lines of the first part of a file."""
    lines = re.findall(r"^#Fields:([^\r\n]*)", text, re.IGNORECASE | re.MULTILINE)
    return frozenset(name for line in lines for name in line.split())


class _Log:
    """One file: the header in force and the day of a log without dates."""

    shape = Shape(separator=b" ")

    def __init__(self, artefact: Artefact, finish: Finish) -> None:
        self._artefact = artefact.path.inside
        self._finish = finish
        self._names: tuple[str, ...] = ()
        self._day = _day_of_name(artefact.path.name)

    @property
    def names(self) -> tuple[str, ...]:
        return self._names

    @property
    def clock(self) -> Clock | None:
        if "time" not in self._names:
            return None
        day = self._names.index("date") if "date" in self._names else None
        return Clock(date=day, day=self._day, time=self._names.index("time"))

    def row(self, number: int, text: str, *, last: bool) -> Row | None:
        if text[0] == "#":
            self._directive(text)
            return None
        values = text.split(" ")
        if len(values) != len(self._names):
            aligned = self._aligned([value for value in values if value])
            if aligned is None:
                parts = [value for value in values if value]
                problem = self._problem(number, parts, last=last)
                return replace(problem, salvaged=self._salvaged(number, text, parts))
            values = aligned
        fields = {
            name: value
            for name, value in zip(self._names, values, strict=True)
            if value != "-" and value
        }
        time = utc(f"{fields.get('date', self._day)} {fields.get('time', '')}")
        if time is None and not (fields.keys() - {"date", "time"}):
            detail = "no time that can be read, and nothing else"
            return self._says(number, ProblemCode.BAD_TIME, detail)
        stream = self._finish(fields)
        return Event(time=time, place=number, fields=fields, text=text, stream=stream)

    def _salvaged(self, number: int, text: str, values: list[str]) -> Event | None:
        """The columns up to the damage; of what lies behind a surplus blank nothing is sure."""
        named = zip(self._names, values, strict=False)
        fields = {name: value for name, value in named if value not in ("", "-")}
        if not fields:
            return None
        time = utc(f"{fields.get('date', self._day)} {fields.get('time', '')}")
        stream = self._finish(fields)
        return Event(time=time, place=number, fields=fields, text=text, stream=stream)

    def _directive(self, text: str) -> None:
        name, _, value = text.partition(":")
        match name.lower():
            case "#fields":
                self._names = _unique(value.split())
            case "#date":
                day = value.strip()[:10]
                self._day = day if _SHAPES["date"].fullmatch(day) else self._day

    def _aligned(self, values: list[str]) -> list[str] | None:
        """One value for each column; ``-`` where the ways to see the row do not agree."""
        surplus = len(values) - len(self._names)
        if surplus < 0 or not self._names:
            return None
        if not surplus:
            return values
        ways: list[list[str]] = []
        for place, name in enumerate(self._names):
            if name in _FREE:
                end = place + surplus + 1
                way = [*values[:place], " ".join(values[place:end]), *values[end:]]
                if self._fits(way):
                    ways.append(way)
        if not ways:
            return None
        return [column[0] if len(set(column)) == 1 else "-" for column in zip(*ways, strict=True)]

    def _fits(self, values: list[str]) -> bool:
        return all(
            shape.fullmatch(value)
            for name, value in zip(self._names, values, strict=False)
            if (shape := _SHAPES.get(name))
        )

    def _problem(self, number: int, values: list[str], *, last: bool) -> Problem:
        width = len(self._names)
        counts = f"{len(values)} fields, {width} in the header"
        if not width:
            return self._says(number, ProblemCode.NO_HEADER, "a row before any #Fields")
        if len(values) < width and (last or self._fits(values[:-1])):
            return self._says(number, ProblemCode.TRUNCATED, counts)
        return self._says(number, ProblemCode.FIELD_COUNT, counts)

    def _says(self, number: int, code: ProblemCode, detail: str) -> Problem:
        return Problem(artefact=self._artefact, line=number, code=code, detail=detail)


def _day_of_name(name: str) -> str:
    found = _FILE_DAY.search(name)
    return f"20{found[1]}-{found[2]}-{found[3]}" if found else ""


def _unique(names: list[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    unique: list[str] = []
    for name in names:
        count = seen[name] = seen.get(name, 0) + 1
        unique.append(name if count == 1 else f"{name}#{count}")
    return tuple(unique)
