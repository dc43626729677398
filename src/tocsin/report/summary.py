"""What several outputs compute from one host's result, once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from tocsin.events.kind import in_words
from tocsin.knowledge.packs import benign_titles
from tocsin.knowledge.response import first_steps
from tocsin.knowledge.status import StatusWord
from tocsin.model.grade import Assurance, Level
from tocsin.report import words
from tocsin.report.exposures import is_exploited
from tocsin.verdict.decide import ranks_as

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from tocsin.model.grade import Grade
    from tocsin.model.result import Finding, HostResult, Noise, ProblemEntry, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemGroup:
    """All problems of one code: how many, in how many files, and the first few."""

    code: str
    count: int
    files: int
    examples: tuple[ProblemEntry, ...]


def worst(result: Result) -> Level:
    """The worst level of all hosts, as the roll-up and `--fail-on` rank it."""
    levels = (ranks_as(host.verdict.level, host.verdict.assurance) for host in result.hosts)
    return max(levels, key=lambda level: level.severity)


def span(host: HostResult) -> tuple[datetime, datetime] | None:
    """The first and last time of any row that was read, None where no row has a time."""
    times = [
        time for entry in host.coverage for time in (entry.first, entry.last) if time is not None
    ]
    return (min(times), max(times)) if times else None


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The most severe and surest first, and among equals in the order in which they happened."""
    return tuple(
        sorted(
            findings,
            key=lambda finding: (
                -finding.severity.rank,
                -finding.confidence.rank,
                finding.first_seen is None,
                finding.first_seen.isoformat() if finding.first_seen else "",
                finding.id,
            ),
        )
    )


def next_steps(host: HostResult) -> tuple[str, ...]:
    """What to do now, each step once: first what the level asks for, then the findings' steps.

    The worst finding carries the steps of its campaign. Of the others every first step comes
    before any second one. A reader stops after a dozen; the rest stand beside their findings.
    """
    level = ranks_as(host.verdict.level, host.verdict.assurance)
    findings = worst_first(host.findings)
    worst_steps = findings[0].next_steps if findings else ()
    first = first_steps(host.verdict.level)
    if level is Level.INCONCLUSIVE:
        first = (*first_steps(level), *_collect_more(host), *first)
    if level not in (Level.COMPROMISED, Level.EXPLOITED):
        first = (*first, *_update(host))
    steps = [*first, *worst_steps, *_in_turn(findings[1:]), *_collect_more(host)]
    return tuple(dict.fromkeys(steps))


def pattern_title(noise: Noise) -> str:
    """What a harmless pattern is called."""
    return benign_titles().get(noise.rule, noise.rule)


def cited_grades(host: HostResult) -> Mapping[tuple[str | None, datetime], Grade]:
    """How grave a moment of the timeline is, by its finding and time.

    Only moments that the finding cites are here: a row that merely shares a client or a key with
    a finding is context. Findings of one rule share their id, so the gravest counts.
    """
    grades: dict[tuple[str | None, datetime], Grade] = {}
    for finding in (*host.findings, *host.leads):
        for citation in finding.citations:
            if citation.time is None:
                continue
            key = (finding.id, citation.time)
            if key not in grades or grades[key].rank < finding.grade.rank:
                grades[key] = finding.grade
    return grades


def missing(host: HostResult) -> tuple[str, ...]:
    """The kinds of source that some applicable pack needed and did not get, sorted."""
    return tuple(
        sorted({kind for pack in host.packs if not pack.not_applicable for kind in pack.missing})
    )


def problem_groups(host: HostResult, *, examples: int) -> tuple[ProblemGroup, ...]:
    """Problems by code, the most frequent first, with at most so many examples each."""
    counts = Counter(problem.code for problem in host.problems)
    return tuple(
        _group(code, [p for p in host.problems if p.code == code], examples)
        for code, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def _group(code: str, problems: list[ProblemEntry], examples: int) -> ProblemGroup:
    return ProblemGroup(
        code=code,
        count=len(problems),
        files=len({problem.artefact for problem in problems}),
        examples=tuple(problems[:examples]),
    )


def _in_turn(findings: Sequence[Finding]) -> list[str]:
    turns = zip_longest(*(finding.next_steps for finding in findings))
    return [step for turn in turns for step in turn if step is not None]


def _update(host: HostResult) -> list[str]:
    """The newest build seen may lack the fix; a break-in has its own place for the update."""
    open_to = [one.cve for one in host.exposure if one.status == StatusWord.VULNERABLE.value]
    seen = [build for build in host.builds if build.last_seen is not None]
    if not open_to or not seen:
        return []
    newest = max(seen, key=lambda build: words.moment(build.last_seen))
    text = f"Update Exchange as soon as the logs are safe: build {newest.build}, the last one seen"
    what = f"`tocsin build {newest.build}` says what to install, in order"
    return [f"{text}, lacks the fix for {_open_in_words(open_to)}. {what}."]


def _open_in_words(cves: Sequence[str]) -> str:
    """Those that are known to be exploited by name; a hundred others would only hide them."""
    exploited = [cve for cve in cves if is_exploited(cve)]
    others = len(cves) - len(exploited)
    if not exploited:
        return f"{others} known {'vulnerability' if others == 1 else 'vulnerabilities'}"
    named = f"{', '.join(exploited)}, known to be exploited"
    return f"{named}, and for {others} more" if others else named


def _collect_more(host: HostResult) -> list[str]:
    steps: list[str] = []
    if kinds := missing(host):
        names = ", ".join(in_words(kind) for kind in kinds)
        steps.append(f"Collect what is missing ({names}) and hunt again.")
    elif host.verdict.level is Level.INCONCLUSIVE:
        steps.append("Collect the server's logs again, as far back as they reach, and hunt again.")
    by_build = host.verdict.level is Level.NO_EVIDENCE_FOUND
    if host.verdict.assurance is not Assurance.COMPLETE and not by_build:
        steps.append("Look for older logs in backups, snapshots and the central log store.")
    return steps
