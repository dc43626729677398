"""Windows event logs: ``*.evtx``, decoded chunk by chunk so that damage stays where it is.

`tocsin.events.evtx_frames` says which records there are; the library decodes them. Each chunk is
handed over alone, under headers of our own, so no damaged header can hide a record, no more than
64 KiB are in memory, and the stream need not seek.

One limit of the library's JSON: where one event has values with names and values without, or one
name twice, it keeps only one of them. Windows' own providers do not write such events.
"""

from __future__ import annotations

import io
import itertools
import struct
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

import orjson
from evtx import PyEvtxParser

from tocsin.events import evtx_frames as layout
from tocsin.events.evtx_writer import EvtxRecord, write_evtx
from tocsin.events.format import Format, LogSource, Row, Unit
from tocsin.events.windows_event import COLUMNS, TEXT_LIMIT, moment
from tocsin.events.windows_shapes import shape
from tocsin.model.event import Event, PlaceKind
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tocsin.events.evtx_frames import Frame, Piece
    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath

_LARGEST_ID = 2**64 - 1
_SAYS_LITTLE = ("Provider_Name", "Computer", "Level", "EventRecordID", "UserSid")


def _recognise(head: bytes, _: EvidencePath) -> bool:
    return head.startswith((layout.FILE_MAGIC, layout.CHUNK_MAGIC)) or head.startswith(
        layout.CHUNK_MAGIC, layout.FILE_HEADER_BYTES
    )


def _parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    name = artefact.path.inside
    try:
        for piece in layout.pieces(stream):
            yield from _rows(piece, name) if piece.chunk is not None else (_lost(piece, name),)
    except OSError as error:
        yield Problem(
            artefact=name,
            line=None,
            code=ProblemCode.UNREADABLE,
            detail=f"reading stopped: {error}",
        )


def _lost(piece: Piece, artefact: str) -> Problem:
    cut = piece.offset == 0 and piece.length < layout.FILE_HEADER_BYTES
    return Problem(
        artefact=artefact,
        line=None,
        code=ProblemCode.TRUNCATED if cut else ProblemCode.BAD_RECORD,
        detail=f"{piece.length} bytes from offset {piece.offset} hold no chunk of records",
    )


def _rows(piece: Piece, artefact: str) -> Iterator[Row]:
    chunk = piece.chunk or b""
    for is_record, group in itertools.groupby(layout.frames(chunk), lambda one: one.is_record):
        run = list(group)
        if is_record:
            yield from _decoded(chunk, run, piece.offset, artefact)
        else:
            for frame in run:
                yield _damaged(frame, piece.offset, artefact)


def _damaged(frame: Frame, chunk_offset: int, artefact: str, reason: str = "") -> Problem:
    what = "the file ends in this chunk" if frame.cut else "a record that cannot be read"
    return Problem(
        artefact=artefact,
        line=frame.record_id,
        code=ProblemCode.TRUNCATED if frame.cut else ProblemCode.BAD_RECORD,
        detail=f"{what}, at offset {chunk_offset + frame.offset}{reason}",
    )


def _decoded(chunk: bytes, run: list[Frame], chunk_offset: int, artefact: str) -> Iterator[Row]:
    """One row or problem for each of these records, which lie one behind the other.

    The library walks the same chain of sizes, and gives one record or one error for each.
    """
    records = PyEvtxParser(io.BytesIO(_alone(chunk, run)), 1).records_json()
    if run[0].offset > layout.RECORDS_START:
        next(records, None)
    for frame in run:
        reason = ": the library stopped before it"
        try:
            record = next(records, None)
            if record is not None and (event := _event(record, frame)) is not None:
                yield event
                continue
            if record is not None:
                reason = ": no Windows event"
        except (RuntimeError, ValueError) as error:
            reason = f": {str(error)[:200]}"
        yield _damaged(frame, chunk_offset, artefact, reason)


def _event(record: dict[str, object], frame: Frame) -> Event | None:
    text = str(record["data"])
    shaped = shape(orjson.loads(text))
    if shaped is None or record["event_record_id"] != frame.record_id:
        return None
    time = moment(shaped.time)
    if time is None:
        time = moment(str(record["timestamp"]).replace(" UTC", "+00:00"))
    number = shaped.fields.get("EventRecordID", "")
    fields = shaped.named()
    return Event(
        time=time,
        # An exported log numbers its records anew; the event keeps the number people know.
        place=int(number) if number.isdecimal() else frame.record_id or 0,
        fields=fields,
        text=_readable(fields)[:TEXT_LIMIT],
        stream=shaped.channel,
    )


def _readable(fields: Mapping[str, str]) -> str:
    """The record for people who check a citation: its own values first, as compact JSON.

    A binary record has no text of its own; the library's has its say-nothing parts in front.
    """
    own = {name: value for name, value in fields.items() if name not in _SAYS_LITTLE}
    rest = {name: fields[name] for name in _SAYS_LITTLE if name in fields}
    return orjson.dumps({**own, **rest}).decode()


