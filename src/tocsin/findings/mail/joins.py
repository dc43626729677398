"""What ties unusual mail to a break-in: an address, the same minutes, rights given before."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tocsin.findings.keys import client_of
from tocsin.model.grade import Confidence, Grade

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from tocsin.findings.finding import Finding
    from tocsin.findings.mail.suspects import Suspect
    from tocsin.knowledge.mail import Joins
    from tocsin.matching.match import Match
    from tocsin.model.rule import RuleInfo

_ROWS = 5
"""Rows of another finding that are cited for one tie."""


class Join(NamedTuple):
    """One tie: whether it is an address, which is the strongest, what it says, and its rows."""

    is_address: bool
    text: str
    rows: tuple[Match, ...]


def intruders_of(
    findings: Sequence[Finding], shared: frozenset[str]
) -> dict[str, datetime | None]:
    """The addresses of those who surely broke in, with the time from which that is known.

    `shared` are addresses that stand for many clients.
    """
    found: dict[str, datetime | None] = {}
    for finding in findings:
        if not is_break_in(finding):
            continue
        for match in finding.matches:
            client = client_of(match.values, shared)
            if client is None:
                continue
            known = found.get(client)
            if known is None or (match.time is not None and match.time < known):
                found[client] = match.time
    return found


def is_break_in(finding: Finding) -> bool:
    """Whether a finding is sure that somebody got in."""
    return (
        not finding.is_lead
        and finding.grade.rank >= Grade.EXPLOITED.rank
        and finding.confidence is Confidence.HIGH
    )


def joins_of(
    suspect: Suspect,
    findings: Sequence[Finding],
    matches: Sequence[Match],
    joins: Joins,
    infos: Mapping[str, RuleInfo],
) -> tuple[Join, ...]:
    """Every tie of a suspect's mails to what else was found, the strongest first."""
    return (
        *_by_address(suspect, findings),
        *_by_minutes(suspect, findings, joins),
        *_by_right(suspect, matches, joins, infos),
    )


def _by_address(suspect: Suspect, findings: Sequence[Finding]) -> Iterator[Join]:
    if not suspect.intruder:
        return
    for finding in findings:
        if is_break_in(finding) and suspect.intruder in finding.clients:
            rows = [one for one in finding.matches if _names(one, suspect.intruder)]
            what = f"from {suspect.intruder}, an address that also broke in: {finding.title}"
            yield Join(is_address=True, text=what, rows=tuple(rows[-_ROWS:]))


def _by_minutes(suspect: Suspect, findings: Sequence[Finding], joins: Joins) -> Iterator[Join]:
    """Requests of a break-in around the very minutes in which mails were sent."""
    if suspect.intruder:
        return
    times = suspect.mailbox.time[suspect.chosen]
    around = joins.minutes_around * 60
    for finding in findings:
        if not is_break_in(finding):
            continue
        rows = [
            one
            for one in finding.matches
            if one.time is not None
            and np.abs(times - int(one.time.timestamp())).min(initial=around + 1) <= around
        ]
        if rows:
            what = f"within {joins.minutes_around} minutes of a break-in: {finding.title}"
            yield Join(is_address=False, text=what, rows=tuple(rows[:_ROWS]))


def _by_right(
    suspect: Suspect,
    matches: Sequence[Match],
    joins: Joins,
    infos: Mapping[str, RuleInfo],
) -> Iterator[Join]:
    """A right or a rule that was given shortly before: for everybody, or for this mailbox."""
    since, until = suspect.first - timedelta(days=joins.days_before), suspect.last
    address = suspect.sender
    local = address.partition("@")[0]
    found: dict[str, list[Match]] = {}
    for match in matches:
        if match.time is None or not since <= match.time <= until:
            continue
        is_for_all = match.rule in joins.for_all
        if is_for_all or (match.rule in joins.for_one and _speaks_of(match.text, address, local)):
            found.setdefault(match.rule, []).append(match)
    for rule, rows in found.items():
        title = infos[rule].title
        what = f"{title}: {rows[-1].time:%Y-%m-%d %H:%M} UTC, shortly before or meanwhile"
        yield Join(is_address=False, text=what, rows=tuple(rows[-_ROWS:]))


def _speaks_of(text: str, address: str, local: str) -> bool:
    folded = text.casefold()
    return address in folded or any(f"{mark}{local}" in folded for mark in ('"', "/", "\\", "="))


def _names(match: Match, address: str) -> bool:
    return client_of(match.values, frozenset()) == address
