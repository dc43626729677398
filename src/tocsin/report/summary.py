"""What several outputs compute from one host's result, once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.model.grade import Assurance, Level
from tocsin.verdict.decide import ranks_as

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tocsin.model.result import Finding, HostResult, ProblemEntry, Result


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
    """What to do now: the steps of the worst findings first, each once."""
    steps = [step for finding in worst_first(host.findings) for step in finding.next_steps]
    return tuple(dict.fromkeys([*steps, *_collect_more(host)]))


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


def _collect_more(host: HostResult) -> list[str]:
    steps: list[str] = []
    if kinds := missing(host):
        steps.append(f"Collect what is missing ({', '.join(kinds)}) and hunt again.")
    elif host.verdict.level is Level.INCONCLUSIVE:
        steps.append("Collect the server's logs again, as far back as they reach, and hunt again.")
    if host.verdict.assurance is not Assurance.COMPLETE:
        steps.append("Look for older logs in backups, snapshots and the central log store.")
    return steps