def _alone(chunk: bytes, run: Sequence[Frame]) -> bytes:
    """A file with this one chunk, whose headers lead to exactly these records.

    The tables of names and templates in the chunk's header are left out: they only save time. A
    run that does not begin the chunk is reached over an empty record in the first one's place;
    templates that the first record defines stay where they are.
    """
    whole = bytearray(chunk.ljust(layout.CHUNK_BYTES, b"\0"))
    ids = {frame.record_id for frame in run}
    unused = next(number for number in itertools.count(_LARGEST_ID, -1) if number not in ids)
    end = run[-1].offset + run[-1].size
    whole[: layout.RECORDS_START] = struct.pack(
        "<8sQQQQIIII", layout.CHUNK_MAGIC, 1, unused, 1, unused, 128, 0, end, 0
    ).ljust(layout.RECORDS_START, b"\0")
    gap = run[0].offset - layout.RECORDS_START
    if gap:
        stub = struct.pack("<4sIQQ", layout.RECORD_MAGIC, gap, 0, 0) + b"\x0f\x01\x01\x00\x00"
        whole[layout.RECORDS_START : layout.RECORDS_START + len(stub)] = stub
    return _FILE_HEADER + whole


def _header() -> bytes:
    head = struct.pack("<8sQQQIHHHH", layout.FILE_MAGIC, 0, 0, 1, 128, 1, 3, 4096, 1)
    head = head.ljust(120, b"\0")
    return (head + struct.pack("<II", 0, zlib.crc32(head))).ljust(layout.FILE_HEADER_BYTES, b"\0")


_FILE_HEADER = _header()


def _count(data: bytes) -> int:
    """Units in a whole file, told from its bytes alone; see `tocsin.events.evtx_frames`."""
    at, total = 0, 0
    if data.startswith(layout.FILE_MAGIC):
        if len(data) < layout.FILE_HEADER_BYTES:
            return 1
        at = layout.FILE_HEADER_BYTES
    while at < len(data):
        if data.startswith(layout.CHUNK_MAGIC, at):
            total += _count_chunk(data[at : at + layout.CHUNK_BYTES])
            at += layout.CHUNK_BYTES
        else:
            found = data.find(layout.CHUNK_MAGIC, at)
            end = len(data) if found < 0 else found
            total += any(data[at:end])
            at = end
    return total


def _count_chunk(chunk: bytes) -> int:
    stated = layout.records_end(chunk)
    body = chunk[:stated]
    at, total, open_end = layout.RECORDS_START, 0, True
    while at < len(body):
        size = int.from_bytes(body[at + 4 : at + 8], "little")
        fits = layout.SMALLEST_RECORD <= size <= len(body) - at
        if body.startswith(layout.RECORD_MAGIC, at) and fits:
            total, at, open_end = total + 1, at + size, True
            continue
        start, at = at, at + layout.SMALLEST_RECORD
        while at < len(body) and not _trusted(body, at):
            at += 1
        damaged = any(body[start:at])
        total += damaged
        open_end = not (damaged and at >= len(body))
    return total + (len(chunk) < stated and open_end)


def _trusted(body: bytes, at: int) -> bool:
    if not body.startswith(layout.RECORD_MAGIC, at):
        return False
    size = int.from_bytes(body[at + 4 : at + 8], "little")
    return (
        layout.SMALLEST_RECORD <= size <= len(body) - at
        and int.from_bytes(body[at + size - 4 : at + size], "little") == size
    )


def _sample() -> bytes:
    at = datetime(2021, 3, 3, 6, 12, 43, 901000, tzinfo=UTC)
    host = "EX01.contoso.test"
    return write_evtx(
        (
            EvtxRecord(
                channel="MSExchange Management",
                provider="MSExchange CmdletLogs",
                event_id=1,
                time=at,
                record_id=4711,
                computer=host,
                data=(
                    (None, "Get-Mailbox"),
                    (None, '-Identity "anna"'),
                    (None, "contoso.test/Users/Administrator"),
                    (None, "S-1-5-21-1-2-3-500"),
                    (None, "S-1-5-21-1-2-3-500"),
                    (None, "ServerRemoteHost-EMC"),
                    (None, "4242"),
                    (None, ""),
                    (None, "17"),
                    (None, "00:00:00.1093750"),
                ),
            ),
            EvtxRecord(
                channel="Security",
                provider="Microsoft-Windows-Security-Auditing",
                event_id=4688,
                time=at.replace(second=44),
                record_id=4712,
                computer=host,
                level=0,
                data=(
                    ("SubjectUserName", "EX01$"),
                    ("NewProcessId", "0x1f4c"),
                    ("NewProcessName", "C:\\Windows\\System32\\cmd.exe"),
                    ("ProcessId", "0x9b0"),
                    ("CommandLine", "cmd.exe /c ver"),
                    ("ParentProcessName", "C:\\Windows\\System32\\svchost.exe"),
                ),
            ),
            EvtxRecord(
                channel="Microsoft-Windows-Sysmon/Operational",
                provider="Microsoft-Windows-Sysmon",
                event_id=11,
                time=at.replace(second=45),
                record_id=4713,
                computer=host,
                user_sid="S-1-5-18",
                data=(
                    ("UtcTime", "2021-03-03 06:12:45.900"),
                    ("ProcessId", "4"),
                    ("Image", "System"),
                    ("TargetFilename", "C:\\inetpub\\wwwroot\\aspnet_client\\sample.aspx"),
                ),
            ),
        )
    )


FORMAT = Format(
    name="evtx",
    title="Windows event log (EVTX)",
    paths=("**/*.evtx",),
    recognise=_recognise,
    columns=COLUMNS,
    parse=_parse,
    count=_count,
    unit=Unit.RECORD,
    place=PlaceKind.RECORD,
    log_sources=(LogSource(product="windows"),),
    sample=_sample(),
    sample_path="C:/Windows/System32/winevt/Logs/Security.evtx",
    reference=(
        "libevtx: Windows XML Event Log (EVTX) format. The values of MSExchange Management's "
        "events have no names; ours come from real events."
    ),
)
