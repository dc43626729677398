"""Files that a web server runs: one event for each, with its place, hash and times."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.documents import evidence_time, file_fields, whole
from tocsin.events.format import Column, Format, LogSource, Row, Unit
from tocsin.events.lines import encoding_of
from tocsin.knowledge.frontend_files import frontend_files
from tocsin.model.event import Event, PlaceKind
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath

EXTENSIONS = (
    ".aspx",
    ".ashx",
    ".asmx",
    ".asax",
    ".asp",
    ".asa",
    ".svc",
    ".soap",
    ".rem",
    ".xamlx",
    ".cshtml",
    ".vbhtml",
    ".shtml",
    ".php",
    ".jsp",
    ".jspx",
)
"""Source: the handlers of IIS and ASP.NET that run a file's content; PHP and JSP where installed."""

_PLACES = (
    ("frontend", re.compile(r"/httpproxy/")),
    ("aspnet_client", re.compile(r"/aspnet_client/")),
    ("client_access", re.compile(r"/clientaccess/")),
    ("wwwroot", re.compile(r"/inetpub/wwwroot/")),
    ("inetpub", re.compile(r"/inetpub/")),
    ("program_data", re.compile(r"/programdata/")),
    ("users", re.compile(r"/users/")),
    ("recycle_bin", re.compile(r"/\$recycle\.bin/")),
    ("temp", re.compile(r"/windows/temp/|/temp/")),
    ("windows", re.compile(r"/windows/")),
)
_BLOCK_BYTES = 2**20
_SHOWN_BYTES = 4096
_SHOWN_CHARACTERS = 200
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\u00a0-\uffff]+")
# What runs must not lie in a report as it was: an anti-virus would take the report for it.
_DEFANGED = str.maketrans({"<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", "(": "\u2768"})


def _recognise(_: bytes, path: EvidencePath) -> bool:
    return path.extension in EXTENSIONS


def _parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    digest = hashlib.sha256()
    head = b""
    size = 0
    try:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
            head += block[: _SHOWN_BYTES - len(head)]
    except OSError as error:
        yield whole(artefact, ProblemCode.UNREADABLE, f"reading stopped at {size}: {error}")
        return
    yield _event(artefact, digest.hexdigest(), size, head)


def _event(artefact: Artefact, sha256: str, size: int, head: bytes) -> Event:
    path = artefact.path
    fields = file_fields(artefact)
    fields["Extension"] = path.extension
    fields["SizeBytes"] = str(size)
    fields["SHA256"] = sha256
    fields["Place"] = place_of(path)
    if allowed := frontend_files().judge(path.server, sha256):
        fields["Allowed"] = allowed.value
    return Event(
        time=evidence_time(artefact),
        place=0,
        fields={name: value for name, value in fields.items() if value},
        text=f"{path.server}, {size} bytes, SHA-256 {sha256}, begins: {_shown(head)}",
        stream="",
    )


def place_of(path: EvidencePath) -> str:
    """Which kind of folder a web file lies in; ``other`` for one where no page belongs."""
    folded = f"/{path.folded}"
    return next((name for name, pattern in _PLACES if pattern.search(folded)), "other")


def _shown(head: bytes) -> str:
    """The beginning of the content, to be read by people: printable, and not to be run."""
    encoding = encoding_of(head)
    text = head.decode(encoding, "replace").removeprefix("\ufeff")
    text = _UNPRINTABLE.sub(" ", text).strip()
    return text[:_SHOWN_CHARACTERS].translate(_DEFANGED)


FORMAT = Format(
    name="web_file",
    title="Files that the web server runs",
    paths=tuple(f"**/*{extension}" for extension in EXTENSIONS),
    recognise=_recognise,
    columns=(
        Column(name="file_path", source="FilePath"),
        Column(name="sha256", source="SHA256"),
    ),
    parse=_parse,
    count=lambda _: 1,
    unit=Unit.DOCUMENT,
    place=PlaceKind.OFFSET,
    log_sources=(LogSource(product="exchange", service="web-file"),),
    sample=b'<%@ Page Language="C#" %>\r\n<html><body>Sample</body></html>\r\n',
    sample_path="C:/inetpub/wwwroot/aspnet_client/sample.aspx",
    reference=(
        "Which pages Exchange ships: data/exchange/legit_frontend_files.json, from the baselines "
        "in the history of microsoft/CSS-Exchange."
    ),
)
