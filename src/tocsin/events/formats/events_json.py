"""Windows events as JSON lines, as the common exporters write them: one object on each line."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import orjson

from tocsin.events.ahead import look_ahead
from tocsin.events.clock import HEAD_BYTES, Clock
from tocsin.events.format import Format, LogSource, Row, Unit
from tocsin.events.lines import count_data_lines, encoding_of, head_text, read_rows
from tocsin.events.windows_event import COLUMNS, TEXT_LIMIT, moment
from tocsin.events.windows_shapes import shape
from tocsin.model.event import Event, PlaceKind
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath

_LOOKED_AT = 5
"""Lines that `_recognise` tries: the first of a copy may be damaged."""
_MARKS = (b'"EventID"', b'"event_id"', b'"EventId"', b'"SystemTime"')


def _recognise(head: bytes, _: EvidencePath) -> bool:
    lines = [line for line in head_text(head).split("\n") if line.strip()][:_LOOKED_AT]
    if len(lines) == 1 and len(head) >= 2**16:
        return lines[0].startswith("{") and any(mark in head for mark in _MARKS)
    return any(_is_event(line) for line in lines)


def _is_event(line: str) -> bool:
    if not line.startswith("{"):
        return False
    try:
        return shape(orjson.loads(line)) is not None
    except ValueError:
        return False


def _parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    head, whole = look_ahead(stream, HEAD_BYTES)
    if encoding_of(head[: 2**16]) != "utf-8":
        head = head_text(head).encode(errors="replace")
    return read_rows(whole, artefact, _Reader(artefact.path.inside, Clock.from_head(head)))


class _Reader:
    """One file's lines to rows; holds nothing but the clock."""

    def __init__(self, artefact: str, clock: Clock) -> None:
        self._artefact = artefact
        self._clock = clock

    def row(self, number: int, text: str, *, last: bool) -> Row | None:
        if text.startswith("#"):
            return None
        try:
            shaped = shape(orjson.loads(text))
        except ValueError as error:
            code = ProblemCode.TRUNCATED if last else ProblemCode.BAD_RECORD
            return self._problem(number, code, f"cannot be read as JSON: {error}")
        if shaped is None:
            return self._problem(number, ProblemCode.BAD_RECORD, "no Windows event")
        time = moment(shaped.time)
        if time is None and shaped.time is not None:
            return self._problem(
                number, ProblemCode.BAD_TIME, f"time {str(shaped.time)[:40]!r} cannot be read"
            )
        fields = shaped.named()
        if time is not None:
            time = self._clock.correct(time, shaped.time, fields)
        return Event(
            time=time,
            place=number,
            fields=fields,
            text=text[:TEXT_LIMIT],
            stream=shaped.channel,
        )

    def _problem(self, number: int, code: ProblemCode, detail: str) -> Problem:
        return Problem(artefact=self._artefact, line=number, code=code, detail=detail)


# In this order: NXLog, twice (Sysmon's UtcTime proves its clock five hours behind), evtx_dump, Winlogbeat.
_SAMPLE = r"""{"SourceName":"Microsoft-Windows-Sysmon","Level":"4","Channel":"Microsoft-Windows-Sysmon/Operational","Hostname":"EX01.contoso.test","TimeCreated":"2021-03-03T01:12:44.120Z","EventID":11,"Message":"File created:","UtcTime":"2021-03-03 06:12:44.118","ProcessGuid":"{7C1E2A40-0001-603F-0100-000000000900}","ProcessId":"4","Image":"System","TargetFilename":"C:\\inetpub\\wwwroot\\aspnet_client\\sample.aspx"}
{"SourceName":"MSExchange CmdletLogs","Level":"4","Channel":"MSExchange Management","Hostname":"EX01.contoso.test","TimeCreated":"2021-03-03T01:12:43.901Z","EventID":1,"Message":"Cmdlet suceeded. Cmdlet Get-Mailbox, parameters -Identity \"anna\"."}
{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing"}},"EventID":4688,"Level":0,"TimeCreated":{"#attributes":{"SystemTime":"2021-03-03T06:12:46.002211Z"}},"EventRecordID":8123,"Channel":"Security","Computer":"EX02.contoso.test","Security":null},"EventData":{"SubjectUserName":"EX02$","NewProcessId":"0x1f4c","NewProcessName":"C:\\Windows\\System32\\cmd.exe","ProcessId":"0x9b0","CommandLine":"cmd.exe /c ver","ParentProcessName":"C:\\Windows\\System32\\svchost.exe"}}}
{"@timestamp":"2021-03-03T06:12:50.500Z","message":"A scheduled task was created.","winlog":{"channel":"Security","provider_name":"Microsoft-Windows-Security-Auditing","event_id":"4698","record_id":8124,"computer_name":"EX02.contoso.test","event_data":{"TaskName":"\\Sample"}}}
"""

FORMAT = Format(
    name="events_json",
    title="Windows events as JSON lines",
    paths=(
        "**/*.evtx.json",
        "**/*.evtx.jsonl",
        "**/*_EvtxECmd_Output.json",
        "**/Windows.EventLogs.*.json",
    ),
    recognise=_recognise,
    columns=COLUMNS,
    parse=_parse,
    count=count_data_lines,
    unit=Unit.LINE,
    place=PlaceKind.LINE,
    log_sources=(LogSource(product="windows"),),
    sample=_SAMPLE.encode(),
    sample_path="C:/exports/EX01-events.evtx.json",
    reference=(
        "Field names of NXLog (im_msvistalog), evtx_dump, Winlogbeat, Velociraptor and EvtxECmd "
        "as they write them; OTRF Security-Datasets for the clock that is local time labelled Z."
    ),
)
