"""What Test-ProxyLogon.ps1 wrote or printed: often all that an owner kept.

Three shapes, told line by line:

* CSV as PowerShell exports it, under a header line. The columns are those of the log that was
  searched; the script's spelling ``ClientIPAddress`` is also there as ``ClientIpAddress``. The
  event messages of one file run over several lines: each line is an event of its own, with the
  time and computer of the first. Times that PowerShell wrote in the server's language and zone
  stay in their field; the event has no time.
* The two columns DateTime and AnchorMailbox, as printed on a console and pasted somewhere. Where
  the console cut the value (``...``), the event has the field ``Truncated``.
* Anything else: paths of log files (field ``Path``) and sentences (field ``Message``).

The server's name is taken from the file's name where the row has none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.exchange_csv import column_names, split_quoted
from tocsin.events.format import Column, ColumnType, Format, LogSource, Unit
from tocsin.events.lines import count_data_lines, head_text, read_rows
from tocsin.events.times import utc
from tocsin.model.event import Event, PlaceKind
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.events.format import Row
    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath

_CSV_HEADER = r'"?(?:DateTime|TimeCreated|ComputerName|Oabgen)"?,'
_HEADER = re.compile(rf"{_CSV_HEADER}|DateTime\s+AnchorMailbox\s*\Z|[-\s]+\Z", re.IGNORECASE)
_IS_CSV_HEADER = re.compile(_CSV_HEADER, re.IGNORECASE)
_PRINTED = re.compile(r"(\d{4}-\d\d-\d\dT[\d:.]+Z)\s+(\S.*)")
_PATH = re.compile(r"[A-Za-z]:\\|\\\\")
_FRESH_ROW = re.compile(r'"?\d{4}-\d\d-\d\dT')
_FILE_NAME = re.compile(r"(?P<server>.+)-(?P<kind>Cve-\d{4}-\d+|LogAgeDays|other)", re.IGNORECASE)
_SCRIPT_SAYS = re.compile(
    r"ProxyLogon Status: Exchange Server|Nothing suspicious detected"
    r"|Suspicious activity found in (?:Http Proxy|Eventlog|OAB generator|ECP) log",
    re.IGNORECASE,
)
_PRINTED_HEAD = re.compile(r"^[ \t]*\d{4}-\d\d-\d\dT[\d:.]+Z[ \t]+Server(?:Info)?~", re.MULTILINE)
_LISTED = re.compile(
    r"\A(?:[A-Za-z]:)?\\[^\r\n]*\\Logging\\(?:OABGeneratorLog|ECP\\Server)\\", re.IGNORECASE
)


def parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    """Rows of one file; the stream is what the file's name says was searched, lower case."""
    return read_rows(stream, artefact, _Output(artefact.path))


def recognise(head: bytes, _path: EvidencePath) -> bool:
    """Whether the content is an export or a printout of the script."""
    text = head_text(head)
    header = next((line for line in text.splitlines() if _IS_CSV_HEADER.match(line)), "")
    names = {name.lower() for name in column_names(header)}
    if names >= {"datetime", "anchormailbox"}:
        return "proxyaction" not in names
    shapes = ({"timecreated", "machinename"}, {"computername", "type", "path"}, {"oabgen", "ecp"})
    return (
        any(names >= shape for shape in shapes)
        or _SCRIPT_SAYS.search(text) is not None
        or _PRINTED_HEAD.search(text) is not None
        or _LISTED.match(text) is not None
    )


def count(data: bytes) -> int:
    """Data lines; the headers and rulers of a printed table are none."""
    return count_data_lines(data, _HEADER)


