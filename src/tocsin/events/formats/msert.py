"""The log of Microsoft's Safety Scanner and Malicious Software Removal Tool.

The scanner writes local time and no zone. So its events have no time; the field ``Started`` holds
what the log says of the run they belong to.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.format import Column, Format, LogSource, Unit
from tocsin.events.lines import count_data_lines, head_text, read_rows
from tocsin.model.event import Event, PlaceKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.events.format import Row
    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath

_THREAT = re.compile(
    r"(?:Threat detected:|Found) (?P<Threat>\S+?)(?:,| and\b|$)(?P<Outcome>.*)", re.IGNORECASE
)
_ACTION = re.compile(r"Action: (?P<Action>[^,]+), Result: (?P<Result>\S+)", re.IGNORECASE)
_PLACE = re.compile(r"(?P<Type>[a-z]+)://(?P<Path>.+)", re.IGNORECASE)
_RUN = re.compile(r"Started On (?P<Started>.+)", re.IGNORECASE)
_MARK = re.compile(r"(?:SigSeq|SHA-?1|SHA-?256|MD5):", re.IGNORECASE)
"""Lines below a place that say how it was known."""


def parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    """One event for each line; those below a threat carry its name."""
    return read_rows(stream, artefact, _Log())


def recognise(head: bytes, _path: EvidencePath) -> bool:
    """Whether the log names one of the two tools."""
    text = head_text(head)
    return (
        "Microsoft Safety Scanner" in text
        or "Microsoft Windows Malicious Software Removal Tool" in text
    )


class _Log:
    """One file: the run and the threat that the next lines belong to."""

    def __init__(self) -> None:
        self._started = ""
        self._threat = ""

    def row(self, number: int, text: str, *, last: bool) -> Row | None:  # noqa: ARG002 the protocol's
        if text.startswith("#"):
            return None
        message = text.strip()
        fields = {"Message": message}
        if found := _RUN.match(message):
            self._started = found["Started"]
        if found := _THREAT.match(message):
            self._threat = found["Threat"]
            fields["Outcome"] = found["Outcome"].strip(" .!")
        elif found := _ACTION.match(message) or _PLACE.match(message):
            fields |= found.groupdict()
        elif not _MARK.match(message):
            self._threat = ""
        fields |= {"Started": self._started, "Threat": self._threat}
        kept = {name: value for name, value in fields.items() if value and value != "-"}
        return Event(time=None, place=number, fields=kept, text=text)


SAMPLE = """\
\ufeff---------------------------------------------------------------------------------------\r
Microsoft Safety Scanner v1.333, (build 1.333.1.0)\r
Started On Mon Mar 08 19:02:11 2021\r
\r
Engine: 1.1.17800.5\r
Run Mode: Scan Run From Command Line\r
\r
Quick Scan Results:\r
-------------------\r
Threat Detected: Backdoor:ASP/Example.A, partially removed.\r
    Action: Remove, Result: 0x00000000\r
        file://C:\\inetpub\\wwwroot\\aspnet_client\\example.aspx\r
            SigSeq: 0x00000555DC2DDDB0\r
\r
Results Summary:\r
----------------\r
Found Backdoor:ASP/Example.A, partially removed.\r
Microsoft Safety Scanner Finished On Mon Mar 08 19:44:27 2021\r
\r
\r
Return code: 7 (0x7)\r
""".encode("utf-16-le")

FORMAT = Format(
    name="msert",
    title="Microsoft Safety Scanner log",
    paths=("Windows/debug/msert*.log", "Windows/debug/mrt*.log", "msert*.log"),
    recognise=recognise,
    columns=(
        Column(name="threat", source="Threat"),
        Column(name="file_path", source="Path", pattern=r"^(.*?)(?:->|$)"),
        Column(name="result", source="Outcome"),
    ),
    parse=parse,
    count=count_data_lines,
    unit=Unit.LINE,
    place=PlaceKind.LINE,
    log_sources=(LogSource(product="exchange", service="msert"),),
    sample=SAMPLE,
    sample_path="C:/Windows/debug/msert.log",
    reference=(
        "microsoft/CSS-Exchange, Security/src/EOMT.ps1 (2021), for the place and the words of a"
        " hit, and logs of the tool that administrators published."
        " Times are local and carry no zone."
    ),
)
