"""The rows of everyday life: well formed, of the number asked for, and the same on every build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.everyday import FORMATS, write_event_logs, write_text_logs
from tocsin.events.format import all_formats
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def events(folder: Path, name: str) -> Iterator[object]:
    form = all_formats()[name]
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        inside = path.relative_to(folder).as_posix()
        size = path.stat().st_size
        artefact = Artefact(path=EvidencePath.plain(inside), format=name, size_bytes=size)
        with path.open("rb") as stream:
            yield from form.parse(stream, artefact)


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_line_is_a_row_with_a_time(name: str, tmp_path: Path) -> None:
    told = write_text_logs(tmp_path, name, 400)
    rows = list(events(tmp_path, name))
    assert told.rows == len(rows)
    assert told.rows >= 400
    assert [] == [row for row in rows if not isinstance(row, Event) or row.time is None]


@pytest.mark.parametrize("name", ["ews", "iis"])
def test_the_same_rows_are_written_each_time(name: str, tmp_path: Path) -> None:
    write_text_logs(tmp_path / "one", name, 200)
    write_text_logs(tmp_path / "two", name, 200)
    one, two = (
        [path.read_bytes() for path in sorted((tmp_path / half).rglob("*")) if path.is_file()]
        for half in ("one", "two")
    )
    assert one == two


def test_event_logs_hold_as_many_records_as_asked_for(tmp_path: Path) -> None:
    told = write_event_logs(tmp_path, 100)
    rows = list(events(tmp_path, "evtx"))
    assert told.rows == len(rows)
    assert told.rows >= 100
    assert all(isinstance(row, Event) for row in rows)