class _Output:
    """One file: the header in force, and the row whose message goes on."""

    def __init__(self, path: EvidencePath) -> None:
        self._artefact = path.inside
        named = _FILE_NAME.match(path.name)
        self._server = named["server"] if named else ""
        self._stream = named["kind"].lower() if named else ""
        self._names: tuple[str, ...] = ()
        self._open: dict[str, str] = {}

    def row(self, number: int, text: str, *, last: bool) -> Row | None:
        if text[0] == "#":
            return None
        if _HEADER.match(text):
            if _IS_CSV_HEADER.match(text):
                self._names = column_names(text)
            self._open = {}
            return None
        if self._open and not _FRESH_ROW.match(text):
            return self._continuation(number, text)
        self._open = {}
        if found := _PRINTED.match(text.strip()):
            fields = {"DateTime": found[1], "AnchorMailbox": found[2]}
            if found[2].endswith(("...", "\u2026")):
                fields["Truncated"] = "true"
            return self._event(number, text, fields)
        if not self._names:
            name = "Path" if _PATH.match(text.strip()) else "Message"
            return self._event(number, text, {name: text.strip()})
        return self._exported(number, text, last=last)

    def _exported(self, number: int, text: str, *, last: bool) -> Row:
        values, closed = split_quoted(text)
        width = len(self._names)
        goes_on = not closed and len(values) == width and self._names[-1] == "Message" and not last
        if len(values) != width or not (closed or goes_on):
            cut = last or (closed and len(values) < width)
            return Problem(
                artefact=self._artefact,
                line=number,
                code=ProblemCode.TRUNCATED if cut else ProblemCode.FIELD_COUNT,
                detail=f"{len(values)} fields, {width} in the header",
            )
        fields = dict(zip(self._names, values, strict=True))
        if goes_on:
            self._open = {name: fields.get(name, "") for name in self._names[:-1]}
        return self._event(number, text, fields)

    def _continuation(self, number: int, text: str) -> Event:
        fields = dict(self._open)
        if text.count('"') % 2:
            self._open = {}
            text_of_message = text[: text.rindex('"')]
        else:
            text_of_message = text
        fields["Message"] = text_of_message.replace('""', '"').strip()
        return self._event(number, text, fields)

    def _event(self, number: int, text: str, fields: dict[str, str]) -> Event:
        fields = {name: value for name, value in fields.items() if value not in ("", "-")}
        for name in ("ClientIPAddress", "ClientIpaddress"):
            if name in fields:
                fields.setdefault("ClientIpAddress", fields[name])
        if self._server and "MachineName" not in fields:
            fields.setdefault("ComputerName", self._server)
        time = utc(fields.get("DateTime") or fields.get("TimeCreated") or "")
        return Event(time=time, place=number, fields=fields, text=text, stream=self._stream)


SAMPLE = b"""\
#TYPE Selected.System.Management.Automation.PSCustomObject\r
"DateTime","RequestId","ClientIPAddress","UrlHost","UrlStem","RoutingHint","UserAgent","AnchorMailbox","HttpStatus"\r
"2021-03-02T21:00:00.118Z","0f5a9c1e-3b7d-4c2a-8e6f-102938475601","198.51.100.23","mail.example.org","/ecp/y.js","X-BEResource-Cookie","Mozilla/5.0 (Windows NT 10.0)","ServerInfo~b]@mail01.example.org:444/ecp/DDI/DDIService.svc/GetObject?msExchEcpCanary=AbCdEf-0123.&schema=Mailbox#","500"\r
DateTime                 AnchorMailbox\r
--------                 -------------\r
2021-03-02T21:04:11.002Z ServerInfo~b]@mail01.example.org:444/ecp/default.f...\r
"TimeCreated","MachineName","Message"\r
"3/2/2021 9:08:55 PM","MAIL01.example.org","A request failed.\r
More of the message, with ""quotes""."\r
"ComputerName","Type","Path","Name","LastWrite"\r
"MAIL01","SuspiciousArchive","C:\\ProgramData\\Example\\configuration.zip","configuration.zip","3/2/2021 9:08:55 PM"\r
"""

FORMAT = Format(
    name="test_proxylogon",
    title="Output of Test-ProxyLogon.ps1",
    paths=(
        "*-Cve-*.csv",
        "*-Cve-*.log",
        "*-LogAgeDays.csv",
        "Test-ProxyLogonLogs/*.csv",
        "Test-ProxyLogonLogs/*.log",
        "*Test-ProxyLogon*.txt",
        "*Test-ProxyLogon*.csv",
        "*Test-ProxyLogon*.log",
    ),
    recognise=recognise,
    columns=(
        Column(name="client_ip", source="ClientIpAddress", type=ColumnType.ADDRESS),
        Column(name="host", source="ComputerName"),
        Column(name="host", source="MachineName"),
        Column(name="request_id", source="RequestId"),
        Column(
            name="canary", source="AnchorMailbox", pattern=r"msExchEcpCanary=([^&#;\s]{1,128})[&#]"
        ),
        Column(name="user_agent", source="UserAgent"),
        Column(name="url_host", source="UrlHost"),
        Column(name="url_path", source="UrlStem"),
        Column(name="anchor", source="AnchorMailbox"),
        Column(name="status", source="HttpStatus", type=ColumnType.INTEGER),
        Column(name="file_path", source="Path"),
    ),
    parse=parse,
    count=count,
    unit=Unit.LINE,
    place=PlaceKind.LINE,
    log_sources=(
        LogSource(product="exchange", service="test-proxylogon"),
        LogSource(product="exchange", service="httpproxy"),
    ),
    sample=SAMPLE,
    sample_path="C:/Users/admin/Desktop/Test-ProxyLogonLogs/MAIL01-Cve-2021-00000.csv",
    reference=(
        "microsoft/CSS-Exchange, Security/src/Test-ProxyLogon.ps1 (2021-2022), which exports these"
        " columns under these file names. Rows under the HttpProxy log's column names match"
        " that log's rules."
    ),
)
