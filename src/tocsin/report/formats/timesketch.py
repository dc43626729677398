"""The cited rows and the timeline as JSON Lines for Timesketch: one event for each row.

Source: Timesketch, "Import from JSON/CSV" (the fields `message`, `datetime`, `timestamp_desc`),
and its importer (`timestamp` in microseconds; `tag` as a list).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tocsin.knowledge.attack import techniques
from tocsin.report.choices import UNDECIDED, Choices
from tocsin.report.format import Report
from tocsin.report.jsontext import line
from tocsin.report.traces import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tocsin.model.result import Citation, Finding, HostResult, Result, TimelineEntry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CONTENT = "content"
_MICROSECOND = timedelta(microseconds=1)

Row = tuple[str, str, int | None, int | None, int | None, datetime]
"""Which row: server, artefact, its place in one of three ways, and its time."""


def render(result: Result, _choices: Choices = UNDECIDED) -> bytes:
    """Print one line for each row that a finding or lead cites, and for each other moment.

    A row that several findings cite is one event that names all of them. Rows without a time are
    left out, since Timesketch has no place for them. Lines are in order of time.
    """
    events = [event for host in result.hosts for event in _events(host)]
    events.sort(key=lambda event: event["timestamp"])
    return b"".join(line(event) for event in events)


def _events(host: HostResult) -> list[dict[str, Any]]:
    sources: dict[tuple[str | None, datetime], set[str]] = {}
    for entry in host.timeline:
        sources.setdefault((entry.finding, entry.time), set()).add(entry.source)
    cited: dict[Row, list[tuple[str, Finding, Citation]]] = {}
    for kind, findings in (("finding", host.findings), ("lead", host.leads)):
        for finding in findings:
            for citation in finding.citations:
                if citation.time is not None:
                    row = _row(host, citation, citation.time)
                    cited.setdefault(row, []).append((kind, finding, citation))
    told = {(finding.id, c.time) for rows in cited.values() for _, finding, c in rows}
    return [
        *(_cited(host, row, told_by, sources) for row, told_by in cited.items()),
        *(_moment(host, e) for e in host.timeline if (e.finding, e.time) not in told),
    ]


def _row(host: HostResult, citation: Citation, time: datetime) -> Row:
    places = (citation.line, citation.record, citation.offset)
    return (host.name, citation.artefact, *places, time)


def _cited(
    host: HostResult,
    row: Row,
    told_by: list[tuple[str, Finding, Citation]],
    sources: dict[tuple[str | None, datetime], set[str]],
) -> dict[str, Any]:
    _, artefact, number, record, offset, time = row
    gravest = max((finding for _, finding, _ in told_by), key=lambda one: one.grade.rank)
    citation = told_by[0][2]
    rules = _once(c.rule for _, _, c in told_by)
    kinds = {source for _, finding, _ in told_by for source in sources.get((finding.id, time), ())}
    places = {"line": number, "record": record, "offset": offset}
    return {
        **_when(time, citation.time_from),
        "message": f"[{', '.join(rules)}] {shown(citation.text)}",
        "server": shown(host.name),
        "source": shown(next(iter(kinds))) if len(kinds) == 1 else "",
        "finding": _once(finding.id for _, finding, _ in told_by),
        "title": _once(finding.title for _, finding, _ in told_by),
        "rule": rules,
        "grade": gravest.grade.value,
        "severity": gravest.severity.value,
        "confidence": gravest.confidence.value,
        "artefact": shown(artefact),
        **{name: place for name, place in places.items() if place is not None},
        "tag": _tags(told_by, gravest),
    }


def _moment(host: HostResult, entry: TimelineEntry) -> dict[str, Any]:
    return {
        **_when(entry.time, _CONTENT),
        "message": shown(entry.summary),
        "server": shown(host.name),
        "source": shown(entry.source),
        "finding": [shown(entry.finding)] if entry.finding is not None else [],
        "tag": ["tocsin", "context"],
    }


def _tags(told_by: Iterable[tuple[str, Finding, Citation]], gravest: Finding) -> list[str]:
    kinds = sorted({kind for kind, _, _ in told_by})
    named = techniques(one for _, finding, _ in told_by for one in finding.attack)
    return ["tocsin", *kinds, gravest.grade.value, *(technique.id for technique in named)]


def _when(time: datetime, time_from: str) -> dict[str, Any]:
    said = "Row logged" if time_from == _CONTENT else f"File time ({shown(time_from, 40)})"
    return {
        "datetime": time.isoformat(timespec="microseconds"),
        "timestamp": (time - _EPOCH) // _MICROSECOND,
        "timestamp_desc": said,
    }


def _once(texts: Iterable[str]) -> list[str]:
    return [shown(text, 400) for text in dict.fromkeys(texts)]


REPORT = Report(
    name="timesketch",
    title="The cited rows as a timeline for Timesketch, in JSON Lines",
    extension="timesketch.jsonl",
    media_type="application/jsonl",
    render=render,
)
