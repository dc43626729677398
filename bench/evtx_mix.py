"""Write a large event log out of a few real ones, and plant an event for each generated rule.

    python -m bench.evtx_mix FILE --corpus FOLDER [--mib 128]

Real chunks are taken whole, with new record numbers and checksums: their records and templates are
as Windows wrote them. A corpus has few of the events that most rules ask about, so some files are
taken more often than others (`WEIGHTS`); flat JSON lines in the corpus (the data set of a whole
attack) are written as event log again by `tocsin.events.evtx_writer`, without templates. Each
repetition is the same but for the numbers in the records' headers: repetition is kind to caches.
"""

from __future__ import annotations

import argparse
import itertools
import struct
import sys
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.rulemaker import kinds_named, make_rules
from tocsin.events import evtx_frames as layout
from tocsin.events.evtx_writer import EvtxRecord, write_evtx
from tocsin.events.format import all_formats
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.rulemaker import Made

WEIGHTS = {"sysmon_1": 30, "RDPAuth_Security": 3, "plaso_System2": 3}
"""How often a file whose name holds this is taken in each round; all others once."""
NOT_DATA = {
    "EventID", "Channel", "Provider_Name", "Computer", "Level", "EventRecordID", "UserSid",
    "Message", "Keywords", "Task", "ClockOffsetMinutes", "TimeCreated",
}  # fmt: skip
"""What the writer sets itself, and what an event log does not hold as data."""
FIRST_PLANTED = 50_000_000
PLANTED_TIME = datetime(2021, 3, 3, 6, 0, tzinfo=UTC)
MIB = 2**20


@dataclass(kw_only=True)
class Mix:
    """What was written: records by channel and event id, and the record of each rule."""

    records: int = 0
    size_bytes: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    planted: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """64 KiB of an event log, and the places of its records in it."""

    data: bytes
    offsets: tuple[int, ...]


def write_mix(path: Path, corpus: Path, *, mib: int, rules: Sequence[Made]) -> Mix:
    """Write about `mib` MiB. Raises `FileNotFoundError` where the corpus holds no event log."""
    round_of_chunks = list(_round(corpus))
    if not round_of_chunks:
        raise FileNotFoundError(f"no event logs below {corpus}")
    planted, records_of = _planted(rules)
    count = max(mib * MIB // layout.CHUNK_BYTES, len(planted) + 1)
    every = max(1, count // (len(planted) + 1))
    mix = Mix(planted=records_of)
    endless = itertools.cycle(round_of_chunks)
    with path.open("wb") as file:
        file.write(_file_header(count))
        number = 1
        for place in range(count):
            is_planted = bool(planted) and place % every == every - 1
            chunk = planted.pop() if is_planted else renumbered(next(endless), number)
            mix.records += len(chunk.offsets)
            number += 0 if is_planted else len(chunk.offsets)
            file.write(chunk.data)
        mix.size_bytes = file.tell()
    return mix


def renumbered(chunk: Chunk, first: int) -> Chunk:
    """The same records under the numbers from `first` on, with all checksums right again."""
    data = bytearray(chunk.data)
    for number, offset in enumerate(chunk.offsets, start=first):
        struct.pack_into("<Q", data, offset + 8, number)
    last = first + len(chunk.offsets) - 1
    struct.pack_into("<QQQQ", data, 8, first, last, first, last)
    end = layout.records_end(chunk.data)
    struct.pack_into("<I", data, 52, zlib.crc32(data[layout.RECORDS_START : end]))
    checksum = zlib.crc32(data[:120] + data[128 : layout.RECORDS_START])
    struct.pack_into("<I", data, layout.CHECKSUM_AT, checksum)
    return Chunk(data=bytes(data), offsets=chunk.offsets)


def chunks_of(data: bytes) -> Iterator[Chunk]:
    """The undamaged chunks of an event log that hold at least one record."""
    start = layout.FILE_HEADER_BYTES
    for at in range(start, len(data) - layout.CHUNK_BYTES + 1, layout.CHUNK_BYTES):
        chunk = data[at : at + layout.CHUNK_BYTES]
        if not chunk.startswith(layout.CHUNK_MAGIC):
            continue
        found = layout.frames(chunk)
        if found and all(frame.is_record for frame in found):
            yield Chunk(data=chunk, offsets=tuple(frame.offset for frame in found))


def _round(corpus: Path) -> Iterator[Chunk]:
    """Every file of the corpus, as often as its weight says."""
    for path in sorted(corpus.rglob("*.evtx")):
        weight = next((n for mark, n in WEIGHTS.items() if mark in path.name), 1)
        chunks = list(chunks_of(path.read_bytes()))
        yield from chunks * weight
    for path in sorted(corpus.rglob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(".json"):
                    records = _rewritten(archive, name)
                    yield from chunks_of(write_evtx(records))


def _rewritten(archive: zipfile.ZipFile, name: str) -> Iterator[EvtxRecord]:
    """Events of a flat export as records."""
    form = all_formats()["events_json"]
    artefact = Artefact(path=EvidencePath.plain(name), format=form.name, size_bytes=0)
    with archive.open(name) as stream:
        for number, row in enumerate(form.parse(stream, artefact), start=1):  # type: ignore[arg-type]  # zipfile's streams are read like any other
            if isinstance(row, Event) and row.time is not None:
                yield EvtxRecord(
                    channel=row.stream,
                    provider=row.fields.get("Provider_Name", ""),
                    event_id=int(row.fields.get("EventID", "0")),
                    time=row.time,
                    record_id=number,
                    computer=row.fields.get("Computer", ""),
                    data=[(key, text) for key, text in row.fields.items() if key not in NOT_DATA],
                )


def _planted(rules: Sequence[Made]) -> tuple[list[Chunk], dict[str, int]]:
    """Chunks with one event for each rule, and the number of the record for each."""
    records = [
        EvtxRecord(
            channel=rule.kind.channel,
            provider=rule.kind.provider,
            event_id=int(rule.event.get("EventID", rule.kind.event_id)),
            time=PLANTED_TIME,
            record_id=number,
            computer="EX01.harbour.example",
            data=[(key, text) for key, text in rule.event.items() if key not in NOT_DATA],
        )
        for number, rule in enumerate(rules, start=FIRST_PLANTED)
    ]
    told = {rule.slug: record.record_id for rule, record in zip(rules, records, strict=True)}
    return (list(chunks_of(write_evtx(records))) if records else []), told


def _file_header(chunks: int) -> bytes:
    head = struct.pack(
        "<8sQQQIHHHH", layout.FILE_MAGIC, 0, chunks - 1, 1, 128, 1, 3,
        layout.FILE_HEADER_BYTES, chunks % 65536,
    ).ljust(120, b"\0")  # fmt: skip
    return (head + struct.pack("<II", 0, zlib.crc32(head))).ljust(layout.FILE_HEADER_BYTES, b"\0")


def main() -> int:
    """Write one file and say what is in it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--mib", type=int, default=128)
    arguments = parser.parse_args()
    rules = make_rules(kinds_named("windows"), 2400, "bench")
    mix = write_mix(arguments.file, arguments.corpus, mib=arguments.mib, rules=rules)
    print(f"{mix.records} records, {mix.size_bytes} bytes, {len(mix.planted)} planted")
    return 0


if __name__ == "__main__":
    sys.exit(main())
