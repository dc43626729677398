from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bench.evtx_mix import chunks_of, renumbered, write_mix
from bench.rulemaker import kinds_named, make_rules
from tocsin.events.evtx_frames import CHUNK_BYTES
from tocsin.events.evtx_writer import EvtxRecord, write_evtx
from tocsin.events.format import all_formats
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from pathlib import Path


def records(count: int) -> list[EvtxRecord]:
    return [
        EvtxRecord(
            channel="System",
            provider="Service Control Manager",
            event_id=7036,
            time=datetime(2021, 3, 2, 12, 0, number % 60, tzinfo=UTC),
            record_id=number,
            computer="EX01.contoso.test",
            data=(("param1", f"Service {number}"), ("param2", "running")),
        )
        for number in range(1, count + 1)
    ]


def test_a_mix_has_the_size_that_was_asked_for_and_every_record_can_be_read(
    tmp_path: Path,
) -> None:
    corpus, target = tmp_path / "corpus", tmp_path / "mix.evtx"
    corpus.mkdir()
    (corpus / "System.evtx").write_bytes(write_evtx(records(300)))
    rules = make_rules(kinds_named("windows"), 80, "test")
    mix = write_mix(target, corpus, mib=2, rules=rules)
    artefact = Artefact(
        path=EvidencePath.plain("mix.evtx"), format="evtx", size_bytes=target.stat().st_size
    )
    with target.open("rb") as stream:
        rows = list(all_formats()["evtx"].parse(stream, artefact))
    assert [] == [row for row in rows if not isinstance(row, Event)]
    assert mix.records == len(rows)
    assert 2 * 2**20 // CHUNK_BYTES == (target.stat().st_size - 4096) // CHUNK_BYTES
    by_number = {row.place: row for row in rows if isinstance(row, Event)}
    for rule in rules:
        row = by_number[mix.planted[rule.slug]]
        assert rule.kind.channel == row.stream
        data = {key: value for key, value in rule.event.items() if key != "Provider_Name"}
        assert data == {key: row.fields.get(key) for key in data}


def test_renumbering_changes_the_numbers_in_the_headers_and_nothing_else() -> None:
    (chunk,) = chunks_of(write_evtx(records(5)))
    moved = renumbered(chunk, 1000)
    assert chunk.offsets == moved.offsets
    back = renumbered(moved, 1)
    assert chunk.data == back.data


def test_a_corpus_without_event_logs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no event logs"):
        write_mix(tmp_path / "mix.evtx", tmp_path, mib=1, rules=[])
