"""What ASP.NET leaves behind when it compiles a page: proof that the page was run.

``*.compiled`` names the page by its virtual path and stays when the page is deleted; the library
beside it (``App_Web_*.dll``) holds the page's code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from tocsin.events.documents import evidence_time, file_fields, read_document, whole
from tocsin.events.format import Column, Format, LogSource, Row, Unit
from tocsin.events.xml_tree import Node, read_xml, root_name
from tocsin.model.event import Event, PlaceKind
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.model.artefact import Artefact
    from tocsin.model.path import EvidencePath

_LIMIT = 2**20
_PAGE_IN_NAME = re.compile(r"^(?P<page>.+)\.[0-9a-f]{1,16}\.compiled$", re.IGNORECASE)
_LIBRARY = re.compile(r"^(?P<assembly>App_Web_[\w.-]+)\.dll$", re.IGNORECASE)


def _recognise(head: bytes, path: EvidencePath) -> bool:
    if _LIBRARY.match(path.name):
        return head.startswith(b"MZ")
    return root_name(head) == "preserve"


def _parse(stream: BinaryIO, artefact: Artefact) -> Iterator[Row]:
    data, problem = read_document(stream, artefact, _LIMIT)
    library = _LIBRARY.match(artefact.path.name)
    if library and data.startswith(b"MZ"):
        # Only its existence counts here, so its size does not matter.
        yield _event(artefact, {"Assembly": library["assembly"]}, artefact.path.name)
        if problem and problem.code is ProblemCode.UNREADABLE:
            yield problem
        return
    tree = read_xml(data)
    if tree.root is not None and tree.root.name == "preserve":
        yield _compiled(artefact, tree.root)
    elif not problem and not tree.error:
        yield whole(artefact, ProblemCode.BAD_DOCUMENT, "no <preserve> element")
    if problem:
        yield problem
    elif tree.error:
        yield whole(artefact, ProblemCode.BAD_DOCUMENT, tree.error, tree.line)


def _compiled(artefact: Artefact, preserve: Node) -> Event:
    attributes = preserve.attributes
    fields = {
        "VirtualPath": attributes.get("virtualPath", ""),
        "Assembly": attributes.get("assembly", ""),
        "Type": attributes.get("type", ""),
        "ResultType": attributes.get("resultType", ""),
        "FileDependencies": "\n".join(
            node.attributes.get("name", "") for node in preserve.all("filedeps", "filedep")
        ),
    }
    if found := _PAGE_IN_NAME.match(artefact.path.name):
        fields["PageName"] = found["page"]
    shown = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return _event(artefact, fields, f"<preserve {shown}>")


def _event(artefact: Artefact, fields: dict[str, str], text: str) -> Event:
    named = {**file_fields(artefact), **fields}
    return Event(
        time=evidence_time(artefact),
        place=0,
        fields={name: value for name, value in named.items() if value not in {"", "-"}},
        text=text,
    )


FORMAT = Format(
    name="compiled",
    title="Temporary ASP.NET files: pages that were compiled and run",
    paths=(
        "Temporary ASP.NET Files/**/*.compiled",
        "Temporary ASP.NET Files/**/App_Web_*.dll",
    ),
    recognise=_recognise,
    columns=(
        Column(name="file_path", source="FilePath"),
        Column(name="url_path", source="VirtualPath"),
    ),
    parse=_parse,
    count=lambda _: 1,
    unit=Unit.DOCUMENT,
    place=PlaceKind.OFFSET,
    log_sources=(LogSource(product="exchange", service="compiled"),),
    sample=(
        b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\r\n'
        b'<preserve resultType="3" virtualPath="/owa/auth/sample.aspx" hash="61c1a3f7" '
        b'filehash="ffffd1d1a5d8a3b1" flags="110000" assembly="App_Web_k2x5q0ab" '
        b'type="ASP.auth_sample_aspx">\r\n'
        b"    <filedeps>\r\n"
        b'        <filedep name="/owa/auth/sample.aspx" />\r\n'
        b"    </filedeps>\r\n"
        b"</preserve>\r\n"
    ),
    sample_path=(
        "C:/Windows/Microsoft.NET/Framework64/v4.0.30319/Temporary ASP.NET Files/owa/"
        "8e05b027/e164d61b/sample.aspx.f5dba9b9.compiled"
    ),
    reference=(
        "ASP.NET's build results (System.Web.Compilation), as the names of such files in OTRF "
        "Security-Datasets' ProxyLogon recording show them."
    ),
)
