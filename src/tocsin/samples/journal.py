"""What happened on a sample server, as rows, records and files, before it is written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from tocsin.samples.recipe import Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a text log. `stream` is the protocol or whatever else splits the log's files."""

    log: str
    stream: str
    time: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of a Windows event channel; `data` has no names where the provider gives none."""

    channel: str
    provider: str
    event_id: int
    level: int
    time: datetime
    data: tuple[tuple[str | None, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFile:
    """A file on the server, with the times it had there; `path` has drive and forward slashes."""

    path: str
    content: bytes
    created: datetime
    modified: datetime


@dataclass(kw_only=True)
class Journal:
    """All that was written on the server and is still there."""

    kept: tuple[Kept, ...]
    rows: list[Row] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    files: list[ServerFile] = field(default_factory=list)

    def add(self, entry: Row | Record | ServerFile) -> None:
        """Write it down, unless retention removed it before the collection."""
        if isinstance(entry, ServerFile):
            self.files.append(entry)
        elif isinstance(entry, Record):
            if self._keeps("events", entry.channel, entry.time):
                self.records.append(entry)
        elif self._keeps(entry.log, entry.stream, entry.time):
            self.rows.append(entry)

    def _keeps(self, log: str, stream: str, time: datetime) -> bool:
        spans = [kept for kept in self.kept if log in kept.logs or f"{log}:{stream}" in kept.logs]
        return not spans or any(kept.since <= time < kept.until for kept in spans)
