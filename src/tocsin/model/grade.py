"""Words with an order: grades of what was seen, levels of a verdict, assurance, confidence.

Source: the team's interface page ("Levels and assurance").
"""

from __future__ import annotations

from enum import StrEnum


class Grade(StrEnum):
    """How far one observation says that an attack got, least first."""

    PROBE = "probe"
    ATTEMPT = "attempt"
    EXPLOITED = "exploited"
    PERSISTENCE = "persistence"
    POST_EXPLOITATION = "post_exploitation"
    MAIL_THEFT = "mail_theft"
    IMPACT = "impact"

    @property
    def rank(self) -> int:
        """Its place in the order, from 0."""
        return list(Grade).index(self)


class Level(StrEnum):
    """A verdict, worst first, in the order of the roll-up."""

    COMPROMISED = "compromised"
    EXPLOITED = "exploited"
    INCONCLUSIVE = "inconclusive"
    ATTEMPTED = "attempted"
    PROBED = "probed"
    NO_EVIDENCE_FOUND = "no_evidence_found"

    @property
    def severity(self) -> int:
        """Its place in the roll-up: a larger number is worse, from 0."""
        return len(Level) - 1 - list(Level).index(self)


class Assurance(StrEnum):
    """Whether the coverage carries the verdict."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    INSUFFICIENT = "insufficient"


class Confidence(StrEnum):
    """How sure one finding is, taken alone, least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """Its place in the order, from 0."""
        return list(Confidence).index(self)


class Severity(StrEnum):
    """How urgent a finding is for the responder; the Sigma levels."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Its place in the order, from 0."""
        return list(Severity).index(self)
