"""The result as one MISP event: what may be searched for is marked so, and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid5

from tocsin.knowledge.attack import techniques
from tocsin.model.grade import Level
from tocsin.report import summary, words
from tocsin.report.misp.attributes import (
    FILE,
    OURS,
    PROCESS,
    Said,
    Thing,
    attribute,
    seconds,
    thing,
)
from tocsin.report.traces import (
    as_of,
    clients,
    planted_files,
    planted_pages,
    processes,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.model.result import Citation, Finding, HostResult, Result
    from tocsin.report.choices import Tlp
    from tocsin.report.traces import Client, PlantedFile, Process

_ROWS = 40
"""Rows that the text of a finding quotes; ``report.json`` holds all."""
_TEXT_CHARACTERS = 60_000
"""MISP keeps a value of up to 65,535 bytes."""
_NAME_CHARACTERS = 200
_OWN_ORGANISATION = "0"
_FIRST_LOOK = "0"
"""The state of the analysis: nobody has confirmed yet what a program found."""
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_THREATS: dict[Level, str] = {
    Level.COMPROMISED: "1",
    Level.EXPLOITED: "1",
    Level.INCONCLUSIVE: "4",
    Level.ATTEMPTED: "3",
    Level.PROBED: "3",
    Level.NO_EVIDENCE_FOUND: "4",
}
"""Threat level: 1 high, 2 medium, 3 low, 4 undefined."""


def event_of(result: Result, tlp: Tlp) -> Thing:
    """The event, for its maker's organisation only until somebody decides otherwise."""
    worst = summary.worst(result)
    info = f"Exchange: {words.LEVEL_NAMES[worst].lower()} ({_names(result)}), found by Tocsin"
    last = _last(result)
    own = str(uuid5(OURS, _evidence(result)))
    attributes: dict[tuple[str, str, str], Thing] = {}
    objects: dict[str, Thing] = {}
    for host in result.hosts:
        for one in _attributes(own, host):
            _keep(attributes, one)
        for one in _objects(own, host):
            objects.setdefault(one["uuid"], one)
    return {
        "uuid": own,
        "info": info,
        "date": max(_first(result), _EARLIEST).date().isoformat(),
        "timestamp": seconds(last),
        "threat_level_id": _THREATS[worst],
        "analysis": _FIRST_LOOK,
        "distribution": _OWN_ORGANISATION,
        "published": False,
        "Tag": [{"name": name} for name in _tags(result, tlp)],
        "Attribute": list(attributes.values()),
        "Object": list(objects.values()),
    }


def _keep(attributes: dict[tuple[str, str, str], Thing], one: Thing) -> None:
    """Keep one of each value, as MISP does: two servers may name the same address."""
    key = (one["category"], one["type"], one["value"])
    kept = attributes.setdefault(key, one)
    if kept is not one:
        kept["to_ids"] = kept["to_ids"] or one["to_ids"]
        kept["comment"] = shown(f"{kept['comment']}; {one['comment']}", 1_000)


def _attributes(event: str, host: HostResult) -> Iterator[Thing]:
    name = shown(host.name, _NAME_CHARACTERS)
    verdict = Said(comment=f"{words.headline(host.verdict)}. {words.meaning(host.verdict)}")
    yield attribute(event, "target-machine", "Targeting data", name or "(no name)", verdict)
    for client in clients(host):
        said = _said_of_client(name, client)
        yield attribute(
            event,
            "ip-src",
            "Network activity",
            client.address,
            said,
            correlate=not client.internal,
        )
    for page, finding in planted_pages(host):
        said = _said(f"{name}: page of a web shell: {finding.title}", finding)
        yield attribute(event, "uri", "Network activity", shown(page), said)
    flaws = dict.fromkeys(cve for one in host.findings for cve in one.cves if _CVE.fullmatch(cve))
    for cve in flaws:
        yield attribute(event, "vulnerability", "External analysis", cve, Said(comment=name))
    for kind, findings in (("finding", host.findings), ("lead", host.leads)):
        for finding in summary.worst_first(findings):
            said = _said(f"{name}: {kind} {finding.id}, {finding.severity}", finding)
            yield attribute(
                event, "text", "External analysis", _text(name, finding), said, correlate=False
            )


