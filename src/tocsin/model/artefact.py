"""A file in a collection that matters, and what is known of its times."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from tocsin.model.path import EvidencePath


class TimeOrigin(StrEnum):
    """Who says that a file had this time."""

    MFT = "mft"
    """The server's own master file table."""
    COLLECTOR = "collector"
    """The collecting tool's metadata, read on the server."""
    ARCHIVE = "archive"
    """The archive's directory: often the time on the server, often the time of a copy."""
    COPY = "copy"
    """The file system we read from: the time of somebody's copy. Never evidence."""


class TimeKind(StrEnum):
    """Which of a file's times."""

    CREATED = "created"
    MODIFIED = "modified"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTime:
    """A file's time in UTC, never without its origin."""

    kind: TimeKind
    value: datetime
    origin: TimeOrigin

    @property
    def is_evidence(self) -> bool:
        """Whether a statement may rest on it."""
        return self.origin in (TimeOrigin.MFT, TimeOrigin.COLLECTOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """One file of the collection; `format` is the name of the format it is read with.

    `size_bytes` is the size of the content.
    """

    path: EvidencePath
    format: str
    size_bytes: int
    times: tuple[FileTime, ...] = ()
