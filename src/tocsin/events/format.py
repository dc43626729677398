"""What a log format is: the contract that every file in `tocsin.events.formats` fulfils."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, BinaryIO

from tocsin import plugins
from tocsin.events import formats
from tocsin.model.event import Event, PlaceKind
from tocsin.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tocsin.events.bulk import Bulk
    from tocsin.events.chosen import Chooser, Passed
    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath

Row = Event | Problem


class ColumnType(StrEnum):
    """What a column's text stands for."""

    TEXT = "text"
    INTEGER = "integer"
    TIME = "time"
    ADDRESS = "address"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column under the name that all formats share, and where its value comes from.

    `name` is ours and means the same in every format (``client_ip``, ``request_id``, ``canary``,
    ``url_path``, ``user``, ``status``, ``user_agent``, ``sent_bytes``, ``duration_ms`` ...): a
    contract test holds that one name has one type and unit everywhere. `source` is the field
    as the log names it. `pattern`, where given, takes the value out of the field: its first
    group. It is applied only to rows that matter, so it costs nothing on the others.
    """

    name: str
    source: str
    type: ColumnType = ColumnType.TEXT
    unit: str | None = None
    pattern: str | None = None

    def value(self, event: Event) -> str | None:
        """This column's text in `event`, or None."""
        text = event.fields.get(self.source)
        if text is None or self.pattern is None:
            return text
        found = _pattern(self.pattern).search(text)
        return found.group(1) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSource:
    """How Sigma rules name a log: any of product, category and service."""

    product: str | None = None
    category: str | None = None
    service: str | None = None


class Unit(StrEnum):
    """What the law "a line is a row or a problem" counts for a format."""

    LINE = "line"
    """Every physical line that is not blank, a ``#`` directive or the header repeated."""
    RECORD = "record"
    """Every record of a binary file."""
    DOCUMENT = "document"
    """The file as a whole: at least one row or problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One log format.

    `paths` are globs (`EvidencePath.matches`) of where it lies on a server, for any drive letter
    and install path. `recognise` takes the file's first bytes (up to 64 KiB) and its path and
    says whether the *content* is this format; a file found by path alone whose content is not
    recognised is reported. `parse` takes a binary stream at its start and yields rows and
    problems in file order, never raises on content, and keeps no more than one row in memory.
    `count` is an independent count of data units in bytes, for the contract test. `sample` is
    a short, well-formed file written by us, from which the fuzz test starts. `reference` says
    where the facts come from. `bulk` is how the lines of a text log are read without an object for
    each. `choose` reads as `parse` does, but need not make an event of what its chooser does not
    want.
    """

    name: str
    title: str
    paths: tuple[str, ...]
    recognise: Callable[[bytes, EvidencePath], bool]
    columns: tuple[Column, ...]
    parse: Callable[[BinaryIO, Artefact], Iterator[Row]]
    count: Callable[[bytes], int]
    unit: Unit
    place: PlaceKind
    log_sources: tuple[LogSource, ...]
    sample: bytes
    sample_path: str
    reference: str
    bulk: Bulk | None = None
    choose: Callable[[BinaryIO, Artefact, Chooser], Iterator[Row | Passed]] | None = None

    def values(self, event: Event) -> dict[str, str]:
        """All typed columns of `event` that have a value, by our names; the first source wins."""
        found: dict[str, str] = {}
        for column in self.columns:
            if column.name not in found and (text := column.value(event)) is not None:
                found[column.name] = text
        return found


@cache
def all_formats() -> dict[str, Format]:
    """Every format, by module name, which equals `Format.name`."""
    return plugins.load(formats, "FORMAT", Format)


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
