"""Requests to Exchange's remote PowerShell, on the front and back end (CmdletInfra)."""

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
    """Whether the log type, or the columns, are those of the request log."""
    text = head_text(head)
    return log_type(text) == "rps http logs" or header_names(text) >= {
        "managedorganization",
        "commandname",
        "shellid",
    }


_NAMES = "DateTime,StartTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ClientRequestId,UrlHost,UrlStem,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,ManagedOrganization,ClientIpAddress,ServerHostName,FrontEndServer,HttpStatus,SubStatus,ErrorCode,Action,CommandId,CommandName,SessionId,ShellId,FailFast,ContributeToFailFast,RequestBytes,ClientInfo,CPU,Memory,ActivityContextLifeTime,TotalTime,UrlQuery,GenericLatency,GenericInfo,GenericErrors"

SAMPLE = f"""\
\ufeff{_NAMES}\r
#Software: Microsoft Exchange Server\r
#Version: 15.01.2106.002\r
#Log-type: Rps Http Logs\r
#Date: 2021-03-02T21:00:00.000Z\r
#Fields: {_NAMES}\r
2021-03-02T21:01:48.259Z,2021-03-02T21:01:48.144Z,f6071829-3a4b-4c5d-8e6f-708192a3b4c5,15,1,2106,2,,mail01.example.org,/PowerShell/,Kerberos,true,EXAMPLE\\admin,,,192.0.2.44,MAIL01,MAIL01.EXAMPLE.ORG,200,0,,Command,0718293a-4b5c-4d6e-9f70-8192a3b4c5d6,Get-Mailbox,18293a4b-5c6d-4e7f-a081-92a3b4c5d6e7,293a4b5c-6d7e-4f80-b192-a3b4c5d6e7f8,,,5127,Microsoft WinRM Client,,,115,113,?PSVersion=5.1.14393.4467,Auth=2,OnEndRequest.End.ContentType=application/soap+xml;S:ServiceCommonMetadata.HttpMethod=POST,PipelineStopped\r
""".encode()

FORMAT = Format(
    name="rps_http",
    title="Exchange PowerShell request log",
    paths=("Logging/CmdletInfra/**/Http/*.log", "*Rps_Http_*.log"),
    recognise=recognise,
    columns=(
        Column(name="client_ip", source="ClientIpAddress", type=ColumnType.ADDRESS),
        Column(name="host", source="ServerHostName"),
        Column(name="request_id", source="RequestId"),
        Column(name="session_id", source="SessionId"),
        Column(name="user", source="AuthenticatedUser"),
        Column(name="user_agent", source="ClientInfo"),
        Column(name="operation", source="Action"),
        Column(name="method", source="GenericInfo", pattern=r"\bHttpMethod=(\w+)"),
        Column(name="url_host", source="UrlHost"),
        Column(name="url_path", source="UrlStem"),
        Column(name="url_query", source="UrlQuery", pattern=r"^\??(.*)"),
        Column(name="cmdlet", source="CommandName"),
        Column(name="status", source="HttpStatus", type=ColumnType.INTEGER),
        Column(name="error", source="GenericErrors"),
        Column(
            name="received_bytes", source="RequestBytes", type=ColumnType.INTEGER, unit="bytes"
        ),
        Column(name="duration_ms", source="TotalTime", type=ColumnType.INTEGER, unit="ms"),
        Column(name="build", source="Build"),
    ),
    parse=parse,
    bulk=Bulk(reader=reader, separator=b",", derived=BUILD),
    count=count_csv,
    unit=Unit.LINE,
    place=PlaceKind.LINE,
    log_sources=(LogSource(product="exchange", service="rps-http"),),
    sample=SAMPLE,
    sample_path="C:/Program Files/Microsoft/Exchange Server/V15/Logging/CmdletInfra/Powershell-Proxy/Http/Rps_Http_2021030221-1.LOG",
    reference=(
        "Neo23x0/signature-base, expl_proxynotshell_owassrf_dec22 (2022-12), for the shape of a row;"
        " the header as public incident write-ups of 2023 print it."
    ),
)
