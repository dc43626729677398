"""Any CSV file, with a mapping that says which column holds what: ``ip=Address,time=Seen``.

The delimiter is the one that the first line has most of. Columns that the mapping does not name
are kept under their own names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from tocsin.campaign import fields
from tocsin.campaign.feed import Feed, FeedContext
from tocsin.campaign.fields import FieldError, text
from tocsin.campaign.json_records import Damage
from tocsin.campaign.observation import (
    MAX_EXTRA,
    MAX_TEXT,
    Method,
    Observation,
    normal_address,
    seen_builds,
)
from tocsin.campaign.reading import Numbering, needs_host
from tocsin.campaign.table import header_of, records
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.campaign.observation import FeedRow

NAME = "csv"


def recognise(head: bytes, _name: str) -> bool:
    """Whether the first line could name columns; only a mapping tells what they hold."""
    names = header_of(head)
    return (
        len(names) > 1
        and len(set(names)) == len(names)
        and all(one.isprintable() and not set(one) & set('{}<>"') for one in names)
    )


def read(stream: BinaryIO, context: FeedContext) -> Iterator[FeedRow]:
    """One observation or problem for each record below the first, which is the header."""
    numbering = Numbering(NAME, context)
    layout: _Layout | None = None
    for cells in records(stream, context.file):
        if isinstance(cells, Damage):
            yield numbering.of_damage(cells)
        elif layout is None:
            layout = _Layout(cells, context)
        else:
            yield layout.row(cells, numbering)


class _Layout:
    """Where the header has what the mapping names."""

    def __init__(self, header: list[str], context: FeedContext) -> None:
        self._width = len(header)
        names = [cell.strip() for cell in header]
        place = {name.lower(): at for at, name in reversed(list(enumerate(names)))}
        self._at = {
            ours: place[theirs.lower()]
            for ours, theirs in context.mapping.items()
            if theirs.lower() in place
        }
        taken = set(self._at.values())
        self._extra = [(name, at) for at, name in enumerate(names) if at not in taken][:MAX_EXTRA]
        absent = [one for one in context.mapping.values() if one.lower() not in place]
        there = ", ".join(names)[:MAX_TEXT]
        self._missing = f"there is no column {', '.join(absent)}, but: {there}" if absent else ""

    def row(self, cells: list[str], numbering: Numbering) -> FeedRow:
        fits = len(cells) == self._width
        value = {ours: cells[at] for ours, at in self._at.items() if at < len(cells)}
        try:
            if self._missing:
                raise FieldError(ProblemCode.NO_HEADER, self._missing)
            if not fits:
                detail = f"{len(cells)} fields, and the header names {self._width}"
                raise FieldError(ProblemCode.FIELD_COUNT, detail)
            extra = tuple((name, cell) for name, at in self._extra if (cell := text(cells[at])))
            return _observed(value, extra, numbering)
        except FieldError as error:
            evidence = fields.web_shell_said(cells)
            ip = normal_address(value.get("ip", "").strip())
            return numbering.problem(error.code, error.detail, ip=ip, evidence=evidence)


def _observed(
    value: dict[str, str], extra: tuple[tuple[str, str], ...], numbering: Numbering
) -> Observation:
    ip = fields.address(value.get("ip"))
    hostname = text(value.get("hostname"))
    needs_host(ip, hostname)
    tags, evidence, claims = fields.tagged(value.get("tag", ""))
    version = text(value.get("build"))
    builds = seen_builds([(version, Method.FEED_VERSION)])
    when, port, asn = (value.get(name) for name in ("time", "port", "asn"))
    said = fields.time_of(when), fields.port(port), fields.asn(asn)
    if version and not builds:
        extra = (*extra, ("build", version))
    return Observation(
        **numbering.next(),
        time_utc=said[0],
        ip=ip,
        port=said[1],
        hostname=hostname,
        server_name=text(value.get("server_name")),
        asn=said[2],
        country=fields.country(value.get("country")),
        builds=builds,
        tags=tags,
        evidence=evidence,
        claims=claims,
        sector=text(value.get("sector")),
        extra=extra,
    )


_SAMPLE = """\
Address;Service port;Seen;Name;Exchange;Remark
192.0.2.80;443;2026-11-09 10:00:00;mail.example.org;15.2.1544.11;exchange
2001:db8::80;443;2026-11-09T10:00:01Z;;15.1.2507;exchange;webshell
198.51.100.80;;1794132002;owa.example.net;unknown;
"""

FEED = Feed(
    name=NAME,
    title="Any CSV file, with a mapping of its columns",
    unit="a record of the CSV file, its header not counted",
    recognise=recognise,
    read=read,
    sample=_SAMPLE.replace("exchange;webshell", '"exchange;webshell"').encode(),
    sample_name="scan.csv",
    sample_rows=3,
    reference="Tocsin, reference page of tocsin observe: there is no format to cite.",
    sample_mapping={
        "ip": "Address",
        "port": "Service port",
        "time": "Seen",
        "hostname": "Name",
        "build": "Exchange",
        "tag": "Remark",
    },
    needs_mapping=True,
)
