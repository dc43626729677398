"""What a Sigma rule claims, as a `RuleInfo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError
from tocsin.model.grade import Confidence, Grade, Severity
from tocsin.model.rule import RuleInfo, RuleKind

if TYPE_CHECKING:
    from tocsin.matching.sigma.document import Claim

_QUIET = frozenset(one for one in Severity if one.rank <= Severity.LOW.rank)
_STEPS = (
    "Look at the row, and at what the same client, account or process did before and after it",
    "Read what the rule's author says of its purpose and of false alarms",
)
"""What to do with a lead, whatever the rule is about."""


def pack_info(claim: Claim, *, pack: str, file: str, slug: str, kind: RuleKind) -> RuleInfo:
    """The claim of a rule of ours. Raises `KnowledgeError` where something is missing."""
    if claim.lacks:
        raise KnowledgeError(claim.lacks)
    if claim.name != slug:
        raise KnowledgeError(f"name {claim.name or None!r} must be the file's name, {slug!r}")
    benign = kind is RuleKind.BENIGN
    if benign and not claim.reason:
        raise KnowledgeError("tocsin.reason is missing: say why this is harmless")
    if benign and claim.grade is not None:
        raise KnowledgeError("tocsin.grade does not belong in a benign pattern")
    if not benign and (claim.grade is None or claim.confidence is None):
        raise KnowledgeError("tocsin.grade and tocsin.confidence are needed")
    return RuleInfo(
        id=slug,
        title=claim.title,
        kind=kind,
        pack=pack,
        file=file,
        grade=claim.grade or Grade.PROBE,
        confidence=claim.confidence or Confidence.LOW,
        severity=claim.severity,
        cves=claim.cves,
        attack=claim.attack,
        benign_explanations=(claim.reason,) if benign else claim.benign_explanations,
        next_steps=claim.next_steps,
    )


def lead_info(claim: Claim, *, file: str, slug: str) -> RuleInfo:
    """The claim of a rule that the user brought: a lead, however loud it is."""
    return RuleInfo(
        id=slug,
        title=claim.title or slug,
        kind=RuleKind.LEAD,
        pack="",
        file=file,
        grade=Grade.PROBE if claim.severity in _QUIET else Grade.ATTEMPT,
        confidence=Confidence.LOW,
        severity=claim.severity,
        cves=claim.cves,
        attack=claim.attack,
        benign_explanations=claim.benign_explanations,
        next_steps=_STEPS,
    )
