"""What ties unusual mail to a break-in: an address, the same minutes, rights given before."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tocsin.findings.finding import effective_grade
from tocsin.findings.keys import client_of, page_of
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
_ANCHOR_PATH = re.compile(r":\d{1,5}(/[^?#]{1,200})")
"""What a forged request asks of the server behind, in the cookie that names it."""
_MAILBOX = re.compile(r'-(?:Mailbox|Identity)[ :=]+"?((?<=")[^"]*|[^\s"]+)', re.IGNORECASE)
"""Whose mailbox a command is for."""
_PIECES = re.compile(r"[\\/]")
_BETWEEN = re.compile(r"[\s._-]+")


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
        *_by_address(suspect, findings, infos),
        *_by_minutes(suspect, findings, joins, infos),
        *_by_right(suspect, matches, joins, infos),
    )


def _by_address(
    suspect: Suspect, findings: Sequence[Finding], infos: Mapping[str, RuleInfo]
) -> Iterator[Join]:
    if not suspect.intruder:
        return
    for finding in findings:
        if is_break_in(finding) and suspect.intruder in finding.clients:
            rows = [one for one in finding.matches if _names(one, suspect.intruder)]
            what = f"from {suspect.intruder}, an address that also {_got_in(rows, infos)}"
            yield Join(is_address=True, text=f"{what}: {finding.title}", rows=tuple(rows[-_ROWS:]))


def _by_minutes(
    suspect: Suspect,
    findings: Sequence[Finding],
    joins: Joins,
    infos: Mapping[str, RuleInfo],
) -> Iterator[Join]:
    """Requests of a break-in around the very minutes in which mails were sent.

    An intruder who comes back is told by several findings of one title: they are one tie.
    """
    if suspect.intruder:
        return
    times = suspect.mailbox.time[suspect.chosen]
    around = joins.minutes_around * 60
    by_title: dict[str, list[Match]] = {}
    for finding in findings:
        if is_break_in(finding):
            by_title.setdefault(finding.title, []).extend(
                one
                for one in finding.matches
                if one.time is not None
                and np.abs(times - int(one.time.timestamp())).min(initial=around + 1) <= around
            )
    for title, rows in by_title.items():
        if rows:
            what = f"within {joins.minutes_around} minutes of somebody who {_got_in(rows, infos)}"
            yield Join(is_address=False, text=f"{what}: {title}", rows=tuple(rows[:_ROWS]))


def _got_in(rows: Sequence[Match], infos: Mapping[str, RuleInfo]) -> str:
    """By which request somebody surely got in, and when.

    Of several the first of which the log also tells what the server behind was made to ask; else
    the first.
    """
    telling = [
        row
        for row in rows
        if row.rule in infos and effective_grade(row, infos).rank >= Grade.EXPLOITED.rank
    ]
    for asked_for in (_behind, _before):
        for row in telling:
            if page := asked_for(row):
                when = f" ({row.time:%Y-%m-%d %H:%M} UTC)" if row.time else ""
                return f"called {page}{when}"
    return "broke in"


def _behind(row: Match) -> str:
    """The page that a forged request made the server ask for."""
    behind = _ANCHOR_PATH.search(row.values.get("anchor", ""))
    return _last_of(behind.group(1)) if behind else ""


def _before(row: Match) -> str:
    """The page that a request was for."""
    last, page = _last_of(row.values.get("url_path", "")), page_of(row.values) or ""
    return last if page in ("", last.lower()) else page


def _last_of(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _by_right(
    suspect: Suspect,
    matches: Sequence[Match],
    joins: Joins,
    infos: Mapping[str, RuleInfo],
) -> Iterator[Join]:
    """A right or a rule that was given shortly before: for everybody, or for this mailbox.

    What two rules say of one row is told once, by the first of them.
    """
    since, until = suspect.first - timedelta(days=joins.days_before), suspect.last
    wanted = joins.for_one
    if not set(suspect.kinds) or not set(suspect.kinds) <= set(joins.not_for_all):
        wanted += joins.for_all
    told: set[tuple[str, int]] = set()
    found: dict[str, list[Match]] = {}
    for match in sorted(matches, key=lambda one: one.rule not in wanted or wanted.index(one.rule)):
        if match.rule not in wanted or match.time is None or not since <= match.time <= until:
            continue
        place = match.artefact.path.inside, match.place
        if place in told or (match.rule in joins.for_one and not _is_about(match, suspect.sender)):
            continue
        told.add(place)
        found.setdefault(match.rule, []).append(match)
    for rule, rows in found.items():
        last = max(one.time for one in rows if one.time)
        what = f"{infos[rule].title} ({last:%Y-%m-%d %H:%M} UTC)"
        text = f"with a right or a rule made shortly before or meanwhile: {what}"
        yield Join(is_address=False, text=text, rows=tuple(rows[-_ROWS:]))


def _is_about(row: Match, address: str) -> bool:
    """Whether a command changes this mailbox: the one that it names, else whoever gave it.

    A mailbox is named by its address, by the name before the @, or by the owner's name.
    """
    parameters = row.values.get("parameters", "")
    named = _MAILBOX.findall(parameters) or [row.values.get("user", "")]
    local = _plain(address.partition("@")[0])
    return any(
        piece == address if "@" in piece else _plain(piece) == local
        for name in named
        for piece in _PIECES.split(name.casefold())
    )


def _plain(name: str) -> str:
    """A name with all that may part its words made alike: ``anna.berg`` and ``Anna Berg``."""
    return " ".join(_BETWEEN.split(name.casefold().strip()))


def _names(match: Match, address: str) -> bool:
    return client_of(match.values, frozenset()) == address
