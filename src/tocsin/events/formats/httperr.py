"""HTTPERR: requests that HTTP.sys refused or lost before IIS saw them."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.bulk import Bulk
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


def reader(artefact: Artefact) -> BulkReader:
    """What its lines are."""
    return w3c_reader(artefact, _finish)


def _finish(_fields: dict[str, str]) -> str:
    return ""


def parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    """Rows of one log."""
    return read_rows(stream, artefact, reader(artefact))


def recognise(head: bytes, _path: EvidencePath) -> bool:
    """Whether the columns, or the name of the software, are those of HTTP.sys."""
    text = head_text(head)
    return "s-reason" in field_names(text) or "#Software: Microsoft HTTP API" in text


SAMPLE = b"""\
#Software: Microsoft HTTP API 2.0\r
#Version: 1.0\r
#Date: 2021-03-02 20:11:02\r
#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason s-queuename\r
2021-03-02 20:11:02 198.51.100.23 50123 192.0.2.10 443 HTTP/1.1 GET /owa/?a=%00 - 400 1 URL -\r
2021-03-02 20:13:31 198.51.100.23 50188 192.0.2.10 443 - - - - - - Timer_ConnectionIdle -\r
"""

FORMAT = Format(
    name="httperr",
    title="HTTP.sys error log",
    paths=("System32/LogFiles/HTTPERR/*.log", "HTTPERR/*.log", "httperr*.log"),
    recognise=recognise,
    columns=(
        Column(name="client_ip", source="c-ip", type=ColumnType.ADDRESS),
        Column(name="server_ip", source="s-ip", type=ColumnType.ADDRESS),
        Column(name="method", source="cs-method"),
        Column(name="url_path", source="cs-uri", pattern=r"^([^?]*)"),
        Column(name="url_query", source="cs-uri", pattern=r"\?(.*)"),
        Column(name="status", source="sc-status", type=ColumnType.INTEGER),
        Column(name="error", source="s-reason"),
    ),
    parse=parse,
    bulk=Bulk(reader=reader, separator=b" "),
    count=count_data_lines,
    unit=Unit.LINE,
    place=PlaceKind.LINE,
    log_sources=(LogSource(product="windows", service="httperr"),),
    sample=SAMPLE,
    sample_path="C:/Windows/System32/LogFiles/HTTPERR/httperr1.log",
    reference="Microsoft's documentation of error logging in the HTTP API. Times are UTC.",
)
