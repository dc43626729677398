"""Cmdlets that ran in PowerShell sessions of Exchange, remote and local (CmdletInfra)."""

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
    """Whether the log type, or the columns, are those of the cmdlet log."""
    text = head_text(head)
    return log_type(text) == "rps cmdlet logs" or header_names(text) >= {
        "cmdlet",
        "parameters",
        "executionresult",
    }


_NAMES = "DateTime,StartTime,RequestId,ClientRequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ServerHostName,ProcessId,ProcessName,ThreadId,CultureInfo,Organization,AuthenticatedUser,ExecutingUserSid,EffectiveOrganization,UserServicePlan,IsAdmin,ClientApplication,Cmdlet,Parameters,CmdletUniqueId,TotalTime,ErrorType,ExecutionResult,GenericInfo,GenericErrors,NonPiiParameters"

SAMPLE = f"""\
\ufeff{_NAMES}\r
#Software: Microsoft Exchange Server\r
#Version: 15.01.2106.002\r
#Log-type: Rps Cmdlet Logs\r
#Date: 2021-03-02T21:00:00.000Z\r
#Fields: {_NAMES}\r
2021-03-02T21:01:19.898Z,2021-03-02T21:01:19.882Z,d4e5f607-1829-4a3b-8c4d-5e6f708192a3,,15,1,2106,2,MAIL01,15756,w3wp#MSExchangePowerShellAppPool,85,,,EXAMPLE\\admin,S-1-5-21-1-2-3-1104,,,True,EMC,Get-Mailbox,"-Identity ""m.muster"" -ResultSize ""1"" -Verbose",e5f60718-293a-4b4c-9d5e-6f708192a3b4,15,ManagementObjectNotFound,Error,Cmd=15,CmdletException=The object does not exist,"-ResultSize ""1"" -Verbose"\r
""".encode()

FORMAT = Format(
    name="rps_cmdlet",
    title="Exchange PowerShell cmdlet log",
    paths=("Logging/CmdletInfra/**/Cmdlet/*.log", "*Rps_Cmdlet_*.log"),
    recognise=recognise,
    columns=(
        Column(name="host", source="ServerHostName"),
        Column(name="request_id", source="RequestId"),
        Column(name="user", source="AuthenticatedUser"),
        Column(name="user_sid", source="ExecutingUserSid"),
        Column(name="process", source="ProcessName"),
        Column(name="cmdlet", source="Cmdlet"),
        Column(name="parameters", source="Parameters"),
        Column(name="result", source="ExecutionResult"),
        Column(name="error", source="GenericErrors"),
        Column(name="duration_ms", source="TotalTime", type=ColumnType.INTEGER, unit="ms"),
        Column(name="build", source="Build"),
    ),
    parse=parse,
    bulk=Bulk(reader=reader, separator=b",", derived=BUILD),
    count=count_csv,
    unit=Unit.LINE,
    place=PlaceKind.LINE,
    log_sources=(LogSource(product="exchange", service="rps-cmdlet"),),
    sample=SAMPLE,
    sample_path="C:/Program Files/Microsoft/Exchange Server/V15/Logging/CmdletInfra/Powershell-Proxy/Cmdlet/Rps_Cmdlet_2021030221-1.LOG",
    reference="Qazeer, DFIR notes (artefacts.help), Exchange logs of January 2023.",
)
