"""Exchange's HttpProxy logs: every request that the front end passed on, for every protocol."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.anchor import unmask
from tocsin.events.bulk import Bulk, Derived
from tocsin.events.exchange_csv import (
    BUILD,
    add_build,
    count_csv,
    csv_reader,
    header_names,
    log_type,
)
from tocsin.events.format import Column, ColumnType, Format, LogSource, Unit
from tocsin.events.lines import head_text, read_rows
from tocsin.model.event import PlaceKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.events.bulk import BulkReader
    from tocsin.events.format import Row
    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath


def reader(artefact: Artefact) -> BulkReader:
    """What its lines are; the stream is the protocol in lower case, from the row or the folder.

    The field ``Build`` is added: the four version columns, else the ``#Version`` line. A forged
    anchor mailbox is shown in its plain form.
    """
    folder = artefact.path.folded.rpartition("/httpproxy/")[2].split("/")
    folder_stream = folder[0] if len(folder) > 1 else ""
    return csv_reader(artefact, partial(_finish, folder_stream))


def _finish(folder_stream: str, fields: dict[str, str], build: str | None) -> str:
    unmask(fields)
    add_build(fields, build)
    return fields.get("Protocol", folder_stream).lower()


def parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    """Rows of one log."""
    return read_rows(stream, artefact, reader(artefact))


def recognise(head: bytes, _path: EvidencePath) -> bool:
    """Whether the log type, or the columns, are those of HttpProxy."""
    text = head_text(head)
    return log_type(text) == "httpproxy logs" or header_names(text) >= {
        "urlstem",
        "anchormailbox",
        "proxyaction",
    }


_NAMES = "DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ClientRequestId,Protocol,UrlHost,UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,AnchorMailbox,UserAgent,ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,ErrorCode,Method,ProxyAction,TargetServer,TargetServerVersion,RoutingType,RoutingHint,BackEndCookie,ServerLocatorHost,ServerLocatorLatency,RequestBytes,ResponseBytes,TotalRequestTime,UrlQuery,GenericInfo,GenericErrors"

SAMPLE = f"""\
\ufeff{_NAMES}\r
#Software: Microsoft Exchange Server\r
#Version: 15.01.2106.002\r
#Log-type: HttpProxy Logs\r
#Date: 2021-03-02T21:00:00.120Z\r
#Fields: {_NAMES}\r
2021-03-02T21:00:00.118Z,0f5a9c1e-3b7d-4c2a-8e6f-102938475601,15,1,2106,2,,Ecp,mail.example.org,/ecp/y.js,,FBA,false,,,ServerInfo~b]@mail01.example.org:444/ecp/DDI/DDIService.svc/GetObject?msExchEcpCanary=AbCdEf-0123.&schema=Mailbox#,Mozilla/5.0 (Windows NT 10.0) (KHTML  like Gecko),198.51.100.23,MAIL01,500,503,SimpleProxy,GET,Proxy,mail01.example.org,15.01.2106.000,IntraForest,X-BEResource-Cookie,,,,128,0,17,?a=b&c=d,"BeginRequest=2021-03-02T21:00:00.101Z;Note=""a,b"";",WebExceptionStatus=ProtocolError\r
2021-03-02T21:00:02.640Z,1e6b8d2f-4c8e-4d3b-9f70-213a49586712,15,1,2106,2,,PowerShell,mail01.example.org,/powershell,Get-Mailbox:Command,Kerberos,true,EXAMPLE\\HealthMailbox0a1b2c3,,ServerVersion~Version 15.1 (Build 2105.0),Microsoft WinRM Client,::1,MAIL01,200,200,,POST,Proxy,mail01.example.org,15.01.2106.000,IntraForest,ExchClientVer-ServerCookie,,,,5127,847,24,?clientApplication=ActiveMonitor;PSVersion=5.1,SessionId=D5FFDBEB-C73B-4C9B-93BB-5E2AA5824904;ShellId=2C72B54F-AD1D-4778-A3F0-64514659F016,\r
""".encode()

_INTEGER = ColumnType.INTEGER

FORMAT = Format(
    name="httpproxy",
    title="Exchange HttpProxy log",
    paths=("Logging/HttpProxy/**/*.log", "HttpProxy_*.log"),
    recognise=recognise,
    columns=(
        Column(name="client_ip", source="ClientIpAddress", type=ColumnType.ADDRESS),
        Column(name="host", source="ServerHostName"),
        Column(name="request_id", source="RequestId"),
        Column(name="canary", source="AnchorMailbox", pattern=r"msExchEcpCanary=([^&#;\s]+)"),
        Column(name="canary", source="UrlQuery", pattern=r"msExchEcpCanary=([^&#;\s]+)"),
        Column(name="session_id", source="GenericInfo", pattern=r"\bSessionId=([0-9A-F-]{36})"),
        Column(name="user", source="AuthenticatedUser"),
        Column(name="operation", source="ProtocolAction"),
        Column(name="user_agent", source="UserAgent"),
        Column(name="method", source="Method"),
        Column(name="url_host", source="UrlHost"),
        Column(name="url_path", source="UrlStem"),
        Column(name="url_query", source="UrlQuery", pattern=r"^\??(.*)"),
        Column(name="anchor", source="AnchorMailbox"),
        Column(name="status", source="HttpStatus", type=_INTEGER),
        Column(name="backend_status", source="BackEndStatus", type=_INTEGER),
        Column(name="error", source="GenericErrors"),
        Column(name="sent_bytes", source="ResponseBytes", type=_INTEGER, unit="bytes"),
        Column(name="received_bytes", source="RequestBytes", type=_INTEGER, unit="bytes"),
        Column(name="duration_ms", source="TotalRequestTime", type=_INTEGER, unit="ms"),
        Column(name="build", source="Build"),
    ),
    parse=parse,
    bulk=Bulk(
        reader=reader,
        separator=b",",
        stream=("Protocol",),
        derived={**BUILD, "AnchorMailboxAsLogged": Derived(columns=("AnchorMailbox",))},
        # See `tocsin.events.anchor`: where it may read otherwise than it stands. A comma is one of
        # its letters where it stands in quotes.
        rewritten=(
            rb"serverinfo~[^,\n]*(?:[%\\]|//|/\.)",
            rb'"serverinfo~(?:[^"\n]|"")*(?:[%\\]|//|/\.)',
        ),
    ),
    count=count_csv,
    unit=Unit.LINE,
    place=PlaceKind.LINE,
    log_sources=(LogSource(product="exchange", service="httpproxy"),),
    sample=SAMPLE,
    sample_path="C:/Program Files/Microsoft/Exchange Server/V15/Logging/HttpProxy/Ecp/HttpProxy_2021030221-1.LOG",
    reference=(
        "HELSE CERT, 2021-march-exchange (logs of victims, 2021); Qazeer, DFIR notes (artefacts.help,"
        " logs of January 2023); Nico77600/ExchangeLogReport and the tests of AWS's Kinesis Agent for"
        " Windows, for the two orders of the header. The version columns are those of the assembly that"
        " wrote the row: the build of the server is this one or newer."
    ),
)
