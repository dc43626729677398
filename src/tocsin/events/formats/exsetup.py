"""``ExSetup.exe`` as it lies on the server: its file version is the build that is installed.

It is the one file whose version every cumulative and security update moves. What the registry,
`Get-ExchangeServer` and the logs say may lag behind.

Its modification time is when Microsoft built it, and a creation time may be inherited from the
file it replaced. So the event's time is when the file was last *changed* (its file record, from
the file table or the collector): at that moment at the latest this content was in place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.documents import file_fields, read_document, whole
from tocsin.events.format import Column, Format, LogSource, Row, Unit
from tocsin.events.version_resource import NoVersionError, file_version
from tocsin.events.version_writer import write_versioned
from tocsin.model.artefact import TimeKind
from tocsin.model.event import Event, PlaceKind
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath

_NAME = "exsetup.exe"
_NOT_INSTALLED = re.compile(
    r"/(?:serverroles|exchangesetup|\$recycle\.bin|\$patchcache\$|windows\.old|temp)/"
)
"""Folders where the file is a copy: on the medium, unpacked by set-up, or kept from before."""


def _recognise(head: bytes, path: EvidencePath) -> bool:
    return path.name.lower() == _NAME and head.startswith(b"MZ")


def _parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    data, problem = read_document(stream, artefact)
    if problem and problem.code is not ProblemCode.TOO_LARGE:
        yield problem
        return
    try:
        version = file_version(data)
    except NoVersionError as error:
        yield problem or whole(artefact, ProblemCode.BAD_DOCUMENT, f"no file version: {error}")
        return
    fields = {
        **file_fields(artefact),
        "FileVersion": version.file,
        "ProductVersion": version.product,
    }
    if _NOT_INSTALLED.search(f"/{artefact.path.folded}"):
        fields["Place"] = "copy"
    else:
        fields["Place"] = "installed"
        fields["Build"] = version.file
    yield Event(
        time=_in_place(artefact),
        place=0,
        fields={name: value for name, value in fields.items() if value not in {"", "-"}},
        text=f"{artefact.path.server}: file version {version.file}, product {version.product}",
    )


def _in_place(artefact: Artefact) -> datetime | None:
    """When this content was in place at the latest, UTC; None where nobody reliable says so."""
    times = [
        time.value for time in artefact.times if time.kind is TimeKind.CHANGED and time.is_evidence
    ]
    return max(times, default=None)


FORMAT = Format(
    name="exsetup",
    title="ExSetup.exe: the installed build",
    paths=("Bin/ExSetup.exe", "**/ExSetup.exe"),
    recognise=_recognise,
    columns=(
        Column(name="file_path", source="FilePath"),
        Column(name="build", source="Build"),
    ),
    parse=_parse,
    count=lambda _: 1,
    unit=Unit.DOCUMENT,
    place=PlaceKind.OFFSET,
    log_sources=(LogSource(product="exchange", service="exsetup"),),
    sample=write_versioned("15.1.2106.13"),
    sample_path="C:/Program Files/Microsoft/Exchange Server/V15/Bin/ExSetup.exe",
    reference=(
        "That its file version is the installed build: Microsoft Learn, build numbers and release"
        " dates; that other places lag behind: issues 396, 406 and 603 of microsoft/CSS-Exchange."
    ),
)
