"""The Exchange Control Panel's server log: which cmdlets ran behind a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.bulk import Bulk
from tocsin.events.composite import REWRITTEN, add_items
from tocsin.events.exchange_csv import count_csv, csv_reader, log_type
from tocsin.events.format import Column, ColumnType, Format, LogSource, Unit
from tocsin.events.lines import head_text, read_rows
from tocsin.model.event import PlaceKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.events.bulk import BulkReader
    from tocsin.events.format import Row
    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath


_ITEMS = "EventData"


def reader(artefact: Artefact) -> BulkReader:
    """What its lines are."""
    return csv_reader(artefact, _finish, tail=_ITEMS, items=_ITEMS)


def parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    """Rows of one log; the items of EventData (``CMD``, ``URL``, ``EX``) are fields of their own."""
    return read_rows(stream, artefact, reader(artefact))


def recognise(head: bytes, _path: EvidencePath) -> bool:
    """Whether the log type is that of the ECP server log."""
    return log_type(head_text(head)) == "ecp server log"


def _finish(fields: dict[str, str], _build: str | None) -> str:
    add_items(fields, fields.get(_ITEMS, ""))
    return ""


SAMPLE = b"""\
\xef\xbb\xbf#Software: Microsoft Exchange Server\r
#Version: 15.0.0.0\r
#Log-type: ECP Server Log\r
#Date: 2021-03-02T21:00:00.000Z\r
#Fields: TimeStamp,ServerName,EventId,EventData\r
2021-03-02T21:10:04.511Z,MAIL01,ECP.Request,S:TIME=21;S:SID=3b0c1d2e-5f60-4718-92a3-b4c5d6e7f809;S:CMD=Get-InboxRule.ResultSize=10;S:REQID=;S:URL=/ecp/RulesEditor/InboxRules.svc/GetList?msExchEcpCanary=AbCdEf-0123.;S:REFERRER=https://mail.example.org/ecp/;S:EX=;S:ACTID=4c1d2e3f-6071-4829-a3b4-c5d6e7f8091a;S:RS=0;S:BLD=15.1.2106.2;S:TNAME=<null>\r
2021-03-02T21:12:40.020Z,MAIL01,ECP.Request,"S:TIME=187;S:SID=3b0c1d2e-5f60-4718-92a3-b4c5d6e7f809;'S:CMD=Set-OwaVirtualDirectory.ExternalUrl=''https://mail.example.org/owa''.Identity=''MAIL01\\owa (Default Web Site)''';S:URL=/ecp/DDI/DDIService.svc/SetObject?schema=OwaVirtualDirectory&msExchEcpCanary=AbCdEf-0123.;'S:EX=Example.InvalidException:The value ""a;b"" is not valid, try again.';S:ACTID=5d2e3f40-7182-493a-b4c5-d6e7f8091a2b;S:BLD=15.1.2106.2"\r
"""

FORMAT = Format(
    name="ecp_server",
    title="Exchange Control Panel server log",
    paths=("Logging/ECP/Server/*.log", "ECPServer*.log"),
    recognise=recognise,
    columns=(
        Column(name="host", source="ServerName"),
        Column(name="canary", source="URL", pattern=r"msExchEcpCanary=([^&#;\s]+)"),
        Column(name="activity_id", source="ACTID"),
        Column(name="session_id", source="SID"),
        Column(name="referer", source="REFERRER"),
        Column(name="url_path", source="URL", pattern=r"^(?:\w+://[^/]*)?([^?#]*)"),
        Column(name="url_query", source="URL", pattern=r"\?(.*)"),
        Column(name="cmdlet", source="CMD", pattern=r"(?:^|\|)([A-Za-z]+-[A-Za-z0-9]+)"),
        Column(
            name="parameters",
            source="CMD",
            pattern=r"^(?:[^|]*\|)?[A-Za-z]+-[A-Za-z0-9]+\.(.*)",
        ),
        Column(name="error", source="EX"),
        Column(name="duration_ms", source="TIME", type=ColumnType.INTEGER, unit="ms"),
        Column(name="build", source="BLD"),
    ),
    parse=parse,
    bulk=Bulk(reader=reader, separator=b",", items=_ITEMS, rewritten=(REWRITTEN,)),
    count=count_csv,
    unit=Unit.LINE,
    place=PlaceKind.LINE,
    log_sources=(LogSource(product="exchange", service="ecp-server"),),
    sample=SAMPLE,
    sample_path="C:/Program Files/Microsoft/Exchange Server/V15/Logging/ECP/Server/ECPServer20210302-1.LOG",
    reference=(
        "HELSE CERT, 2021-march-exchange (logs of victims, 2021); Qazeer, DFIR notes"
        " (artefacts.help, logs of January 2023). The #Version line says 15.0.0.0 whatever"
        " is installed; the build is in the item BLD."
    ),
)
