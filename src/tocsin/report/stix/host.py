"""One server's result as STIX objects: what was observed, and what it is taken for.

Rows are observed data. Only what a sure finding names becomes an indicator or malware. Overlaps
with known groups are not exported: in STIX they would read as an attribution.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tocsin.knowledge.attack import techniques
from tocsin.model.grade import Confidence, Grade
from tocsin.report import summary, words
from tocsin.report.stix.objects import BEGINNING, Thing, domain, quoted, stamp
from tocsin.report.stix.observables import Observer
from tocsin.report.traces import as_of, clients, planted_files, planted_pages, processes, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tocsin.knowledge.attack import Technique
    from tocsin.model.result import Citation, Finding, HostResult, Tool
    from tocsin.report.traces import Client, PlantedFile

_ROWS = 40
"""Rows that a note quotes; ``report.json`` holds all."""
_NAME_CHARACTERS = 300
_ADDRESS_DAYS = 30
"""How long an attacker's address is worth looking for: it will be somebody else's soon."""
_MOST_OBSERVED = 999_999_999
"""Source: STIX 2.1, 4.14 (number_observed)."""
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_CONFIDENCE = {Confidence.LOW: 15, Confidence.MEDIUM: 50, Confidence.HIGH: 85}
"""Source: STIX 2.1, appendix A (low, medium and high as numbers)."""
_LATEST = datetime(9999, 12, 1, tzinfo=BEGINNING.tzinfo)


@dataclass(slots=True)
class Bundle:
    """What has been made for one server, each object once, in order."""

    host: HostResult
    created: datetime
    author: str
    marks: list[str]
    clients: tuple[Client, ...]
    objects: dict[str, Thing] = field(default_factory=dict)

    def add(self, thing: Thing) -> str:
        """Keep `thing` and return its id."""
        self.objects.setdefault(thing["id"], thing)
        return str(thing["id"])

    def say(self, kind: str, created: datetime | None = None, **content: Any) -> str:  # noqa: ANN401 any JSON value
        """Add a domain or relationship object; it is as old as the last row unless told."""
        when = created if created is not None else self.created
        return self.add(domain(kind, when, self.marks, self.author, **content))

    def relate(self, source: str, how: str, target: str) -> None:
        """Add a relationship."""
        self.say("relationship", relationship_type=how, source_ref=source, target_ref=target)


def host_objects(host: HostResult, tool: Tool, author: str, marks: list[str]) -> list[Thing]:
    """Every object about `host`, with a report that names all of them."""
    made = Bundle(host, as_of(host, tool), author, marks, clients(host))
    see = Observer(host, marks, made.add)
    server = made.say("identity", name=shown(host.name, _NAME_CHARACTERS), identity_class="system")
    malware = {one.path: _malware(made, see, server, one) for one in planted_files(host)}
    seen: dict[int, str] = {}
    for number, finding in enumerate(host.findings):
        observed = _observed(made, see, finding)
        if observed:
            seen[number] = observed
        _finding(made, server, finding, observed, malware)
    for lead in host.leads:
        _note(made, lead, [_observed(made, see, lead) or server], "lead")
    for client in made.clients:
        of_it = [n for n, finding in enumerate(host.findings) if finding in client.findings]
        _client_indicator(made, client, [seen[n] for n in of_it if n in seen])
    _report(made, server)
    return list(made.objects.values())


def _finding(
    made: Bundle, server: str, finding: Finding, observed: str | None, malware: dict[str, str]
) -> None:
    seen = [_technique(made, one) for one in techniques(finding.attack)]
    flaws = [_vulnerability(made, cve) for cve in finding.cves if _CVE.fullmatch(cve)]
    found = [malware[path] for path in _paths(finding) if path in malware]
    period = _period(finding)
    if finding.grade.rank >= Grade.ATTEMPT.rank:
        for technique in seen:
            made.relate(technique, "targets", server)
    for target in (*seen, *found):
        made.say(
            "sighting",
            sighting_of_ref=target,
            where_sighted_refs=[server],
            observed_data_refs=[observed] if observed else None,
            first_seen=period.get("first_seen"),
            last_seen=period.get("last_seen"),
            count=_count(finding),
            confidence=_CONFIDENCE[finding.confidence],
        )
    about = dict.fromkeys([observed or server, *seen, *flaws, *found])
    _note(made, finding, list(about), "finding")


def _observed(made: Bundle, see: Observer, finding: Finding) -> str | None:
    """What the finding's rows show. None where no row has a time: STIX has no place for it."""
    period = _period(finding)
    seen = [see.file(path) for path in _paths(finding)]
    seen += [see.address(one) for one in made.clients if finding in one.findings]
    seen += [see.process(one) for one in processes(finding)]
    if not period or not seen:
        return None
    return made.say(
        "observed-data",
        first_observed=period["first_seen"],
        last_observed=period["last_seen"],
        number_observed=_count(finding),
        object_refs=list(dict.fromkeys(seen)),
    )


