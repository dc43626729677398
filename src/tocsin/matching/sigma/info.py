"""What a Sigma rule claims, as a `RuleInfo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError
from tocsin.matching.sigma.read import extra_of
from tocsin.model.grade import Confidence, Grade, Severity
from tocsin.model.rule import RuleInfo, RuleKind, explanations

if TYPE_CHECKING:
    from sigma.rule import SigmaRule


def pack_info(rule: SigmaRule, *, pack: str, file: str, slug: str, kind: RuleKind) -> RuleInfo:
    """The claim of a rule of ours. Raises `KnowledgeError` where something is missing."""
    extra = extra_of(rule)
    if rule.name != slug:
        raise KnowledgeError(f"name {rule.name!r} must be the file's name, {slug!r}")
    benign = kind is RuleKind.BENIGN
    if benign and not extra.reason:
        raise KnowledgeError("tocsin.reason is missing: say why this is harmless")
    if benign and extra.grade is not None:
        raise KnowledgeError("tocsin.grade does not belong in a benign pattern")
    if not benign and (extra.grade is None or extra.confidence is None):
        raise KnowledgeError("tocsin.grade and tocsin.confidence are needed")
    return RuleInfo(
        id=slug,
        title=rule.title,
        kind=kind,
        pack=pack,
        file=file,
        grade=extra.grade or Grade.PROBE,
        confidence=extra.confidence or Confidence.LOW,
        severity=_severity(rule),
        cves=_cves(rule),
        attack=_techniques(rule),
        benign_explanations=(extra.reason,) if benign else explanations(rule.falsepositives),
        next_steps=extra.next_steps,
    )


def lead_info(rule: SigmaRule, *, file: str, slug: str) -> RuleInfo:
    """The claim of a rule that the user brought: a lead, however loud it is."""
    severity = _severity(rule)
    quiet = severity.rank <= Severity.LOW.rank
    return RuleInfo(
        id=slug,
        title=rule.title or slug,
        kind=RuleKind.LEAD,
        pack="",
        file=file,
        grade=Grade.PROBE if quiet else Grade.ATTEMPT,
        confidence=Confidence.LOW,
        severity=severity,
        cves=_cves(rule),
        attack=_techniques(rule),
        benign_explanations=explanations(rule.falsepositives),
    )


def _severity(rule: SigmaRule) -> Severity:
    return Severity(str(rule.level)) if rule.level is not None else Severity.MEDIUM


def _cves(rule: SigmaRule) -> tuple[str, ...]:
    return tuple(
        f"CVE-{tag.name.removeprefix('cve-').replace('.', '-')}"
        for tag in rule.tags
        if tag.namespace == "cve"
    )


def _techniques(rule: SigmaRule) -> tuple[str, ...]:
    """ATT&CK techniques (``T1190``), without the tactics that tags name as well."""
    return tuple(
        tag.name.upper()
        for tag in rule.tags
        if tag.namespace == "attack" and tag.name[:1] == "t" and tag.name[1:2].isdigit()
    )
