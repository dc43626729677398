"""The Exchange Control Panel's activity log: who asked for which address, and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.bulk import Bulk
from tocsin.events.composite import REWRITTEN, add_items
from tocsin.events.exchange_csv import count_csv, csv_reader, log_type
from tocsin.events.format import Column, Format, LogSource, Unit
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
    """Rows of one log; the items of EventData (``URL``, ``PSA``, ``Bld``) are fields."""
    return read_rows(stream, artefact, reader(artefact))


def recognise(head: bytes, _path: EvidencePath) -> bool:
    """Whether the log type is that of the ECP activity log."""
    return log_type(head_text(head)) == "ecp activity context log"


def _finish(fields: dict[str, str], _build: str | None) -> str:
    add_items(fields, fields.get(_ITEMS, ""))
    return ""


SAMPLE = b"""\
\xef\xbb\xbf#Software: Microsoft Exchange Server\r
#Version: 15.0.0.0\r
#Log-type: ECP Activity Context Log\r
#Date: 2021-03-02T21:00:00.000Z\r
#Fields: TimeStamp,ServerName,EventId,EventData\r
2021-03-02T21:02:12.021Z,MAIL01,Request,S:PSA=<PII>m.muster@example.org</PII>;S:URL=https://localhost:444/ecp/RulesEditor/InboxRules.svc/GetList?msExchEcpCanary=AbCdEf-0123.;S:Bld=15.1.2106.2;S:ActID=6e3f4051-8293-4a4b-85d6-e7f8091a2b3c;Dbl:MAPI.T[MAIL01]=3;I32:ADS.C[DC01]=1;F:ADS.AL[DC01]=1.692039\r
2021-03-02T21:07:12.020Z,MAIL01,GlobalActivity,S:Bld=15.1.2106.2;S:ActID=7f405162-93a4-4b5c-96e7-f8091a2b3c4d;Dbl:WLM.TS=600031\r
"""

FORMAT = Format(
    name="ecp_activity",
    title="Exchange Control Panel activity log",
    paths=("Logging/ECP/Activity/*.log", "ECPActivity*.log"),
    recognise=recognise,
    columns=(
        Column(name="host", source="ServerName"),
        Column(name="canary", source="URL", pattern=r"msExchEcpCanary=([^&#;\s]+)"),
        Column(name="activity_id", source="ActID"),
        Column(name="user", source="PSA", pattern=r"^(?:<PII>)?([^<]+)"),
        Column(name="operation", source="EventId"),
        Column(name="url_path", source="URL", pattern=r"^(?:\w+://[^/]*)?([^?#]*)"),
        Column(name="url_query", source="URL", pattern=r"\?(.*)"),
        Column(name="build", source="Bld"),
    ),
    parse=parse,
    bulk=Bulk(reader=reader, separator=b",", items=_ITEMS, rewritten=(REWRITTEN,)),
    count=count_csv,
    unit=Unit.LINE,
    place=PlaceKind.LINE,
    log_sources=(LogSource(product="exchange", service="ecp-activity"),),
    sample=SAMPLE,
    sample_path="C:/Program Files/Microsoft/Exchange Server/V15/Logging/ECP/Activity/ECPActivity_11500_20210302-1.LOG",
    reference=(
        "Qazeer, DFIR notes (artefacts.help), Exchange logs of January 2023; the tests of AWS's Kinesis"
        " Agent for Windows, for versions that call the first column MyTimeStamp."
    ),
)
