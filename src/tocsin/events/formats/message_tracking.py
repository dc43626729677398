"""Message tracking: every step of every message through the transport service."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.bulk import Bulk, Derived
from tocsin.events.exchange_csv import build_of, count_csv, csv_reader, header_names, log_type
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
    """What its lines are; subjects and names have letters of every language."""
    return csv_reader(artefact, _finish, beyond_ascii=True)


def parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    """Rows of one log; the field ``Build`` is added from ``schema-version`` or ``#Version``."""
    return read_rows(stream, artefact, reader(artefact))


def recognise(head: bytes, _path: EvidencePath) -> bool:
    """Whether the log type, or the columns, are those of message tracking."""
    text = head_text(head)
    return log_type(text) == "message tracking log" or header_names(text) >= {
        "internal-message-id",
        "recipient-address",
    }


def _finish(fields: dict[str, str], build: str | None) -> str:
    if own := build_of(fields.get("schema-version", "")) or build:
        fields["Build"] = own
    return ""


SAMPLE = b"""\
\xef\xbb\xbf#Software: Microsoft Exchange Server\r
#Version: 15.01.2106.002\r
#Log-type: Message Tracking Log\r
#Date: 2021-03-02T21:00:00.000Z\r
#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,internal-message-id,message-id,network-message-id,recipient-address,recipient-status,total-bytes,recipient-count,related-recipient-address,reference,message-subject,sender-address,return-path,message-info,directionality,tenant-id,original-client-ip,original-server-ip,custom-data,transport-traffic-type,log-id,schema-version\r
2021-03-02T21:02:29.450Z,192.0.2.44,MAIL01.example.org,192.0.2.10,MAIL01,"MDB:a1b2c3d4, Event:63779422, MessageClass:IPM.Note, ClientType:MOMT",,STOREDRIVER,RECEIVE,438,<4711@example.org>,b2c3d4e5-f607-4819-aa2b-3c4d5e6f7081,b.recipient@example.net;c.third@example.net,To,37502,2,,,"Minutes, ""final"" version",m.muster@example.org,m.muster@example.org,04I: ,Originating,,198.51.100.23,192.0.2.10,S:DeliveryPriority=Normal,Email,c3d4e5f6-0718-492a-bb3c-4d5e6f708192,15.01.2106.002\r
"""

FORMAT = Format(
    name="message_tracking",
    title="Message tracking log",
    paths=("TransportRoles/Logs/MessageTracking/*.log", "MSGTRK*.log"),
    recognise=recognise,
    columns=(
        Column(name="client_ip", source="client-ip", type=ColumnType.ADDRESS),
        Column(name="original_client_ip", source="original-client-ip", type=ColumnType.ADDRESS),
        Column(name="server_ip", source="server-ip", type=ColumnType.ADDRESS),
        Column(name="host", source="server-hostname"),
        Column(name="operation", source="event-id"),
        Column(name="message_id", source="message-id"),
        Column(name="subject", source="message-subject"),
        Column(name="sender", source="sender-address"),
        Column(name="recipients", source="recipient-address"),
        Column(name="message_bytes", source="total-bytes", type=ColumnType.INTEGER, unit="bytes"),
        Column(name="build", source="Build"),
    ),
    parse=parse,
    bulk=Bulk(
        reader=reader,
        separator=b",",
        derived={"Build": Derived(columns=("schema-version",))},
    ),
    count=count_csv,
    unit=Unit.LINE,
    place=PlaceKind.LINE,
    log_sources=(LogSource(product="exchange", service="message-tracking"),),
    sample=SAMPLE,
    sample_path="C:/Program Files/Microsoft/Exchange Server/V15/TransportRoles/Logs/MessageTracking/MSGTRKMS2021030221-1.LOG",
    reference=(
        "Microsoft's documentation of message tracking (fields of the log); Qazeer, DFIR notes"
        " (artefacts.help), logs of January 2023. Exchange 2013 ends at custom-data."
    ),
)
