"""Matches to findings: runs of chains first, then whatever stands alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tocsin.findings.chains import Member, Run, runs_of
from tocsin.findings.finding import Finding, confidence_of, effective_grade
from tocsin.findings.keys import client_of
from tocsin.findings.repetition import without_repetitions
from tocsin.model.grade import Confidence, Grade, Severity
from tocsin.model.rule import RuleKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tocsin.knowledge.packs import Chain, Pack
    from tocsin.matching.match import Match
    from tocsin.model.rule import RuleInfo

_CLIENTS = 200
_SEVERITY = {
    Grade.PROBE: Severity.LOW,
    Grade.ATTEMPT: Severity.MEDIUM,
    Grade.EXPLOITED: Severity.HIGH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What judging needs besides the matches; `counts` says how many there were, by rule.

    `not_kept` is told by `judge`: how many of them are not among the matches.
    """

    infos: Mapping[str, RuleInfo]
    counts: Mapping[str, int]
    shared: frozenset[str]
    not_kept: Mapping[str, int] = field(default_factory=dict)


def judge(packs: Sequence[Pack], matches: Sequence[Match], context: Context) -> list[Finding]:
    """All findings that rules and chains give.

    A run of a chain that got further than an attempt is a finding of its own; attempts and probes
    of one chain are one finding together, however many clients made them; a rule that no run
    explains is a finding by itself.
    """
    not_kept = Counter(context.counts)
    not_kept.subtract(match.rule for match in matches)
    context = replace(context, not_kept=not_kept)
    findings: list[Finding] = []
    told: set[int] = set()
    attempts: list[tuple[Pack, Chain, list[Member]]] = []
    for pack in packs:
        for chain in pack.chains:
            early: list[Member] = []
            for run in runs_of(chain, matches, context.shared):
                if not _is_a_run(run):
                    continue
                if _highest(run.members, context).rank > Grade.ATTEMPT.rank:
                    findings.append(_of_run(pack, run, context))
                    told.update(id(member.match) for member in run.members)
                else:
                    early += run.members
            if early:
                attempts.append((pack, chain, early))
    for pack, chain, early in attempts:
        rest = [member for member in early if id(member.match) not in told]
        if rest:
            findings.append(_of_run(pack, Run(chain=chain, members=tuple(rest)), context))
            told.update(id(member.match) for member in rest)
    findings += _of_rules([match for match in matches if id(match) not in told], context)
    return without_repetitions(findings)


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """`findings`, worst first, each with an id of its own."""
    used: Counter[str] = Counter()
    named = []
    for finding in sorted(findings, key=_order):
        used[finding.id] += 1
        number = used[finding.id]
        named.append(finding if number == 1 else finding.renamed(f"{finding.id}-{number}"))
    return named


def confirmed_grade(
    members: Iterable[tuple[Match, Grade]], infos: Mapping[str, RuleInfo]
) -> tuple[Grade, Confidence]:
    """The highest grade that the matches carry, and how surely.

    A grade is sure where one of its matches is sure alone, or where two independent sources
    show success or more. Else the highest grade is given with the confidence of its rules.
    """
    pairs = sorted(members, key=lambda pair: pair[1].rank, reverse=True)
    witnesses = {
        _witness(match)
        for match, _ in pairs
        if infos[match.rule].grade.rank >= Grade.EXPLOITED.rank
    }
    for match, grade in pairs:
        confidence = confidence_of(match, infos)
        if confidence is Confidence.HIGH or (
            grade.rank >= Grade.EXPLOITED.rank
            and len(witnesses) > 1
            and confidence is not Confidence.LOW
        ):
            return grade, Confidence.HIGH
    top = pairs[0][1]
    best = max(
        (confidence_of(match, infos) for match, grade in pairs if grade is top),
        key=lambda confidence: confidence.rank,
    )
    return top, best


def _witness(match: Match) -> str:
    """Whoever saw it. That a process began is one thing seen, in however many logs it stands.

    Sysmon and the Security log tell of the same start with the same command line: what could be
    harmless in one could be harmless in the other.
    """
    return "a process began" if "parent_process" in match.values else match.kind


def _is_a_run(run: Run) -> bool:
    return len({member.match.rule for member in run.members}) > 1


def _highest(members: Sequence[Member], context: Context) -> Grade:
    graded = [(member.match, _step_grade(member, context)) for member in members]
    return confirmed_grade(graded, context.infos)[0]


def _step_grade(member: Member, context: Context) -> Grade:
    own = effective_grade(member.match, context.infos)
    return own if own is Grade.PROBE and member.match.benign else member.step.grade


