"""Files that are evidence as a whole: their content in bounds, and the times that they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from tocsin.model.artefact import TimeKind, TimeOrigin
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from datetime import datetime

    from tocsin.model.artefact import Artefact, FileTime

DOCUMENT_BYTES = 16 * 2**20
"""The largest document that is read; Exchange's own largest configuration is a twentieth of it."""

_BEST_FIRST = (TimeOrigin.MFT, TimeOrigin.COLLECTOR, TimeOrigin.ARCHIVE, TimeOrigin.COPY)
_FIELDS = {
    TimeKind.CREATED: "Created",
    TimeKind.MODIFIED: "Modified",
    TimeKind.CHANGED: "Changed",
}


def read_document(
    stream: BinaryIO, artefact: Artefact, limit: int = DOCUMENT_BYTES
) -> tuple[bytes, Problem | None]:
    """The content, up to `limit` bytes, and a problem where that is not all of it."""
    data = bytearray()
    try:
        while len(data) <= limit and (more := stream.read(limit + 1 - len(data))):
            data += more
    except OSError as error:
        return bytes(data), whole(artefact, ProblemCode.UNREADABLE, f"reading stopped: {error}")
    if len(data) > limit:
        return bytes(data[:limit]), whole(
            artefact, ProblemCode.TOO_LARGE, f"only the first {limit} bytes were read"
        )
    if not data:
        return b"", whole(artefact, ProblemCode.EMPTY, "the file has no content")
    return bytes(data), None


def whole(artefact: Artefact, code: ProblemCode, detail: str, line: int | None = None) -> Problem:
    """A problem with this file."""
    return Problem(artefact=artefact.path.inside, line=line, code=code, detail=detail)


def file_fields(artefact: Artefact) -> dict[str, str]:
    """``FilePath``, ``FileName``, and the file's times from the best origin that has any.

    ``TimeOrigin`` says whose times they are; only `evidence_time` may carry a statement.
    """
    fields = {"FilePath": artefact.path.server, "FileName": artefact.path.name}
    for origin in _BEST_FIRST:
        times = [time for time in artefact.times if time.origin is origin]
        if times:
            fields |= {_FIELDS[time.kind]: stamp(time.value) for time in times}
            fields["TimeOrigin"] = origin.value
            break
    return fields


def evidence_time(artefact: Artefact) -> datetime | None:
    """When the file came to be, UTC: its creation, else its last change; never a copy's time."""
    best: dict[TimeKind, FileTime] = {}
    for origin in reversed(_BEST_FIRST):
        for time in artefact.times:
            if time.origin is origin and time.is_evidence:
                best[time.kind] = time
    for kind in (TimeKind.CREATED, TimeKind.MODIFIED, TimeKind.CHANGED):
        if kind in best:
            return best[kind].value
    return None


def stamp(moment: datetime) -> str:
    """A time as a field holds it: ISO 8601 with ``Z``."""
    return moment.isoformat().replace("+00:00", "Z")
