"""From habits to findings: whose mail is in question, what ties it to a break-in, who got it.

Statistics say that something is unusual, never that somebody broke in. So what rests on them alone
is a low finding, which decides nothing, or, where it is glaring, one uncertain witness. Only what
another log ties to a sure break-in by the address is sure. Decision 0020 says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.findings.finding import Finding
from tocsin.findings.mail.joins import intruders_of, joins_of
from tocsin.findings.mail.rows import Rows, rows_of, search_for
from tocsin.findings.mail.suspects import NOTHING, Judged, judged
from tocsin.findings.mail.told import baseline, what_happened
from tocsin.knowledge.mail import mail_knowledge
from tocsin.model.grade import Confidence, Grade, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tocsin.findings.judge import Context
    from tocsin.findings.mail.habits import Habits
    from tocsin.findings.mail.joins import Join
    from tocsin.findings.mail.suspects import Suspect
    from tocsin.knowledge.packs import Pack
    from tocsin.matching.match import Match
    from tocsin.matching.readers import Readers
    from tocsin.model.progress import Progress

PACK = "mailbox-abuse"
CASES = 50
"""Mailboxes whose mails are told one by one; the others are counted."""
_CITED = 120
_FEW = 20
_TIES = 3
_ENOUGH_MAILS = 3
_SEVERITY = {
    Confidence.HIGH: Severity.CRITICAL,
    Confidence.MEDIUM: Severity.HIGH,
    Confidence.LOW: Severity.MEDIUM,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """Mails of one mailbox that its owner may not have written, and the finding that says so."""

    suspect: Suspect
    joins: tuple[Join, ...]
    rows: Rows
    finding: Finding

    @property
    def support(self) -> tuple[str, ...]:
        """What the rows of the second hunt add, in words."""
        rows = self.rows
        words = mail_knowledge().complaints.words
        complaints = sum(
            any(word in one.values.get("subject", "").casefold() for word in words)
            for one in rows.answers
        )
        return tuple(
            text
            for number, text in (
                (len(rows.failed), f"{len(rows.failed):,} deliveries failed"),
                (len(rows.answers), f"{len(rows.answers):,} answers came back under the subject"),
                (complaints, f"{complaints:,} of the answers speak of fraud in their subject"),
                (
                    len(rows.deleted),
                    f"{len(rows.deleted):,} requests deleted items of the mailbox at that time",
                ),
            )
            if number
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MailAbuse:
    """All that is told of one server's sent mail; `more` counts suspects that are no case."""

    judged: Judged
    cases: tuple[Case, ...]
    more: int

    @property
    def findings(self) -> list[Finding]:
        """The findings of all cases."""
        return [case.finding for case in self.cases]


def mail_abuse(
    habits: Habits,
    packs: Sequence[Pack],
    findings: Sequence[Finding],
    matches: Sequence[Match],
    context: Context,
    readers: Readers,
    progress: Progress,
) -> MailAbuse:
    """Judge what mailboxes sent, and read again the rows of what is in question.

    Nothing is judged where the pack was not asked for. A suspect none of whose rows is found
    again, because they lie outside of the period that was asked for, is no case.
    """
    if all(pack.about.slug != PACK for pack in packs):
        return MailAbuse(judged=NOTHING, cases=(), more=0)
    knowledge = mail_knowledge()
    told = judged(habits.taken(), knowledge.limits, intruders_of(findings, context.shared))
    chosen = told.suspects[:CASES]
    traces, _ = readers.read_again(search_for(chosen), progress) if chosen else ((), None)
    cases: list[Case] = []
    for number, suspect in enumerate(chosen):
        rows = rows_of(number, suspect, traces)
        if not rows.sent:
            continue
        joins = joins_of(suspect, findings, matches, knowledge.joins, context.infos)
        finding = _finding(len(cases), suspect, joins, rows)
        cases.append(Case(suspect=suspect, joins=joins, rows=rows, finding=finding))
    return MailAbuse(judged=told, cases=tuple(cases), more=len(told.suspects) - len(cases))


def rests_on_habits(finding: Finding) -> bool:
    """Whether a finding is about mail, and nothing but habits says that somebody else sent it.

    Its addresses may be those of the owner.
    """
    return finding.pack == PACK and finding.confidence is not Confidence.HIGH


def confidence_of(suspect: Suspect, joins: Sequence[Join]) -> Confidence:
    """How sure it is that the owner did not write these mails.

    High only where two logs that know nothing of each other name one address: the one of a sure
    break-in, and the one of mail sent in somebody's name. A single mail or two without anything
    unusual may still be the owner's, from behind the same address.
    """
    unusual = [sign for sign in suspect.signs if sign.name != "new_address"]
    if any(join.is_address for join in joins):
        sure = bool(unusual) or len(suspect.chosen) >= _ENOUGH_MAILS
        return Confidence.HIGH if sure else Confidence.MEDIUM
    if joins or suspect.score >= mail_knowledge().limits.serious:
        return Confidence.MEDIUM
    return Confidence.LOW


def _finding(number: int, suspect: Suspect, joins: Sequence[Join], rows: Rows) -> Finding:
    confidence = confidence_of(suspect, joins)
    joined = [one for join in joins for one in join.rows]
    cited = [*_shown(rows.sent), *joined, *rows.failed[:_FEW], *rows.deleted[:_FEW]]
    advice = mail_knowledge().advice
    is_sure = confidence is Confidence.HIGH
    inside = suspect.sender.rpartition("@")[2]
    goes_inside = any(one.address.endswith(f"@{inside}") for one in rows.recipients)
    return Finding(
        id=PACK if not number else f"{PACK}-{number + 1}",
        title=f"{'Mail in the name of' if is_sure else 'Unusual mail from'} {suspect.sender}: "
        f"{what_happened(suspect)}",
        pack=PACK,
        grade=Grade.PROBE if confidence is Confidence.LOW else Grade.POST_EXPLOITATION,
        confidence=confidence,
        severity=_SEVERITY[confidence],
        cves=(),
        attack=("T1586.002", *(("T1534",) if goes_inside else ())),
        clients=suspect.clients,
        sources=tuple(sorted({one.kind for one in cited})),
        matches=_in_order(cited),
        total=len(suspect.chosen) + len(joined) + len(rows.failed) + len(rows.deleted),
        seen=(
            baseline(suspect.habit),
            *(sign.text for sign in suspect.signs),
            *(join.text for join in joins[:_TIES]),
        ),
        benign_explanations=() if is_sure else advice.benign_explanations,
        next_steps=advice.next_steps,
    )


def _shown(sent: Sequence[Match]) -> Sequence[Match]:
    """The rows to cite: the first mails, and the last."""
    if len(sent) <= _CITED:
        return sent
    return [*sent[: _CITED - _FEW], *sent[-_FEW:]]


def _in_order(rows: Iterable[Match]) -> tuple[Match, ...]:
    by_place = {(row.artefact.path.inside, row.place): row for row in rows}
    return tuple(
        sorted(
            by_place.values(),
            key=lambda row: (row.time.isoformat() if row.time else "~", row.artefact.path.inside),
        )
    )
