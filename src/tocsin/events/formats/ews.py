"""Exchange Web Services on the back end: which operation on which mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.bulk import Bulk
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
    """What its lines are."""
    return csv_reader(artefact, add_build)


def parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    """Rows of one log; the field ``Build`` is added from the four version columns."""
    return read_rows(stream, artefact, reader(artefact))


def recognise(head: bytes, _path: EvidencePath) -> bool:
    """Whether the log type, or the columns, are those of EWS."""
    text = head_text(head)
    return log_type(text) == "ews logs" or header_names(text) >= {"soapaction", "actasuser"}


_NAMES = "DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,Ring,ClientRequestId,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,UserAgent,VersionInfo,ClientIpAddress,ServerHostName,FrontEndServer,SoapAction,HttpStatus,RequestSize,ResponseSize,ErrorCode,ImpersonatedUser,ProxyAsUser,ActAsUser,Cookie,CorrelationGuid,TotalRequestTime,ClientStatistics,GenericInfo,AuthenticationErrors,GenericErrors,Puid"

SAMPLE = f"""\
\ufeff{_NAMES}\r
#Software: Microsoft Exchange Server\r
#Version: 15.01.2106.002\r
#Log-type: EWS Logs\r
#Date: 2021-03-02T21:00:00.000Z\r
#Fields: {_NAMES}\r
2021-03-02T21:00:06.410Z,80516273-a4b5-4c6d-a7f8-091a2b3c4d5e,15,1,2106,2,Unknown,,Negotiate,true,m.muster@example.org,example.org,ExchangeServicesClient/15.01.2106.002,Target=None;Req=Exchange2013;,192.0.2.44,MAIL01,MAIL01.EXAMPLE.ORG,FindItem,200,666,2048,,a.other@example.org,,a.other@example.org,0a1b2c3d4e5f,91627384-b5c6-4d7e-b809-1a2b3c4d5e6f,17,,BackEndAuthenticator=WindowsAuthenticator;MailboxTypeCacheSize=21,,ErrorNonExistentMailbox,\r
""".encode()

FORMAT = Format(
    name="ews",
    title="Exchange Web Services log",
    paths=("Logging/Ews/*.log", "Ews_*.log"),
    recognise=recognise,
    columns=(
        Column(name="client_ip", source="ClientIpAddress", type=ColumnType.ADDRESS),
        Column(name="host", source="ServerHostName"),
        Column(name="request_id", source="RequestId"),
        Column(name="user", source="AuthenticatedUser"),
        Column(name="impersonated_user", source="ImpersonatedUser"),
        Column(name="user_agent", source="UserAgent"),
        Column(name="operation", source="SoapAction"),
        Column(name="status", source="HttpStatus", type=ColumnType.INTEGER),
        Column(name="error", source="GenericErrors"),
        Column(name="sent_bytes", source="ResponseSize", type=ColumnType.INTEGER, unit="bytes"),
        Column(name="received_bytes", source="RequestSize", type=ColumnType.INTEGER, unit="bytes"),
        Column(name="duration_ms", source="TotalRequestTime", type=ColumnType.INTEGER, unit="ms"),
        Column(name="build", source="Build"),
    ),
    parse=parse,
    bulk=Bulk(reader=reader, separator=b",", derived=BUILD),
    count=count_csv,
    unit=Unit.LINE,
    place=PlaceKind.LINE,
    log_sources=(LogSource(product="exchange", service="ews"),),
    sample=SAMPLE,
    sample_path="C:/Program Files/Microsoft/Exchange Server/V15/Logging/Ews/Ews_2021030221-1.LOG",
    reference=(
        "Qazeer, DFIR notes (artefacts.help), Exchange logs of January 2023; the tests of AWS's Kinesis"
        " Agent for Windows. Exchange 2013 has no column Ring and fewer at the end."
    ),
)