def _of_run(pack: Pack, run: Run, context: Context) -> Finding:
    graded = [(member.match, _step_grade(member, context)) for member in run.members]
    grade, confidence = confirmed_grade(graded, context.infos)
    got_in = grade.rank > Grade.ATTEMPT.rank
    furthest = [member.match.rule for member in run.members if member.step is run.steps[-1]]
    return _finding(
        identity=run.chain.id,
        title=f"{run.chain.title}: {run.steps[-1].title}" if run.steps else run.chain.title,
        pack=pack.about.slug,
        grade=grade,
        confidence=confidence,
        matches=[member.match for member in run.members],
        context=context,
        cves=run.chain.cves,
        attack=run.chain.attack,
        next_steps=run.chain.next_steps if got_in else (),
        advice_of=furthest,
        explained_by=(
            run.chain.benign_explanations if got_in and confidence is Confidence.HIGH else None
        ),
        seen=tuple(step.title for step in run.steps),
        missing=tuple(step.title for step in run.not_reached) if got_in else (),
        skipped=len(run.missing) - len(run.not_reached),
    )


def _of_rules(matches: Iterable[Match], context: Context) -> list[Finding]:
    by_rule: dict[tuple[str, Grade], list[Match]] = {}
    for match in matches:
        if match.rule in context.infos:
            grade = effective_grade(match, context.infos)
            by_rule.setdefault((match.rule, grade), []).append(match)
    findings = []
    for (rule, grade), found in by_rule.items():
        info = context.infos[rule]
        findings.append(
            _finding(
                identity=rule,
                title=info.title,
                pack=info.pack,
                grade=grade,
                confidence=max(
                    (confidence_of(match, context.infos) for match in found),
                    key=lambda confidence: confidence.rank,
                ),
                matches=found,
                context=context,
                cves=info.cves,
                attack=info.attack,
                next_steps=(),
                lead=info.kind is RuleKind.LEAD,
            )
        )
    return findings


def _finding(  # noqa: PLR0913 - one constructor for both kinds, all by keyword
    *,
    identity: str,
    title: str,
    pack: str,
    grade: Grade,
    confidence: Confidence,
    matches: Sequence[Match],
    context: Context,
    cves: tuple[str, ...],
    attack: tuple[str, ...],
    next_steps: tuple[str, ...],
    advice_of: Sequence[str] = (),
    explained_by: tuple[str, ...] | None = None,
    seen: tuple[str, ...] = (),
    missing: tuple[str, ...] = (),
    skipped: int = 0,
    lead: bool = False,
) -> Finding:
    infos = [context.infos[rule] for rule in dict.fromkeys(match.rule for match in matches)]
    clients = dict.fromkeys(
        client for match in matches if (client := client_of(match.values, context.shared))
    )
    rows = _rows(matches, context.infos)
    not_kept = sum(max(context.not_kept.get(info.id, 0), 0) for info in infos)
    advice = [info for info in infos if not advice_of or info.id in advice_of]
    return Finding(
        id=identity,
        title=title,
        pack=pack,
        grade=grade,
        confidence=confidence,
        severity=_severity(grade, confidence, infos),
        cves=_unique(cves, *(info.cves for info in infos)),
        attack=_unique(attack, *(info.attack for info in infos)),
        clients=tuple(clients)[:_CLIENTS],
        sources=tuple(sorted({match.kind for match in matches})),
        matches=rows,
        total=len(rows) + not_kept,
        seen=seen,
        missing=missing,
        skipped=skipped,
        benign_explanations=(
            _explanations(matches, infos, context) if explained_by is None else explained_by
        ),
        next_steps=_unique(next_steps, *(info.next_steps for info in advice)),
        is_lead=lead,
    )


def _explanations(
    matches: Sequence[Match], infos: Sequence[RuleInfo], context: Context
) -> tuple[str, ...]:
    """What the named benign patterns among the rows say, then what the rules say."""
    benign = dict.fromkeys(name for match in matches for name in match.benign)
    named = (context.infos[name].benign_explanations for name in benign)
    return _unique(*named, *(info.benign_explanations for info in infos))


def _rows(matches: Sequence[Match], infos: Mapping[str, RuleInfo]) -> tuple[Match, ...]:
    """One match for each row, that of the rule which says most, in order of time.

    Of two that say as much the later in rule order stands, which is the more special one.
    """
    best: dict[tuple[str, int], Match] = {}
    for match in matches:
        place = (match.artefact.path.inside, match.place)
        if place not in best or _says(match, infos) >= _says(best[place], infos):
            best[place] = match
    return tuple(best.values())


def _says(match: Match, infos: Mapping[str, RuleInfo]) -> tuple[int, int]:
    info = infos[match.rule]
    return (info.grade.rank, info.confidence.rank)


def _severity(grade: Grade, confidence: Confidence, infos: Sequence[RuleInfo]) -> Severity:
    if grade.rank >= Grade.EXPLOITED.rank and confidence is Confidence.HIGH:
        return _SEVERITY.get(grade, Severity.CRITICAL)
    if grade is Grade.PROBE:
        return Severity.LOW
    return max((info.severity for info in infos), key=lambda severity: severity.rank)


def _unique(*parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for part in parts for item in part))


def _order(finding: Finding) -> tuple[bool, bool, int, str, str]:
    return (
        finding.is_lead,
        finding.confidence is not Confidence.HIGH,
        -finding.grade.rank,
        finding.first_seen.isoformat() if finding.first_seen else "~",
        finding.id,
    )
