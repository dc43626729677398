"""Shadowserver's reports as CSV: Exchange scans, special reports and compromised web sites.

The header decides what a column is, never its place: Shadowserver moves and adds columns. The
layouts of 2021 (with ``sic``) and of today (with ``severity``) are read alike.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO

from tocsin.campaign.feed import Feed, FeedContext
from tocsin.campaign.fields import (
    FieldError,
    address,
    asn,
    country,
    moment,
    port,
    says_exchange,
    tagged,
    tagged_exchange,
    web_shell_said,
)
from tocsin.campaign.json_records import Damage
from tocsin.campaign.observation import (
    MAX_EXTRA,
    MAX_TEXT,
    FeedProblem,
    Method,
    Observation,
    SeenBuild,
    normal_address,
    seen_builds,
)
from tocsin.campaign.reading import Numbering
from tocsin.campaign.table import header_of, records
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tocsin.campaign.observation import FeedRow

NAME = "shadowserver"
_ALWAYS = frozenset({"timestamp", "ip", "asn", "geo"})
"""Columns that every report has, in every layout."""
_EXCHANGE_ONLY = frozenset({"servername", "version"})
"""Columns that only the scans for Exchange have together."""
_OURS = frozenset(
    {"timestamp", "ip", "port", "hostname", "tag", "asn", "geo", "sector", "servername"}
)
_ZERO_IS_MISSING = frozenset({"naics", "sic", "port"})
_SIGNS = frozenset(
    {"tag", "detail", "category", "family", "application", "system", "status", "url", "infection"}
)
"""Columns that may speak of a web shell or of Exchange in the reports that are not for it alone."""
_REMEMBERED = 2**14
_DIGITS = frozenset("0123456789")
_NAME = re.compile(r"[\w .-]*", re.ASCII)


def recognise(head: bytes, _name: str) -> bool:
    """Whether the first line names the columns that all reports have."""
    return set(_header(header_of(head, ","))) >= _ALWAYS


def read(stream: BinaryIO, context: FeedContext) -> Iterator[FeedRow]:
    """One observation or problem for each record below a header."""
    numbering = Numbering(NAME, context)
    layout: _Layout | None = None
    for cells in records(stream, context.file, ","):
        if isinstance(cells, Damage):
            yield numbering.of_damage(cells)
        elif layout is not None and not layout.is_odd(cells):
            numbering.row += 1
            yield layout.row(cells, numbering.row)
        elif _is_header(cells):
            layout = _Layout(_header(cells), context)
            if not all(map(_NAME.fullmatch, cells)):
                detail = "a header holds what is no name of a column: a line may lie within it"
                yield numbering.problem(
                    ProblemCode.NO_HEADER, detail, evidence=web_shell_said(cells)
                )
        elif layout is not None:
            numbering.row += 1
            yield layout.row(cells, numbering.row)
        else:
            detail = "no header names its columns: is this a report of Shadowserver?"
            yield numbering.problem(ProblemCode.NO_HEADER, detail, evidence=web_shell_said(cells))


def _header(cells: Sequence[str]) -> list[str]:
    return [cell.strip().lower() for cell in cells]


def _is_header(cells: list[str]) -> bool:
    """Reports are glued together; each brings its header along."""
    return set(_header(cells)) >= _ALWAYS


class _Layout:
    """The columns of one header, and how a row below it is read."""

    def __init__(self, header: list[str], context: FeedContext) -> None:
        self._context = context
        self._width = len(header)
        place = {name: at for at, name in reversed(list(enumerate(header)))}
        nowhere = self._width
        self._time = place["timestamp"]
        self._ip = place["ip"]
        self._port = place.get("port", nowhere)
        self._hostname = place.get("hostname", nowhere)
        self._tag = place.get("tag", nowhere)
        self._asn = place["asn"]
        self._geo = place["geo"]
        self._sector = place.get("sector", nowhere)
        self._server = place.get("servername", nowhere)
        self._http_host = place.get("http_host", nowhere)
        self._is_exchange = place.keys() >= _EXCHANGE_ONLY
        self._version = place["version"] if self._is_exchange else nowhere
        ours = _OURS | ({"version"} if self._is_exchange else set())
        self._extra = [
            (name, at, name in _ZERO_IS_MISSING)
            for at, name in enumerate(header)
            if name not in ours or place[name] != at
        ][:MAX_EXTRA]
        self._signs = [place[name] for name in sorted(_SIGNS & place.keys())]
        self._looks_around = not self._is_exchange
        if "tag" not in place:
            self._looks_around, self._signs = True, list(place.values())

    def is_odd(self, cells: list[str]) -> bool:
        """Whether it could be a header: its time does not begin like one."""
        return len(cells) <= self._time or cells[self._time][:1] not in _DIGITS

    def row(self, cells: list[str], row: int) -> FeedRow:
        if len(cells) != self._width and any(cells[self._width :]) | (len(cells) < self._width):
            detail = f"{len(cells)} fields, and the header names {self._width}"
            return self._problem(cells, row, ProblemCode.FIELD_COUNT, detail)
        cells[self._width :] = [""]  # what a column that is not there says
        try:
            return self._observation(cells, row)
        except FieldError as error:
            return self._problem(cells, row, error.code, error.detail)

    def _observation(self, cells: list[str], row: int) -> Observation:
        ip = address(cells[self._ip])
        if ip is None:
            raise FieldError(ProblemCode.BAD_VALUE, "it names no IP address")
        when = cells[self._time].strip()
        tags, evidence, claims = _tagged(cells[self._tag])
        about = self._is_exchange
        if self._looks_around:
            signs = [cells[at] for at in self._signs]
            about = about or tagged_exchange(tags) or says_exchange(signs)
            evidence = evidence or web_shell_said(signs)
        builds = _versioned(cells[self._version])
        http_host = cells[self._http_host].strip()[:MAX_TEXT]
        return Observation(
            feed=NAME,
            file=self._context.file,
            file_sha256=self._context.sha256,
            row=row,
            time_utc=moment(when) if when else None,
            ip=ip,
            port=_port(cells[self._port]),
            hostname=cells[self._hostname].strip()[:MAX_TEXT] or None,
            server_name=cells[self._server].strip()[:MAX_TEXT] or None,
            names=(http_host,) if http_host else (),
            asn=_asn(cells[self._asn]),
            country=_country(cells[self._geo]),
            builds=builds,
            about_exchange=about,
            tags=tags,
            evidence=evidence,
            claims=claims,
            sector=cells[self._sector].strip()[:MAX_TEXT] or None,
            extra=self._further(cells, has_build=bool(builds)),
        )

    def _further(self, cells: list[str], *, has_build: bool) -> tuple[tuple[str, str], ...]:
        found = [
            (name, text[:MAX_TEXT])
            for name, at, zero_is_missing in self._extra
            if (text := cells[at]) and not (zero_is_missing and text == "0")
        ]
        if not has_build and (version := cells[self._version].strip()):
            found.append(("version", version[:MAX_TEXT]))
        return tuple(found)

    def _problem(self, cells: list[str], row: int, code: ProblemCode, detail: str) -> FeedProblem:
        ip = normal_address(cells[self._ip].strip()) if self._ip < len(cells) else None
        return FeedProblem(
            feed=NAME,
            file=self._context.file,
            file_sha256=self._context.sha256,
            row=row,
            code=code,
            detail=detail,
            ip=ip,
            evidence=web_shell_said(cells),
        )


# The same few values stand in all rows.
_tagged = lru_cache(maxsize=_REMEMBERED)(tagged)
_port = lru_cache(maxsize=_REMEMBERED)(port)
_asn = lru_cache(maxsize=_REMEMBERED)(asn)
_country = lru_cache(maxsize=_REMEMBERED)(country)


@lru_cache(maxsize=_REMEMBERED)
def _versioned(cell: str) -> tuple[SeenBuild, ...]:
    return seen_builds([(cell, Method.FEED_VERSION)])


_SAMPLE = """\
"timestamp","severity","ip","protocol","port","hostname","tag","asn","geo","region","city","naics","hostname_source","sector","version","servername","url"
"2026-03-24 00:11:30","critical","192.0.2.10","tcp",443,"mail.example.org","exchange;cve-2021-26855",64496,"DE","BAYERN","NUERNBERG",518210,"ptr","Health Care and Social Assistance","15.2.721","EXCH01",
"2026-03-24 00:11:31","critical","198.51.100.7","tcp",443,"host-7.isp.example.net","exchange;webshell",64497,"FR",,"PARIS",0,"ptr",,"15.1.2176","MAIL02",
"2026-03-24 00:11:32","critical","2001:db8::25","tcp",443,,"exchange",0,"NL",,,,,,,"EXCH03",
"""

FEED = Feed(
    name=NAME,
    title="Shadowserver reports (scan_exchange, scan6_exchange, special, compromised_website)",
    unit="a record of the CSV file, its header not counted",
    recognise=recognise,
    read=read,
    sample=_SAMPLE.encode(),
    sample_name="2026-03-24-scan_exchange-example-geo.csv",
    sample_rows=3,
    reference="The Shadowserver Foundation, report_schema (reports.json, upcoming-changes.md, "
    "severity.md), as of 2026-03-24, for the columns; certtools, IntelMQ's test data of 2021-05-14 "
    "for the layout before.",
)
