"""Read a few lines or one document with a format, as the hunt would; the law holds."""

from __future__ import annotations

import io

from tocsin.events.format import Row, Unit, all_formats
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem, ProblemCode


def rows(name: str, content: str | bytes, path: str | None = None) -> list[Row]:
    form = all_formats()[name]
    data = content.encode() if isinstance(content, str) else content
    where = EvidencePath.plain(form.sample_path if path is None else path)
    artefact = Artefact(path=where, format=name, size_bytes=len(data))
    found = list(form.parse(io.BytesIO(data), artefact))
    assert found if form.unit is Unit.DOCUMENT else form.count(data) == len(found)
    return found


def events(name: str, content: str | bytes, path: str | None = None) -> list[Event]:
    """The rows; fails where there is a problem."""
    found = rows(name, content, path)
    assert [] == [row for row in found if isinstance(row, Problem)]
    return [row for row in found if isinstance(row, Event)]


def one(name: str, content: str | bytes, path: str | None = None) -> Event:
    [event] = events(name, content, path)
    return event


def codes(name: str, content: str | bytes, path: str | None = None) -> list[ProblemCode | None]:
    """For each row its problem's code, or None where it is an event."""
    return [row.code if isinstance(row, Problem) else None for row in rows(name, content, path)]