def _objects(event: str, host: HostResult) -> Iterator[Thing]:
    name = shown(host.name, _NAME_CHARACTERS)
    for planted in planted_files(host):
        yield _file(event, name, planted)
    told = {
        (one.image, one.command_line, one.process_id): one
        for finding in host.findings
        for one in processes(finding)
    }
    for one in told.values():
        yield _process(event, name, one)


def _file(event: str, name: str, planted: PlantedFile) -> Thing:
    titles = "; ".join(one.title for one in planted.findings)
    comment = f"{name}: {titles}"
    plain = Said(comment=comment)
    found = Said(comment=comment, to_ids=planted.sure)
    dropped = "Artifacts dropped"
    return thing(
        event,
        FILE,
        comment,
        (
            ("filename", attribute(event, "filename", dropped, shown(planted.name), plain)),
            ("fullpath", attribute(event, "text", "Other", shown(planted.path), plain)),
            ("sha256", attribute(event, "sha256", dropped, planted.sha256, found)),
            (
                "size-in-bytes",
                attribute(
                    event,
                    "size-in-bytes",
                    "Other",
                    str(planted.size_bytes),
                    plain,
                    correlate=False,
                ),
            ),
        ),
    )


def _process(event: str, name: str, one: Process) -> Thing:
    when = one.cited.time
    said = Said(comment=f"{name}: {words.place(one.cited)}", first_seen=when, last_seen=when)
    values = {
        "image": ("filename", "Artifacts dropped", shown(one.image)),
        "command-line": ("text", "Other", shown(one.command_line)),
        "pid": ("text", "Other", "" if one.process_id is None else str(one.process_id)),
        "user-creator": ("text", "Other", shown(one.user, _NAME_CHARACTERS)),
    }
    return thing(
        event,
        PROCESS,
        said.comment,
        (
            (relation, attribute(event, kind, category, value, said, correlate=False))
            for relation, (kind, category, value) in values.items()
            if value
        ),
    )


def _said_of_client(name: str, client: Client) -> Said:
    who = "internal address" if client.internal else f"gravest: {words.GRADE_NAMES[client.grade]}"
    titles = "; ".join(finding.title for finding in client.findings)
    return Said(
        comment=f"{name}: {who}; {titles}",
        first_seen=client.first_seen,
        last_seen=client.last_seen,
        to_ids=client.sure,
    )


def _said(comment: str, finding: Finding) -> Said:
    return Said(comment=comment, first_seen=finding.first_seen, last_seen=finding.last_seen)


def _text(name: str, finding: Finding) -> str:
    rows = [_row(citation) for citation in finding.citations[:_ROWS]]
    more = len(finding.citations) - len(rows)
    lines = [
        f"{name}: {shown(finding.title)}",
        f"Grade: {words.GRADE_NAMES[finding.grade]}. Confidence: {finding.confidence}.",
        *(f"Harmless if: {shown(text)}" for text in finding.benign_explanations),
        *rows,
        *([f"({more:,} more rows are in report.json)"] if more else []),
    ]
    whole = "\n".join(lines)
    while len(whole.encode()) > _TEXT_CHARACTERS:
        whole = whole[: len(whole) * 3 // 4] + "…"
    return whole


def _row(citation: Citation) -> str:
    return f"{shown(words.place(citation))} [{shown(citation.rule, 200)}] {shown(citation.text)}"


def _tags(result: Result, tlp: Tlp) -> list[str]:
    named = techniques(
        one for host in result.hosts for finding in host.findings for one in finding.attack
    )
    galaxy = "misp-galaxy:mitre-attack-pattern"
    return [f"tlp:{tlp}", *(f'{galaxy}="{one.name} - {one.id}"' for one in named)]


def _names(result: Result) -> str:
    names = [shown(host.name, 60) for host in result.hosts]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _evidence(result: Result) -> str:
    """What makes an event this one: the servers and their files, whoever reads them when."""
    parts = [
        " ".join([shown(host.name), *sorted(entry.sha256 for entry in host.manifest)])
        for host in result.hosts
    ]
    return "\n".join(parts)


def _first(result: Result) -> datetime:
    times = [
        finding.first_seen
        for host in result.hosts
        for finding in host.findings
        if finding.first_seen is not None
    ]
    return min(times, default=_last(result))


def _last(result: Result) -> datetime:
    return max(as_of(host, result.tool) for host in result.hosts)
