"""Windows event logs: ``*.evtx``; `tocsin.events.evtx_records` reads them.

One limit of the library's JSON: where one event has values with names and values without, or one
name twice, it keeps only one of them. Windows' own providers do not write such events.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from tocsin.events import evtx_frames as layout
from tocsin.events.chosen import Passed
from tocsin.events.evtx_records import RecordReader
from tocsin.events.evtx_writer import EvtxRecord, write_evtx
from tocsin.events.format import Format, LogSource, Row, Unit
from tocsin.events.windows_event import COLUMNS
from tocsin.model.event import PlaceKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.events.chosen import Chooser
    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath


def _recognise(head: bytes, _: EvidencePath) -> bool:
    return head.startswith((layout.FILE_MAGIC, layout.CHUNK_MAGIC)) or head.startswith(
        layout.CHUNK_MAGIC, layout.FILE_HEADER_BYTES
    )


def _parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    for row in RecordReader(artefact.path.inside).read(stream):
        if not isinstance(row, Passed):
            yield row


def _choose(stream: BinaryIO, artefact: Artefact, chooser: Chooser) -> Iterator[Row | Passed]:
    return RecordReader(artefact.path.inside, chooser).read(stream)


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
    choose=_choose,
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
