"""The decision: from what was seen and how much could be seen to one of six levels.

`TABLE` is the whole of it, read from the top: the first row that fits decides. Everything else
in this file finds out which row fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tocsin.model.grade import Assurance, Confidence, Grade, Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tocsin.findings.finding import Finding


class Seen(StrEnum):
    """The worst that the findings of one pack show."""

    FOLLOW_UP = "persistence, post-exploitation, mail theft or impact, confirmed"
    SUCCESS = "the chain succeeded, confirmed"
    SUSPICION = "something serious that one uncertain witness tells"
    ATTEMPT = "exploitation tried, no success seen"
    PROBE = "scanners only"
    NOTHING = "nothing"


_ANY = frozenset(Assurance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the table: what was seen, with which assurance, gives which level, and why."""

    seen: Seen
    assurance: frozenset[Assurance]
    level: Level
    because: str


TABLE: tuple[Row, ...] = (
    Row(
        seen=Seen.FOLLOW_UP,
        assurance=_ANY,
        level=Level.COMPROMISED,
        because="Somebody had control of this server.",
    ),
    Row(
        seen=Seen.SUCCESS,
        assurance=_ANY,
        level=Level.EXPLOITED,
        because="The attack succeeded; what came after it was not seen.",
    ),
    Row(
        seen=Seen.SUSPICION,
        assurance=_ANY,
        level=Level.INCONCLUSIVE,
        because="Something that needs a person's eyes was found; only one witness tells of it.",
    ),
    Row(
        seen=Seen.ATTEMPT,
        assurance=frozenset({Assurance.COMPLETE, Assurance.PARTIAL}),
        level=Level.ATTEMPTED,
        because="Exploitation was tried; no success was seen.",
    ),
    Row(
        seen=Seen.ATTEMPT,
        assurance=frozenset({Assurance.INSUFFICIENT}),
        level=Level.ATTEMPTED,
        because="Exploitation was attempted; whether it succeeded cannot be told.",
    ),
    Row(
        seen=Seen.PROBE,
        assurance=frozenset({Assurance.COMPLETE, Assurance.PARTIAL}),
        level=Level.PROBED,
        because="Scanners looked at this server; nobody was seen to try more.",
    ),
    Row(
        seen=Seen.PROBE,
        assurance=frozenset({Assurance.INSUFFICIENT}),
        level=Level.PROBED,
        because="Scanners looked at this server; whether anybody did more cannot be told.",
    ),
    Row(
        seen=Seen.NOTHING,
        assurance=frozenset({Assurance.COMPLETE}),
        level=Level.NO_EVIDENCE_FOUND,
        because="No evidence was found, in logs that are complete for the time that matters.",
    ),
    Row(
        seen=Seen.NOTHING,
        assurance=frozenset({Assurance.PARTIAL}),
        level=Level.INCONCLUSIVE,
        because="Nothing was found, but the logs do not reach over the whole time that matters.",
    ),
    Row(
        seen=Seen.NOTHING,
        assurance=frozenset({Assurance.INSUFFICIENT}),
        level=Level.INCONCLUSIVE,
        because="Nothing was found, and the logs that would show it are not there.",
    ),
)


def decide(findings: Iterable[Finding], assurance: Assurance) -> Row:
    """The row of `TABLE` that fits. Leads never count. Pure."""
    seen = worst(findings)
    for row in TABLE:
        if row.seen is seen and assurance in row.assurance:
            return row
    # Never reached: a test asks the table about every pair.
    raise AssertionError(f"the table has no row for {seen} with {assurance}")  # pragma: no cover


def worst(findings: Iterable[Finding]) -> Seen:
    """The worst that `findings` show; only a confirmed one may say success."""
    kinds = {_seen(finding) for finding in findings if not finding.is_lead}
    return next((seen for seen in Seen if seen in kinds), Seen.NOTHING)


def rolled_up(verdicts: Sequence[tuple[Level, Assurance]]) -> tuple[Level, Assurance]:
    """The worst of several verdicts, in the order of the roll-up.

    An attempt or a probe with insufficient assurance ranks as inconclusive. Among equals the
    weakest assurance stands, and of those the one that says more: "attempted; whether it
    succeeded cannot be told" tells a person more than "inconclusive".
    """
    order = list(Assurance)

    def rank(pair: tuple[Level, Assurance]) -> tuple[int, int, int]:
        level, assurance = pair
        said = -1 if level is Level.INCONCLUSIVE else level.severity
        return (ranks_as(level, assurance).severity, order.index(assurance), said)

    return max(verdicts, key=rank)


def ranks_as(level: Level, assurance: Assurance) -> Level:
    """The level as which a verdict ranks in the roll-up and for ``--fail-on``."""
    if level in (Level.ATTEMPTED, Level.PROBED) and assurance is Assurance.INSUFFICIENT:
        return Level.INCONCLUSIVE
    return level


def _seen(finding: Finding) -> Seen:
    """What one finding shows. Low confidence is everyday work on most servers: it says nothing."""
    if finding.confidence is Confidence.LOW:
        return Seen.NOTHING
    if finding.grade is Grade.PROBE:
        return Seen.PROBE
    if finding.grade is Grade.ATTEMPT:
        return Seen.ATTEMPT
    if finding.confidence is Confidence.HIGH:
        return Seen.SUCCESS if finding.grade is Grade.EXPLOITED else Seen.FOLLOW_UP
    return Seen.SUSPICION
