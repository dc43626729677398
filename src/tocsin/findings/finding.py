"""A finding while it is judged: the statement, and all that the verdict needs to know of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tocsin.model.grade import Confidence, Grade

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tocsin.matching.match import Match
    from tocsin.model.grade import Severity
    from tocsin.model.rule import RuleInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One statement about the server.

    `confidence` is high where one match is sure alone or two independent sources agree: only
    then may `grade` decide the verdict. `matches` are in order of time, `total` counts also those
    that were not kept. `sources` are the coverage kinds that carry it. `seen` names
    a chain's steps in plain words, `missing` those that would have followed the last of them;
    `skipped` counts the earlier ones of which nothing was seen.
    """

    id: str
    title: str
    pack: str
    grade: Grade
    confidence: Confidence
    severity: Severity
    cves: tuple[str, ...]
    attack: tuple[str, ...]
    clients: tuple[str, ...]
    sources: tuple[str, ...]
    matches: tuple[Match, ...]
    total: int
    seen: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    skipped: int = 0
    benign_explanations: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    is_lead: bool = False

    @property
    def first_seen(self) -> datetime | None:
        """The earliest time among the matches, UTC."""
        return min((match.time for match in self.matches if match.time), default=None)

    @property
    def last_seen(self) -> datetime | None:
        """The latest time among the matches, UTC."""
        return max((match.time for match in self.matches if match.time), default=None)

    def renamed(self, identity: str) -> Finding:
        """The same finding under another id."""
        return replace(self, id=identity)


def confidence_of(match: Match, infos: Mapping[str, RuleInfo]) -> Confidence:
    """How sure a match is alone: what its rule says, but a damaged row is never sure alone."""
    confidence = infos[match.rule].confidence
    if match.damaged and confidence is Confidence.HIGH:
        return Confidence.MEDIUM
    return confidence


def effective_grade(match: Match, infos: Mapping[str, RuleInfo]) -> Grade:
    """A match's own grade; a mere attempt that fits a named benign pattern is a probe.

    A benign pattern never lowers what shows success: an attacker may wear any mask.
    """
    grade = infos[match.rule].grade
    if match.benign and grade.rank <= Grade.ATTEMPT.rank:
        return Grade.PROBE
    return grade


def by_time(match: Match) -> tuple[str, str, int]:
    """The key that puts matches in order of time; those without one come last."""
    time = match.time.isoformat() if match.time else "~"
    return (time, match.artefact.path.inside, match.place)
