"""Why a server has its verdict: sentences for whoever has to act on it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tocsin.events.kind import in_words
from tocsin.model.grade import Level
from tocsin.verdict.campaign import got_in, headline, serious
from tocsin.verdict.decide import TABLE, Seen, ranks_as

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.findings.finding import Finding
    from tocsin.model.grade import Assurance
    from tocsin.verdict.campaign import Judged
    from tocsin.verdict.coverage import Coverage

_REASONS = 12
_NAMES = 4
_MOMENT = timedelta(minutes=5)


def reasons(
    packs: Sequence[Judged], coverage: Coverage, level: Level, assurance: Assurance
) -> list[str]:
    """Why: the packs that decide, what was found, and which dates the logs cover. Pure."""
    told: list[str] = []
    packs = [judged for judged in packs if judged.pack.about.detectable]
    as_ranked = ranks_as(level, assurance)
    way_in_seen = any(judged.pack.about.cves and got_in(judged) for judged in packs)
    for judged in packs:
        if judged.level and ranks_as(judged.level, judged.assurance) is as_ranked:
            told.append(headline(judged, way_in_seen=way_in_seen))
            told += [_story(finding) for finding in serious(judged.findings)]
    if not told:
        told.append(_nothing_applies(packs, coverage, level))
    return [*told[:_REASONS], _covered(coverage)]


def _nothing_applies(packs: Sequence[Judged], coverage: Coverage, level: Level) -> str:
    if level is Level.NO_EVIDENCE_FOUND:
        names = ", ".join(judged.pack.about.name for judged in packs if judged.pack.about.cves)
        return (
            f"No trace of an intruder was found, and the attacks looked for ({names}) could not "
            "have succeeded on the builds seen in the evidence."
        )
    if not coverage.sources:
        return "The collection holds no log that Tocsin can read; nothing can be said."
    if not packs:
        return "What was asked for cannot be told from this evidence; see what to check instead."
    if not any(judged.pack.about.cves for judged in packs):
        return "Nothing was found of what the packs that were asked for look for."
    because = next(row.because for row in TABLE if row.seen is Seen.NOTHING and row.level is level)
    return f"No campaign that Tocsin knows falls into the time of this evidence. {because}"


def _covered(coverage: Coverage) -> str:
    if coverage.first is None or coverage.last is None:
        return "No row with a time was read, so no date is covered."
    return (
        f"The logs read cover {coverage.first:%Y-%m-%d %H:%M} to {coverage.last:%Y-%m-%d %H:%M} "
        "UTC, by the times inside them; see the coverage for each source."
    )


def _story(finding: Finding) -> str:
    first, last = finding.first_seen, finding.last_seen
    when = f" ({first:%Y-%m-%d %H:%M} UTC)" if first else ""
    if first and last and last - first > _MOMENT:
        when = f" ({first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC)"
    rows = "1 row" if finding.total == 1 else f"{finding.total} rows"
    names = [in_words(kind) for kind in finding.sources]
    sources = ", ".join(names) if len(names) <= _NAMES else f"{len(names)} kinds of source"
    text = f"{finding.title}{when}: {rows} in {sources}."
    if len(finding.seen) > 1:
        text += f" Seen: {' → '.join(finding.seen)}."
    if finding.skipped and finding.seen:
        text += f" {_skipped(finding.skipped)}"
    if finding.missing:
        text += f" Not seen in what was read: {', '.join(finding.missing)}."
    return text


def _skipped(number: int) -> str:
    steps = "One earlier step" if number == 1 else f"{number} earlier steps"
    return f"{steps} of this attack left no trace in what was read."
