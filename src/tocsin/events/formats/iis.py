"""IIS request logs in the W3C extended format, front end and back end of Exchange alike."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.bulk import Bulk, Derived
from tocsin.events.format import Column, ColumnType, Format, LogSource, Unit
from tocsin.events.lines import count_data_lines, head_text, read_rows
from tocsin.events.w3c import field_names, w3c_reader
from tocsin.model.event import PlaceKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.events.bulk import BulkReader
    from tocsin.events.format import Row
    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath

BACK_END_PORT = "444"
"""Where the site "Exchange Back End" listens. Source: Microsoft's documentation of
the default websites of an Exchange mailbox server."""
BACK_END_SITE = "W3SVC2"
FORWARDED = (
    "X-Forwarded-For",
    "x-forwarded-for",
    "X-FORWARDED-FOR",
    "cs(X-Forwarded-For)",
    "OriginalIP",
)
"""How administrators name the custom field for the address that a proxy forwards. The first
address in it is the client's, as the proxy or the client claims."""


def reader(artefact: Artefact) -> BulkReader:
    """What its lines are; the stream is ``frontend`` or ``backend``."""
    in_back_end_folder = f"/{BACK_END_SITE.lower()}/" in artefact.path.folded
    return w3c_reader(artefact, partial(_finish, in_back_end_folder))


def _finish(in_back_end_folder: bool, fields: dict[str, str]) -> str:  # noqa: FBT001 for `partial`, which pickle takes and a closure not
    query = fields.get("cs-uri-query", "")
    if "cafeReqId=" in query:
        fields["cafeReqId"] = query.partition("cafeReqId=")[2].split("&")[0].split(";")[0]
    back_end = (
        in_back_end_folder
        or fields.get("s-port") == BACK_END_PORT
        or fields.get("s-sitename") == BACK_END_SITE
    )
    return "backend" if back_end else "frontend"


def parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    """Rows of one log."""
    return read_rows(stream, artefact, reader(artefact))


def recognise(head: bytes, _path: EvidencePath) -> bool:
    """Whether the columns, or the name of the software, are those of an IIS site."""
    text = head_text(head)
    names = field_names(text)
    if "s-reason" in names:
        return False
    return bool(names & {"cs-method", "cs-uri-stem", "sc-status"}) or (
        "#Software: Microsoft Internet Information Services" in text
    )


SAMPLE = b"""\
#Software: Microsoft Internet Information Services 10.0\r
#Version: 1.0\r
#Date: 2021-03-02 21:40:12\r
#Fields: date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken X-Forwarded-For\r
2021-03-02 21:40:12 W3SVC1 MAIL01 192.0.2.10 GET /owa/ &CorrelationID=<empty>;&cafeReqId=5c0f2ab1-7f0e-4f5e-9d40-6f1e2b3c4d5e; 443 EXAMPLE\\m.muster 192.0.2.1 Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64) https://mail.example.org/owa/auth/logon.aspx mail.example.org 200 0 0 4821 912 78 198.51.100.23\r
2021-03-02 21:40:15 W3SVC1 MAIL01 192.0.2.10 POST /ecp/DDI/DDIService.svc/GetList ActID=0d1c2b3a-4e5f-4a6b-8c7d-9e0f1a2b3c4d&msExchEcpCanary=AbCdEf-0123.&CorrelationID=<empty>;&cafeReqId=7d1e3bc2-8a1f-4a6f-8e51-7a2f3c4d5e6f; 443 EXAMPLE\\admin 192.0.2.1 Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64) - mail.example.org 200 0 0 1204 1530 31 198.51.100.23,+10.20.0.7\r
#Software: Microsoft Internet Information Services 10.0\r
#Version: 1.0\r
#Date: 2021-03-02 22:05:00\r
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r
2021-03-02 22:05:01 ::1 POST /powershell clientApplication=ActiveMonitor;PSVersion=5.1.14393.4467 444  EXAMPLE\\HealthMailbox0a1b2c3 ::1 Microsoft+WinRM+Client - 200 0 0 15\r
"""

FORMAT = Format(
    name="iis",
    title="IIS request log (W3C)",
    paths=("LogFiles/W3SVC*/*.log", "W3SVC*/*.log", "u_ex*.log"),
    recognise=recognise,
    columns=(
        Column(name="client_ip", source="c-ip", type=ColumnType.ADDRESS),
        *(
            Column(
                name="forwarded_for",
                source=source,
                type=ColumnType.ADDRESS,
                pattern=r"^[\[\s+]*(\d+(?:\.\d+){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)",
            )
            for source in FORWARDED
        ),
        Column(name="server_ip", source="s-ip", type=ColumnType.ADDRESS),
        Column(name="host", source="s-computername"),
        Column(name="request_id", source="cafeReqId"),
        Column(name="canary", source="cs-uri-query", pattern=r"msExchEcpCanary=([^&#;\s]+)"),
        Column(name="activity_id", source="cs-uri-query", pattern=r"\bActID=([^&#;\s]+)"),
        Column(name="user", source="cs-username"),
        Column(name="user_agent", source="cs(User-Agent)"),
        Column(name="referer", source="cs(Referer)"),
        Column(name="method", source="cs-method"),
        Column(name="url_host", source="cs-host"),
        Column(name="url_path", source="cs-uri-stem"),
        Column(name="url_query", source="cs-uri-query"),
        Column(name="status", source="sc-status", type=ColumnType.INTEGER),
        Column(name="sent_bytes", source="sc-bytes", type=ColumnType.INTEGER, unit="bytes"),
        Column(name="received_bytes", source="cs-bytes", type=ColumnType.INTEGER, unit="bytes"),
        Column(name="duration_ms", source="time-taken", type=ColumnType.INTEGER, unit="ms"),
    ),
    parse=parse,
    bulk=Bulk(
        reader=reader,
        separator=b" ",
        stream=("s-port", "s-sitename"),
        derived={"cafeReqId": Derived(columns=("cs-uri-query",), mark=b"cafeReqId=")},
    ),
    count=count_data_lines,
    unit=Unit.LINE,
    place=PlaceKind.LINE,
    log_sources=(
        LogSource(category="webserver"),
        LogSource(product="windows", service="iis"),
    ),
    sample=SAMPLE,
    sample_path="C:/inetpub/logs/LogFiles/W3SVC1/u_ex210302.log",
    reference=(
        "Microsoft's documentation of the W3C logging of IIS; HELSE CERT, 2021-march-exchange (logs"
        " of victims, 2021), for Exchange's two sites. The request id that IIS logs as cafeReqId is the"
        " RequestId of the HttpProxy log."
    ),
)
