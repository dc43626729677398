"""All that happened, in order of time: what was found, and every row that the second hunt gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.findings.keys import keys_of
from tocsin.matching.reading import TRACES_PER_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from tocsin.findings.finding import Finding
    from tocsin.matching.match import Match
    from tocsin.model.rule import RuleInfo

_SUMMARY = 240
LIMIT = 5000
"""Entries that a timeline keeps; those of findings come first, then the earliest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One entry: when (UTC), from which kind of source, what, and which finding it belongs to."""

    time: datetime
    source: str
    summary: str
    finding: str | None


def timeline(
    findings: Sequence[Finding], traces: Iterable[Match], infos: Mapping[str, RuleInfo]
) -> tuple[list[Moment], int]:
    """The moments in order, and how many were left out above `LIMIT`."""
    told: dict[tuple[str, int], Moment] = {}
    for finding in findings:
        for match in finding.matches:
            place = (match.artefact.path.inside, match.place)
            if match.time is not None and place not in told:
                told[place] = _moment(match, match.time, infos, finding.id)
    owners = _owners(findings)
    extra: dict[tuple[str, int], Moment] = {}
    for trace in traces:
        place = (trace.artefact.path.inside, trace.place)
        if trace.time is not None and place not in told and place not in extra:
            owner = next(
                (owners[pair] for pair in keys_of(trace.values).items() if pair in owners),
                None,
            )
            extra[place] = _moment(trace, trace.time, infos, owner)
    kept = [*told.values(), *sorted(extra.values(), key=_when)]
    return sorted(kept[:LIMIT], key=_when), max(len(kept) - LIMIT, 0)


def what_was_cut(by_key: Mapping[str, int], left_out: int) -> list[str]:
    """What the second hunt and the timeline counted and did not keep, in words."""
    cut = [
        f"The second hunt met {count} rows with a known {key.replace('_', ' ')}; "
        f"{TRACES_PER_KEY} are kept."
        for key, count in sorted(by_key.items())
        if count > TRACES_PER_KEY
    ]
    if left_out:
        cut.append(f"{left_out} more moments are not on the timeline, which keeps {LIMIT}.")
    return cut


def _owners(findings: Iterable[Finding]) -> dict[tuple[str, str], str]:
    owners: dict[tuple[str, str], str] = {}
    for finding in findings:
        for match in finding.matches:
            for pair in keys_of(match.values).items():
                owners.setdefault(pair, finding.id)
    return owners


def _moment(
    match: Match, time: datetime, infos: Mapping[str, RuleInfo], owner: str | None
) -> Moment:
    detail = _detail(match)
    summary = f"{infos[match.rule].title}: {detail}" if match.rule in infos else detail
    return Moment(time=time, source=match.kind, summary=summary[:_SUMMARY], finding=owner)


def _detail(match: Match) -> str:
    """What the row is about, in the words that its columns have."""
    values = match.values
    wanted = ("method", "url_path", "anchor", "status", "cmdlet", "command_line", "file_path")
    parts = [values[name] for name in wanted if values.get(name)]
    if not parts and values.get("sender"):
        parts.append(f"mail of {values['sender']}: {values.get('subject', '')}".strip())
    who = values.get("client_ip") or values.get("user")
    if who:
        parts.append(f"by {who}")
    return " ".join(parts) or match.text[:120]


def _when(moment: Moment) -> tuple[datetime, str, str]:
    return (moment.time, moment.source, moment.summary)
