"""Pages that somebody put on the server: who asked for them, and when they went away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tocsin.findings.finding import Finding, by_time, confidence_of
from tocsin.findings.keys import client_of, page_of
from tocsin.findings.pivots import PIVOT
from tocsin.model.grade import Confidence, Grade, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from tocsin.matching.match import Match
    from tocsin.model.rule import RuleInfo

_ANSWERED = frozenset({"200", "241"})
_GONE = frozenset({"302", "404", "440"})
"""What Exchange answers for a page under ``owa/auth`` that is not there: it sends the visitor to
the logon page. Source: HelseCERT, 2021-march-exchange, real victim logs."""
_REQUEST_LOGS = ("iis", "httpproxy")
_FEW = 200
_SOON = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """The requests for one page, in order of time, as the web server logged them."""

    page: str
    rows: tuple[Match, ...]

    @property
    def answered(self) -> tuple[Match, ...]:
        """The requests that the page answered."""
        return tuple(row for row in self.rows if row.values.get("status") in _ANSWERED)

    @property
    def removed(self) -> tuple[datetime, datetime] | None:
        """Between which two requests the page was taken away, UTC; None if that was not seen."""
        answered = [row.time for row in self.answered if row.time]
        if not answered:
            return None
        gone = [
            row.time
            for row in self.rows
            if row.values.get("status") in _GONE and row.time and row.time > answered[-1]
        ]
        return (answered[-1], gone[0]) if gone else None


def shell_findings(
    matches: Iterable[Match], traces: Iterable[Match], infos: Mapping[str, RuleInfo]
) -> list[Finding]:
    """One finding for each page that seems planted, was asked for, and answered.

    Its place alone does not prove that a page was planted: vendors put pages beside Exchange's.
    The finding is sure where something besides the request logs is sure of it (content, writer,
    a scanner), or where the page was given data within the hour in which it was made.
    """
    planted: dict[str, list[Match]] = {}
    for match in matches:
        info = infos[match.rule]
        page = page_of(match.values)
        if page and info.grade.rank >= Grade.PERSISTENCE.rank:
            planted.setdefault(page, []).append(match)
    visits: dict[str, list[Match]] = {}
    for trace in traces:
        page = page_of(trace.values)
        if page in planted and trace.kind.startswith("iis"):
            visits.setdefault(page, []).append(trace)
    found = []
    for page, rows in sorted(visits.items()):
        seen = Visits(page=page, rows=tuple(sorted(rows, key=by_time)))
        if seen.answered:
            found.append(_finding(seen, planted[page], infos))
    return found


def with_children(findings: Sequence[Finding], traces: Iterable[Match]) -> list[Finding]:
    """`findings`, each with the processes that its own processes started."""
    children = [trace for trace in traces if trace.rule == f"{PIVOT}parent_process_id"]
    grown = []
    for finding in findings:
        own = {match.values.get("process_id") for match in finding.matches}
        cited = {(match.artefact.path.inside, match.place) for match in finding.matches}
        added = [
            child
            for child in children
            if child.values.get("parent_process_id") in own
            and (child.artefact.path.inside, child.place) not in cited
        ]
        if added:
            merged = tuple(sorted((*finding.matches, *added), key=by_time))
            finding = replace(  # noqa: PLW2901 - the grown finding takes the place of the old
                finding, matches=merged, total=finding.total + len(added)
            )
        grown.append(finding)
    return grown


def _finding(seen: Visits, planted: Sequence[Match], infos: Mapping[str, RuleInfo]) -> Finding:
    posts = [row for row in seen.answered if row.values.get("method", "").upper() == "POST"]
    sure = any(_is_sure(match, posts, infos) for match in planted)
    title = f"{seen.page} answered {_requests(len(seen.answered), len(posts))}; {_removal(seen)}"
    witnesses = _witnesses(planted)
    clients = dict.fromkeys(
        client for row in seen.answered if (client := client_of(row.values, frozenset()))
    )
    cves = dict.fromkeys(cve for match in planted for cve in infos[match.rule].cves)
    return Finding(
        id="web-shell-requests",
        title=title,
        pack=infos[planted[0].rule].pack,
        grade=Grade.POST_EXPLOITATION if posts else Grade.PERSISTENCE,
        confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
        severity=Severity.CRITICAL if sure else Severity.HIGH,
        cves=tuple(cves),
        attack=("T1505.003",),
        clients=tuple(clients)[:_FEW],
        sources=tuple(sorted({match.kind for match in (*seen.rows, *planted)})),
        matches=tuple(sorted((*witnesses, *_shown(seen)), key=by_time)),
        total=len(seen.rows) + len(witnesses),
        benign_explanations=(
            ()
            if sure
            else ("A page of your own or of a vendor that lies beside Exchange's pages.",)
        ),
        next_steps=(
            (
                f"Keep a copy of {seen.page} and of its folder before anything is deleted; "
                "then take the server off the network."
            ),
            "Follow every client address named here through all other logs you have.",
        ),
    )


def _requests(answered: int, posts: int) -> str:
    if answered == 1:
        return "1 request, which sent it data (POST)" if posts else "1 request, without data"
    sent = "none of which sent it data" if not posts else f"{posts} of which sent it data (POST)"
    return f"{answered} requests, {sent}"


def _witnesses(planted: Sequence[Match]) -> tuple[Match, ...]:
    """What besides the request logs tells of the page: its writer, its content, a scanner."""
    rows = {
        (match.artefact.path.inside, match.place): match
        for match in planted
        if not match.kind.startswith(_REQUEST_LOGS)
    }
    return tuple(rows.values())[:_FEW]


def _is_sure(match: Match, posts: Sequence[Match], infos: Mapping[str, RuleInfo]) -> bool:
    if match.kind.startswith(_REQUEST_LOGS):
        return False
    if confidence_of(match, infos) is Confidence.HIGH:
        return True
    made = match.time
    return made is not None and any(
        row.time is not None and timedelta(0) <= row.time - made <= _SOON for row in posts
    )


def _removal(seen: Visits) -> str:
    if seen.removed is None:
        return "no later request shows it gone, so it may still be there"
    last, gone = seen.removed
    return (
        f"removed between {last:%Y-%m-%d %H:%M} and {gone:%Y-%m-%d %H:%M} UTC "
        "(from then on Exchange answered that it is not there)"
    )


def _shown(seen: Visits) -> tuple[Match, ...]:
    """The rows to cite: the first ones, and those on both sides of the removal."""
    if len(seen.rows) <= _FEW:
        return seen.rows
    edges = set(seen.removed or ())
    near = [row for row in seen.rows if row.time in edges]
    cited = {id(row): row for row in (*seen.rows[:_FEW], *near)}
    return tuple(sorted(cited.values(), key=by_time))
