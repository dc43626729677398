"""What mailboxes sent, as told in the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.findings.mail.told import baseline, days_of, what_happened
from tocsin.model import result

if TYPE_CHECKING:
    from tocsin.findings.mail.cases import Case, MailAbuse
    from tocsin.findings.mail.rows import Recipient

_RECIPIENTS = 5_000
"""Recipients of one case that are listed; the others are counted with `not_listed`."""
_SUBJECTS = 5
_SUBJECT_CHARACTERS = 120
_CLIENTS = 50
_MACHINES = 20


def told_mail(abuse: MailAbuse | None) -> result.MailAbuse | None:
    """Everything about sent mail; None where no mailbox sent any that was read."""
    if abuse is None or not abuse.judged.mailboxes:
        return None
    judged = abuse.judged
    return result.MailAbuse(
        mailboxes=judged.mailboxes,
        mails=judged.mails,
        cannot_tell=judged.cannot_tell,
        machines=judged.machines,
        without_address=judged.without_address,
        lost=sum(
            number for what, number in judged.lost.items() if what not in ("recipients", "heard")
        ),
        more=abuse.more,
        cases=tuple(_case(case) for case in abuse.cases),
        machine_senders=judged.machine_senders[:_MACHINES],
    )


def limits_of_mail(abuse: MailAbuse | None) -> list[str]:
    """What was not remembered, in words; mostly nothing."""
    if abuse is None:
        return []
    lost = abuse.judged.lost
    limits = []
    if mails := lost.get("messages", 0) + lost.get("names", 0):
        limits.append(
            f"{mails:,} sent mails are beyond what is remembered, and were compared with nothing."
        )
    if recipients := lost.get("recipients", 0):
        limits.append(
            f"{recipients:,} recipients of sent mails are beyond what is remembered: people who "
            "were written to before may seem new."
        )
    if heard := lost.get("heard", 0):
        limits.append(
            f"{heard:,} mails that came in are beyond what is remembered: whether mail takes up "
            "an old thread was not judged."
        )
    return limits


def _case(case: Case) -> result.MailCase:
    suspect, rows = case.suspect, case.rows
    domain = suspect.sender.rpartition("@")[2]
    return result.MailCase(
        finding=case.finding.id,
        sender=suspect.sender,
        first_sent=suspect.first,
        last_sent=suspect.last,
        mails=len(suspect.chosen),
        recipients=suspect.recipients,
        score=round(suspect.score, 2),
        what=what_happened(suspect),
        baseline=baseline(suspect.habit),
        signs=tuple(sign.text for sign in suspect.signs),
        joins=tuple(join.text for join in case.joins),
        support=case.support,
        clients=suspect.clients[:_CLIENTS],
        kinds=suspect.kinds,
        subjects=tuple(one[:_SUBJECT_CHARACTERS] for one in rows.subjects[:_SUBJECTS]),
        days=tuple(
            result.MailDay(day=one.day, recipients=one.recipients, unusual=one.unusual)
            for one in days_of(suspect)
        ),
        warn=tuple(_recipient(one, domain) for one in rows.recipients[:_RECIPIENTS]),
        not_listed=rows.unnamed + max(0, len(rows.recipients) - _RECIPIENTS),
    )


def _recipient(one: Recipient, domain: str) -> result.MailRecipient:
    return result.MailRecipient(
        address=one.address,
        inside=one.address.endswith(f"@{domain}"),
        mails=one.mails,
        first=one.first,
        last=one.last,
        failed=one.failed,
    )