def _note(made: Bundle, finding: Finding, about: list[str], label: str) -> None:
    quoted_rows = [_row(citation) for citation in finding.citations[:_ROWS]]
    left_out = len(finding.citations) - len(quoted_rows)
    lines = [
        shown(finding.title),
        f"Grade: {words.GRADE_NAMES[finding.grade]}.",
        f"Confidence: {finding.confidence}.",
        *(f"Harmless if: {shown(text)}" for text in finding.benign_explanations),
        *quoted_rows,
        *([f"({left_out:,} more rows are in report.json)"] if left_out else []),
    ]
    made.say(
        "note",
        abstract=shown(finding.title, _NAME_CHARACTERS),
        content="\n".join(lines),
        confidence=_CONFIDENCE[finding.confidence],
        labels=[label, finding.grade.value, finding.severity.value],
        object_refs=about,
    )


def _row(citation: Citation) -> str:
    text = shown(citation.text)
    return f"{shown(words.place(citation))} [{shown(citation.rule, 200)}] {text}"


def _malware(made: Bundle, see: Observer, server: str, planted: PlantedFile) -> str:
    pages = [
        page
        for page, _ in planted_pages(made.host)
        if page.rpartition("/")[2].lower() == planted.name.lower()
    ]
    asked = f" Requests asked for it as {', '.join(map(shown, pages))}." if pages else ""
    sample = see.file(planted.path)
    surest = max((one.confidence for one in planted.findings), key=lambda one: one.rank)
    malware = made.say(
        "malware",
        name=f"Web shell {shown(planted.name, _NAME_CHARACTERS)}",
        description=f"A page that does not belong to Exchange.{asked}",
        malware_types=["webshell"],
        is_family=False,
        sample_refs=[sample],
        confidence=_CONFIDENCE[surest],
    )
    made.relate(malware, "targets", server)
    if planted.sure:
        indicator = made.say(
            "indicator",
            name=f"Content of {shown(planted.name, _NAME_CHARACTERS)}",
            indicator_types=["malicious-activity"],
            pattern=f"[file:hashes.'SHA-256' = {quoted(planted.sha256)}]",
            pattern_type="stix",
            valid_from=stamp(_first(planted.findings) or made.created),
        )
        made.relate(indicator, "indicates", malware)
    return malware


def _client_indicator(made: Bundle, client: Client, based_on: Iterable[str]) -> None:
    """Make an indicator of an address that a sure finding of success names, and of no other."""
    if not client.sure:
        return
    start = client.first_seen or made.created
    end = min(client.last_seen or start, _LATEST - timedelta(days=_ADDRESS_DAYS))
    indicator = made.say(
        "indicator",
        name=f"Client {client.address}",
        description="It attacked this server. Addresses change hands: look at its period.",
        indicator_types=["malicious-activity"],
        pattern=f"[ipv{client.version}-addr:value = {quoted(client.address)}]",
        pattern_type="stix",
        valid_from=stamp(start),
        valid_until=stamp(max(start, end) + timedelta(days=_ADDRESS_DAYS)),
    )
    for observed in dict.fromkeys(based_on):
        made.relate(indicator, "based-on", observed)


def _technique(made: Bundle, one: Technique) -> str:
    return made.say(
        "attack-pattern",
        BEGINNING,
        name=one.title,
        external_references=[
            {"source_name": "mitre-attack", "external_id": one.id, "url": one.url}
        ],
    )


def _vulnerability(made: Bundle, cve: str) -> str:
    reference = {"source_name": "cve", "external_id": cve}
    return made.say("vulnerability", BEGINNING, name=cve, external_references=[reference])


def _report(made: Bundle, server: str) -> None:
    host = made.host
    lines = [
        f"{words.headline(host.verdict)}. {words.meaning(host.verdict)}",
        words.dates_covered(host.verdict, summary.span(host)),
        *(f"Why: {shown(text)}" for text in host.verdict.reasons),
        *(f"Not seen: {shown(text)}" for text in host.verdict.limits),
    ]
    made.say(
        "report",
        name=f"{words.headline(host.verdict)}: {shown(host.name, _NAME_CHARACTERS)}",
        description="\n".join(lines),
        report_types=["observed-data"],
        published=stamp(made.created),
        object_refs=list(made.objects) or [server],
    )


def _period(finding: Finding) -> dict[str, str]:
    times = [one for one in (finding.first_seen, finding.last_seen) if one is not None]
    return {"first_seen": stamp(min(times)), "last_seen": stamp(max(times))} if times else {}


def _first(findings: Iterable[Finding]) -> datetime | None:
    return min((one.first_seen for one in findings if one.first_seen), default=None)


def _paths(finding: Finding) -> list[str]:
    return list(dict.fromkeys(citation.artefact for citation in finding.citations))


def _count(finding: Finding) -> int:
    return min(max(len(finding.citations), 1), _MOST_OBSERVED)
