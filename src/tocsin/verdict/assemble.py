"""Everything that was found out about one server, as the result that reports and scripts read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.events.format import all_formats
from tocsin.findings.mail.cases import rests_on_habits
from tocsin.findings.pivots import PIVOT
from tocsin.knowledge.builds import lookup
from tocsin.knowledge.response import first_steps
from tocsin.matching.accounting import noise_of
from tocsin.model import result
from tocsin.model.event import PlaceKind
from tocsin.model.grade import Assurance, Level
from tocsin.model.problem import ProblemCode
from tocsin.verdict.campaign import got_in, serious
from tocsin.verdict.decide import decide, ranks_as, rolled_up
from tocsin.verdict.intruders import overlaps_of, told_intruders
from tocsin.verdict.limits import limits_of
from tocsin.verdict.mail import limits_of_mail, told_mail
from tocsin.verdict.reasons import reasons

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tocsin.errors import SourceError
    from tocsin.findings.finding import Finding
    from tocsin.findings.mail.cases import MailAbuse
    from tocsin.findings.timeline import Moment
    from tocsin.matching.match import Match
    from tocsin.matching.reading import Reading
    from tocsin.matching.rules import RuleSet
    from tocsin.matching.scan import Period
    from tocsin.verdict.campaign import Judged
    from tocsin.verdict.coverage import Coverage
    from tocsin.verdict.exposure import Exposed, Sighting
    from tocsin.verdict.watch import Watch

CITATIONS = 300
"""Rows that one finding cites; its `rows` count all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the hunt knows when it ends; `cut` says what was counted and not kept, in words.

    `mail` is None where nobody asked about mail that was sent.
    """

    source: Path
    packs: Sequence[Judged]
    findings: Sequence[Finding]
    moments: Sequence[Moment]
    coverage: Coverage
    exposed: Sequence[Exposed]
    watch: Watch
    reading: Reading
    rules: RuleSet
    period: Period
    cut: Sequence[str]
    mail: MailAbuse | None = None


def assemble(parts: Parts) -> result.HostResult:
    """Put the result together; the same parts give the same result. Pure."""
    level, assurance = _level(parts)
    findings = [finding for finding in parts.findings if not finding.is_lead]
    leads = [finding for finding in parts.findings if finding.is_lead]
    steps = _first_steps(parts.packs, level)
    people = [finding for finding in findings if not rests_on_habits(finding)]
    came = told_intruders(people, parts.watch.addresses.shared(), parts.rules.infos)
    return result.HostResult(
        source=str(parts.source),
        name=parts.watch.hosts.name(otherwise=parts.source.name),
        verdict=result.Verdict(
            level=level,
            assurance=assurance,
            reasons=tuple(reasons(parts.packs, parts.coverage, level, assurance)),
            limits=tuple(_limits(parts)),
        ),
        packs=tuple(_pack(judged) for judged in parts.packs),
        builds=builds_seen(parts.watch.builds.sightings()),
        exposure=tuple(_exposure(one) for one in parts.exposed),
        findings=tuple(_finding(finding, steps.get(finding.id, ())) for finding in findings),
        leads=tuple(_finding(finding, ()) for finding in leads),
        timeline=tuple(
            result.TimelineEntry(
                time=moment.time,
                source=moment.source,
                summary=moment.summary,
                finding=moment.finding,
            )
            for moment in parts.moments
        ),
        coverage=_coverage(parts.coverage),
        problems=tuple(
            result.ProblemEntry(
                artefact=one.artefact, line=one.line, code=one.code.value, detail=one.detail
            )
            for one in (*parts.watch.clocks.problems(), *parts.reading.problems.taken())
        ),
        noise=tuple(
            result.Noise(rule=rule, events=events)
            for rule, events in sorted(noise_of(parts.rules, parts.reading.counts).items())
        ),
        groups=overlaps_of(came),
        intruders=came,
        mail_abuse=told_mail(parts.mail),
        manifest=tuple(sorted(parts.reading.manifest, key=lambda entry: entry.path)),
    )


def unopened(source: Path, error: SourceError) -> result.HostResult:
    """The result for a source that could not be opened: nothing can be said about that server."""
    return result.HostResult(
        source=str(source),
        name=source.name,
        verdict=result.Verdict(
            level=Level.INCONCLUSIVE,
            assurance=Assurance.INSUFFICIENT,
            reasons=(f"The source could not be opened: {error}",),
            limits=(),
        ),
        packs=(),
        builds=(),
        exposure=(),
        findings=(),
        leads=(),
        timeline=(),
        coverage=(),
        problems=(
            result.ProblemEntry(
                artefact=str(source), line=None, code=ProblemCode.SOURCE.value, detail=str(error)
            ),
        ),
        noise=(),
        groups=(),
        manifest=(),
    )


def worst_of(verdicts: Sequence[result.Verdict]) -> Level:
    """The level under which all hosts together are reported, in the order of the roll-up."""
    return ranks_as(*rolled_up([(verdict.level, verdict.assurance) for verdict in verdicts]))


def _level(parts: Parts) -> tuple[Level, Assurance]:
    verdicts = [(judged.level, judged.assurance) for judged in parts.packs if judged.level]
    if verdicts:
        return rolled_up(verdicts)
    assessed = [judged for judged in parts.packs if judged.pack.about.detectable]
    if assessed and not any(judged.pack.about.cves for judged in assessed):
        rows = [(decide((), judged.assurance).level, judged.assurance) for judged in assessed]
        return rolled_up(rows)
    if parts.coverage.last and any(judged.never_vulnerable for judged in assessed):
        return Level.NO_EVIDENCE_FOUND, Assurance.PARTIAL
    return Level.INCONCLUSIVE, Assurance.INSUFFICIENT


def _limits(parts: Parts) -> list[str]:
    limits = [
        *parts.period.limits(),
        *parts.watch.builds.limits(),
        *parts.cut,
        *parts.watch.clocks.limits(),
        *parts.reading.limits,
        *limits_of_mail(parts.mail),
    ]
    limits += limits_of(parts.packs, parts.coverage.last)
    return list(dict.fromkeys(limits))


def _pack(judged: Judged) -> result.PackVerdict:
    return result.PackVerdict(
        pack=judged.pack.about.slug,
        level=judged.level,
        assurance=judged.assurance,
        window=judged.window or (),
        needed=judged.needed,
        missing=judged.missing,
        not_applicable=judged.not_applicable,
        detectable=judged.pack.about.detectable,
        check_instead=judged.check_instead,
        own=judged.pack.own is not None,
    )


def builds_seen(sightings: Sequence[Sighting]) -> tuple[result.BuildSeen, ...]:
    """One entry for each build, in order of time, however many sources name it."""
    by_build: dict[str, list[Sighting]] = {}
    for seen in sightings:
        by_build.setdefault(seen.build, []).append(seen)
    return tuple(_build(build, seen) for build, seen in by_build.items())


def _build(build: str, seen: Sequence[Sighting]) -> result.BuildSeen:
    known = lookup(build)
    sources = dict.fromkeys(one.kind.partition(":")[0] for one in seen)
    return result.BuildSeen(
        build=build,
        product=known.product if known else None,
        cu=known.cu if known else None,
        su=known.su if known else None,
        first_seen=min((one.first for one in seen if one.first), default=None),
        last_seen=max((one.last for one in seen if one.last), default=None),
        from_=", ".join(sources),
    )


def _exposure(one: Exposed) -> result.Exposure:
    return result.Exposure(
        cve=one.cve,
        status=one.status.status.value,
        reason=one.status.reason,
        exposed_from=one.since,
        exposed_until=one.until if one.since else None,
    )


def _coverage(coverage: Coverage) -> tuple[result.CoverageEntry, ...]:
    return tuple(
        result.CoverageEntry(
            kind=source.kind,
            files=source.files,
            events=source.events,
            first=source.first,
            last=source.last,
            gaps=source.gaps,
            problems=source.problems,
        )
        for source in coverage.sources.values()
    )


def _first_steps(packs: Sequence[Judged], level: Level) -> dict[str, tuple[str, ...]]:
    """What to do first, told with the worst finding of each pack where something was tried.

    What the pack adds belongs to its own attack, seen to succeed in its own time.
    """
    steps: dict[str, tuple[str, ...]] = {}
    for judged in packs:
        for worst in serious(judged.findings)[:1]:
            own = judged.pack.about.next_steps if got_in(judged) else ()
            steps[worst.id] = (*first_steps(level), *own)
    return steps


def _finding(finding: Finding, first_steps: tuple[str, ...]) -> result.Finding:
    return result.Finding(
        id=finding.id,
        title=finding.title,
        grade=finding.grade,
        severity=finding.severity,
        confidence=finding.confidence,
        cves=finding.cves,
        attack=finding.attack,
        first_seen=finding.first_seen,
        last_seen=finding.last_seen,
        clients=finding.clients,
        citations=tuple(_citation(match) for match in finding.matches[:CITATIONS]),
        benign_explanations=finding.benign_explanations,
        next_steps=tuple(dict.fromkeys((*first_steps, *finding.next_steps))),
        rows=finding.total,
    )


def _citation(match: Match) -> result.Citation:
    place = all_formats()[match.artefact.format].place
    at = {kind: match.place if place is kind else None for kind in PlaceKind}
    return result.Citation(
        artefact=match.artefact.path.inside,
        line=at[PlaceKind.LINE],
        record=at[PlaceKind.RECORD],
        offset=at[PlaceKind.OFFSET],
        time=match.time,
        time_from=match.values.get("time_origin", "content"),
        rule=match.rule.removeprefix(PIVOT) if match.rule.startswith(PIVOT) else match.rule,
        text=f"[{match.view}] {match.text}" if match.view else match.text,
    )
