"""The log of the offline address book's generator, which names temporary files it could not clear."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.bulk import Bulk, Derived
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


def reader(artefact: Artefact) -> BulkReader:
    """What its lines are. One that does not fit the header has the whole line as ``message``."""
    return csv_reader(artefact, _finish, tail="message", loose=True)


def parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    """Rows of one log; the field ``Build`` is added from the ``#Version`` line."""
    return read_rows(stream, artefact, reader(artefact))


def recognise(head: bytes, path: EvidencePath) -> bool:
    """Whether the log type is the generator's, or a text lies in its folder."""
    text = head_text(head)
    if kind := log_type(text):
        return kind == "oab generator log"
    in_folder = "/oabgeneratorlog/" in path.folded or "/oabgeneratorsimplelog/" in path.folded
    return in_folder and "\0" not in text and bool(text.strip())


def _finish(fields: dict[str, str], build: str | None) -> str:
    if build:
        fields["Build"] = build
    return ""


SAMPLE = b"""\
\xef\xbb\xbf#Software: Microsoft Exchange Server\r
#Version: 15.01.2106.002\r
#Log-type: OAB Generator Log\r
#Date: 2021-03-02T21:00:00.000Z\r
#Fields: timestamp,recordType,traceId,oabGuid,addressListGuid,message\r
2021-03-02T21:00:00.013Z,DebugTrace,7,00000000-0000-0000-0000-000000000000,00000000-0000-0000-0000-000000000000,"Generation started, 2 address lists"\r
2021-03-02T21:00:04.870Z,WarningTrace,7,3a4b5c6d-7e8f-4091-a2b3-c4d5e6f70819,00000000-0000-0000-0000-000000000000,Download failed and temporary file 'C:\\Program Files\\Microsoft\\Exchange Server\\V15\\ClientAccess\\OAB\\Temp\\a1b2.lzx' needs to be removed\r
"""

FORMAT = Format(
    name="oab_generator",
    title="Offline address book generator log",
    paths=("Logging/OABGeneratorLog/**/*", "Logging/OABGeneratorSimpleLog/**/*", "oabgen*.log"),
    recognise=recognise,
    columns=(
        Column(
            name="file_path",
            source="message",
            pattern=r"temporary file '?(.{1,300}?)'? needs to be removed",
        ),
        Column(name="build", source="Build"),
    ),
    parse=parse,
    bulk=Bulk(
        reader=reader,
        separator=b",",
        # The build stands above the rows: any column that says the same again and again will do.
        derived={"Build": Derived(columns=("recordType",))},
    ),
    count=count_csv,
    unit=Unit.LINE,
    place=PlaceKind.LINE,
    log_sources=(LogSource(product="exchange", service="oab-generator"),),
    sample=SAMPLE,
    sample_path="C:/Program Files/Microsoft/Exchange Server/V15/Logging/OABGeneratorLog/oabgen20210302-1.LOG",
    reference=(
        "microsoft/CSS-Exchange, Security/src/Test-ProxyLogon.ps1 (2021), for the place and the"
        " message about a temporary file. No public log with a header is known; the"
        " columns are those that the product's own logging code names, so other lines are read as"
        " plain text."
    ),
)
