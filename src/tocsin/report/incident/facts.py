"""What a result tells an authority, by the names that profiles use.

Each fact is a list of sentences over all servers. A fact says what was seen and never more: what
was not seen is said as that, since an authority may rest on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.knowledge.attack import techniques
from tocsin.model.grade import Grade, Level
from tocsin.report import summary, words
from tocsin.report.traces import clients, planted_files, planted_pages, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tocsin.model.result import Finding, HostResult, Result

_LINES = 20
"""Of one fact and server; a report that names everything is read by nobody."""
_STEPS = 8
"""Of the next steps: an authority wants to know what is planned, not how."""
_CHARACTERS = 600
_MAIL_OPEN = (
    "Whoever controls an Exchange server can read every mailbox on it. No row that shows it was "
    "found; that is no evidence that it did not happen."
)
_SUCCEEDED = (Level.COMPROMISED, Level.EXPLOITED)


def sentences(name: str, result: Result) -> tuple[str, ...]:
    """The fact of this name over all servers."""
    fact = FACTS[name]
    several = len(result.hosts) > 1
    lines: list[str] = []
    for host in result.hosts:
        told = [shown(one, _CHARACTERS) for one in fact.tells(host)]
        more = len(told) - _LINES
        told = [*told[:_LINES], *([f"({more:,} more are in report.json)"] if more > 0 else [])]
        lines += [f"{shown(host.name, 100)}: {one}" if several else one for one in told]
    return tuple(dict.fromkeys(lines))


def _verdict(host: HostResult) -> list[str]:
    return [
        f"{words.headline(host.verdict)}. {words.meaning(host.verdict)}",
        words.dates_covered(host.verdict, summary.span(host)),
        f"Assurance: {host.verdict.assurance}.",
    ]


def _what_happened(host: HostResult) -> list[str]:
    serious = [one for one in summary.worst_first(host.findings) if _at_least_tried(one)]
    return [
        f"{one.title} ({words.period(one.first_seen, one.last_seen)}; "
        f"{words.CONFIDENCE_NAMES[one.confidence]})."
        for one in serious
    ] or ["No attempt to attack was seen in what was read."]


def _when(host: HostResult) -> list[str]:
    serious = [one for one in host.findings if _at_least_tried(one)]
    firsts = [one.first_seen for one in serious if one.first_seen]
    lasts = [one.last_seen for one in serious if one.last_seen]
    if not firsts or not lasts:
        return ["No time is known."]
    return [
        f"First trace: {words.moment(min(firsts))}.",
        f"Last trace: {words.moment(max(lasts))}. That it ended then is not said.",
    ]


def _servers(host: HostResult) -> list[str]:
    builds = [
        f"{one.product or 'Exchange Server'} {one.cu or ''} {one.su or ''} (build {one.build}), "
        f"seen {words.period(one.first_seen, one.last_seen)}."
        for one in host.builds
    ]
    return [f"Server {host.name}.", *(" ".join(one.split()) for one in builds)]


def _vulnerabilities(host: HostResult) -> list[str]:
    used = dict.fromkeys(cve for one in host.findings if _at_least_tried(one) for cve in one.cves)
    exposed = {one.cve: one for one in host.exposure}
    lines = []
    for cve in used:
        one = exposed.get(cve)
        if one is not None and one.exposed_from is not None:
            until = words.moment(one.exposed_until) if one.exposed_until else "the last row read"
            lines.append(
                f"{cve}: the server was vulnerable from {words.moment(one.exposed_from)} (or "
                f"earlier) until {until}, by its builds."
            )
        else:
            lines.append(f"{cve}: attacked; whether the server was vulnerable is not known.")
    return lines or ["No attack on a particular vulnerability was seen."]


def _mail(host: HostResult) -> list[str]:
    thefts = [one for one in host.findings if one.grade is Grade.MAIL_THEFT]
    if thefts:
        return [f"There is evidence that mail was read or taken: {one.title}." for one in thefts]
    if host.verdict.level in _SUCCEEDED:
        return [_MAIL_OPEN]
    return ["No row that shows mail being read or taken was found in what was read."]


def _impact(host: HostResult) -> list[str]:
    found = [one for one in host.findings if one.grade is Grade.IMPACT]
    return [f"{one.title}." for one in found] or [
        "No encryption or destruction was seen in what was read; other servers were not read."
    ]


def _malicious(host: HostResult) -> list[str]:
    if host.verdict.level in _SUCCEEDED:
        return ["Yes: the traces are those of an attack that succeeded."]
    if host.verdict.level is Level.ATTEMPTED:
        return ["Yes: somebody tried to attack the server."]
    return ["The evidence read does not answer this."]


def _indicators(host: HostResult) -> list[str]:
    addresses = [
        f"Client {one.address}, {words.period(one.first_seen, one.last_seen)}."
        for one in clients(host)
        if one.sure
    ]
    files = [f"File {one.path}, SHA-256 {one.sha256}." for one in planted_files(host)]
    pages = [f"Page {page}." for page, _ in planted_pages(host)]
    return [*addresses, *files, *pages] or ["None that is sure."]


def _techniques(host: HostResult) -> list[str]:
    seen = techniques(
        one for finding in host.findings if _at_least_tried(finding) for one in finding.attack
    )
    return [f"{one.id} {one.title}." for one in seen] or ["None."]


def _updates(host: HostResult) -> list[str]:
    builds = sorted(
        (one for one in host.builds if one.first_seen is not None),
        key=lambda one: (one.first_seen is None, str(one.first_seen)),
    )
    return [
        f"Build {one.build} ({' '.join(filter(None, (one.cu, one.su))) or 'not known'}) was first "
        f"seen at {words.moment(one.first_seen)}: it was installed before that."
        for one in builds[1:]
    ] or ["The evidence shows no update being installed."]


def _proposed(host: HostResult) -> tuple[str, ...]:
    return summary.next_steps(host)[:_STEPS]


def _unknown(host: HostResult) -> list[str]:
    return list(host.verdict.limits) or ["The sources that the verdict needs were all there."]


def _evidence(host: HostResult) -> list[str]:
    problems = words.count(len(host.problems), "place") if host.problems else "no place"
    files = words.count(len(host.manifest), "file")
    return [
        f"Read: {files}, each with its SHA-256 in report.json; {problems} could not be read.",
        words.dates_covered(host.verdict, summary.span(host)),
    ]


def _at_least_tried(finding: Finding) -> bool:
    return finding.grade.rank >= Grade.ATTEMPT.rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What a result tells on one question. `tells` gives sentences about one server."""

    title: str
    tells: Callable[[HostResult], Iterable[str]]


FACTS: Mapping[str, Fact] = {
    "evidence": Fact(title="What was read", tells=_evidence),
    "impact": Fact(title="Encryption and destruction", tells=_impact),
    "indicators": Fact(title="Indicators", tells=_indicators),
    "mail": Fact(title="Mail", tells=_mail),
    "malicious": Fact(title="Malicious act", tells=_malicious),
    "proposed": Fact(title="Proposed by this report", tells=_proposed),
    "servers": Fact(title="Servers", tells=_servers),
    "techniques": Fact(title="Techniques (MITRE ATT&CK)", tells=_techniques),
    "unknown": Fact(title="What could not be seen", tells=_unknown),
    "updates": Fact(title="Updates", tells=_updates),
    "verdict": Fact(title="Verdict", tells=_verdict),
    "vulnerabilities": Fact(title="Vulnerabilities", tells=_vulnerabilities),
    "what_happened": Fact(title="What happened", tells=_what_happened),
    "when": Fact(title="When (UTC)", tells=_when),
}
"""Every fact that a profile may name."""
