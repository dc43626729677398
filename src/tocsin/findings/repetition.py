"""Say everything once: two chains may tell the same page, and two rules the same row."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.findings.finding import Finding


def without_repetitions(findings: Sequence[Finding]) -> list[Finding]:
    """`findings` without those that say of the same rows nothing that another does not say.

    Two chains may tell one page, and two rules one row. What goes has all its rows in the other,
    no higher grade, no more confidence and no vulnerability of its own; leads stay.
    """
    kept: list[Finding] = []
    own = [finding for finding in findings if not finding.is_lead]
    for finding in sorted(own, key=lambda one: (-one.grade.rank, -one.confidence.rank)):
        if not any(_tells(other, finding) for other in kept):
            kept.append(finding)
    stay = {id(finding) for finding in kept}
    # A long list gives as many leads as it has entries: do not look for each among all.
    return [finding for finding in findings if finding.is_lead or id(finding) in stay]


def _tells(one: Finding, other: Finding) -> bool:
    return (
        one.pack == other.pack
        and one.grade.rank >= other.grade.rank
        and one.confidence.rank >= other.confidence.rank
        and set(one.cves) >= set(other.cves)
        and one.total >= other.total
        and _places(one) >= _places(other)
    )


def _places(finding: Finding) -> set[tuple[str, int]]:
    return {(match.artefact.path.inside, match.place) for match in finding.matches}
