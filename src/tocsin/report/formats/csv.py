"""The findings as a table: one line for each cited row, for spreadsheets and for joining."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from tocsin.report.cells import harmless
from tocsin.report.choices import UNDECIDED, Choices
from tocsin.report.format import Report
from tocsin.report.summary import worst_first

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tocsin.model.result import Citation, Finding, HostResult, Result

COLUMNS = (
    *("server", "kind", "finding", "title", "grade", "severity", "confidence", "cves", "attack"),
    *("clients", "first_seen", "last_seen"),
    *("artefact", "line", "record", "offset", "time", "time_from", "rule", "text"),
)


def render(result: Result, _choices: Choices = UNDECIDED) -> bytes:
    """Print all findings and leads as CSV in UTF-8 with CRLF (RFC 4180).

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for host in result.hosts:
        writer.writerows(
            [*about, *(harmless(cell) for cell in cited)]
            for about, citations in _findings(host)
            for cited in citations
        )
    return stream.getvalue().encode("utf-8")


def _findings(host: HostResult) -> Iterator[tuple[list[str], Iterator[list[str]]]]:
    for kind, findings in (("finding", host.findings), ("lead", host.leads)):
        for finding in worst_first(findings):
            about = [harmless(cell) for cell in (host.name, kind, *_about(finding))]
            yield about, (_cited(citation) for citation in finding.citations)


def _about(finding: Finding) -> list[str]:
    return [
        finding.id,
        finding.title,
        finding.grade,
        finding.severity,
        finding.confidence,
        " ".join(finding.cves),
        " ".join(finding.attack),
        " ".join(finding.clients),
        _time(finding.first_seen),
        _time(finding.last_seen),
    ]


def _cited(citation: Citation) -> list[str]:
    places = (citation.line, citation.record, citation.offset)
    return [
        citation.artefact,
        *("" if place is None else str(place) for place in places),
        _time(citation.time),
        citation.time_from,
        citation.rule,
        citation.text,
    ]


def _time(time: datetime | None) -> str:
    return time.isoformat().replace("+00:00", "Z") if time is not None else ""


REPORT = Report(
    name="csv",
    title="Findings as a table, one line for each cited row",
    extension="csv",
    media_type="text/csv; charset=utf-8",
    render=render,
)
