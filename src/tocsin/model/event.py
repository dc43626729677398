"""A row of evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class PlaceKind(StrEnum):
    """What a place in an artefact counts."""

    LINE = "line"
    """Lines, from 1."""
    RECORD = "record"
    """Records, by the number that the record itself carries, or from 1."""
    OFFSET = "offset"
    """Bytes, from 0."""


@dataclass(slots=True, kw_only=True)
class Event:
    """One row of one log, one record, or one fact about a file.

    `time` is aware UTC, None where the row has none. `place` is a line, record number or byte
    offset, as the format says. `fields` are named as the source names them (``cs-uri-stem``,
    ``AnchorMailbox``), all values text; an empty or ``-`` value in the source is left out, so a
    missing key is Sigma's null. `stream` tells sub-logs of one format apart: the HttpProxy
    protocol (``ecp``), the event channel, the IIS site (``frontend``/``backend``). `text` is the
    record verbatim, for the citation. Not frozen only because freezing triples the cost of a row.
    """

    time: datetime | None
    place: int
    fields: Mapping[str, str]
    text: str
    stream: str = ""
