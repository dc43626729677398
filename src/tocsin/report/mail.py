"""Mail in question as the page draws it, and as two files for those who must be warned."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.knowledge.mail import mail_knowledge
from tocsin.report import words
from tocsin.report.cells import harmless
from tocsin.report.visible import shortened, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from tocsin.model.result import MailAbuse, MailCase, MailDay, Result

RECIPIENTS, NOTE = "recipients.csv", "recipients.txt"
"""What follows ``report.`` in the names of the two files."""
COLUMNS = (
    *("server", "finding", "sender", "recipient", "inside", "mails"),
    *("first_sent", "last_sent", "delivery_failed"),
)
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 860, 170, 44, 26, 14
_SUBJECT_CHARACTERS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A day: its place, the height of all its recipients, and of those in question."""

    x: float
    width: float
    y: float
    height: float
    unusual_y: float
    unusual_height: float
    day: MailDay


@dataclass(frozen=True, slots=True, kw_only=True)
class MailChart:
    """Recipients of a mailbox by day. Lengths are in units of the drawing."""

    width: int
    height: int
    left: int
    bottom: int
    bars: Sequence[Bar]
    rules: Sequence[tuple[float, int]]
    ticks: Sequence[tuple[float, date]]
    description: str


def draw(case: MailCase) -> MailChart | None:
    """Draw the days of one mailbox; None where there is none."""
    if not case.days:
        return None
    most = max(1, *(one.recipients for one in case.days))
    step = (_WIDTH - _LEFT) / len(case.days)
    scale = (_HEIGHT - _BOTTOM - _TOP) / most
    base = _HEIGHT - _BOTTOM
    bars = [
        Bar(
            x=round(_LEFT + at * step + step * 0.1, 1),
            width=round(step * 0.8, 1),
            y=round(base - one.recipients * scale, 1),
            height=round((one.recipients - one.unusual) * scale, 1),
            unusual_y=round(base - one.unusual * scale, 1),
            unusual_height=round(one.unusual * scale, 1),
            day=one,
        )
        for at, one in enumerate(case.days)
    ]
    every = max(1, len(case.days) // 8)
    return MailChart(
        width=_WIDTH,
        height=_HEIGHT,
        left=_LEFT,
        bottom=base,
        bars=bars,
        rules=[(round(base - number * scale, 1), number) for number in _steps(most)],
        ticks=[
            (round(_LEFT + (at + 0.5) * step, 1), one.day)
            for at, one in enumerate(case.days)
            if at % every == every // 2
        ],
        description=_described(case),
    )


def summary_of(abuse: MailAbuse) -> str:
    """How many mailboxes were compared, and of how many nothing can be said."""
    compared = abuse.mailboxes - abuse.cannot_tell - abuse.machines
    told = (
        f"{words.count(abuse.mailboxes, 'mailbox', 'mailboxes')} sent "
        f"{words.count(abuse.mails, 'mail')}; {compared:,} can be compared with their own habit, "
        f"{abuse.cannot_tell:,} sent too little for that"
    )
    if abuse.machines:
        told += f", {abuse.machines:,} sent more than a person can{_machines(abuse)}"
    unusual = len(abuse.cases)
    if not unusual:
        return f"{told}. None of those that can be compared is unusual."
    return f"{told}. Mail of {words.count(unusual, 'mailbox', 'mailboxes')} is in question."


def sentence(case: MailCase) -> str:
    """What happened, beside what is usual and with what ties it to a break-in, in one sentence."""
    usual = case.baseline.partition(" (")[0]
    tie = f", {case.joins[0].partition(': ')[0]}" if case.joins else ""
    return f"{usual[:1].upper()}{usual[1:]}; {case.what}{tie}."


def _machines(abuse: MailAbuse) -> str:
    """Which they are: where one of them is a person's, somebody else sent all that mail."""
    if not abuse.machine_senders:
        return ""
    rest = abuse.machines - len(abuse.machine_senders)
    more = f" and {rest:,} more" if rest > 0 else ""
    return f" and were not compared ({', '.join(abuse.machine_senders)}{more}: is each a machine?)"


def beside(result: Result) -> dict[str, bytes]:
    """The list of recipients and the note to them; nothing where no mail is in question."""
    if not any(host.mail_abuse and host.mail_abuse.cases for host in result.hosts):
        return {}
    return {RECIPIENTS: _csv(result), NOTE: _note(result)}


def _csv(result: Result) -> bytes:
    """One line for each recipient of each mailbox, as CSV in UTF-8 with CRLF (RFC 4180)."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for server, case in _cases(result):
        for one in case.warn:
            writer.writerow(
                harmless(cell)
                for cell in (
                    server,
                    case.finding,
                    case.sender,
                    one.address,
                    "yes" if one.inside else "no",
                    str(one.mails),
                    words.moment(one.first),
                    words.moment(one.last),
                    "yes" if one.failed else "no",
                )
            )
    return stream.getvalue().encode("utf-8")


def _note(result: Result) -> bytes:
    """A draft for each mailbox. Nothing in it but its sender, times and subject is evidence."""
    note = mail_knowledge().note
    drafts = []
    for _, case in _cases(result):
        subject = (
            visible(shortened(case.subjects[0], _SUBJECT_CHARACTERS)) if case.subjects else ""
        )
        fields = {
            "sender": visible(case.sender),
            "first": words.minute(case.first_sent),
            "last": words.minute(case.last_sent),
            "subject_line": f' Its subject was mostly "{subject}".' if subject else "",
            "signature": note.signature,
        }
        text = note.text.format_map(fields).strip()
        drafts.append(f"Subject: {note.subject.format_map(fields)}\n\n{text}\n")
    return f"\n{'-' * 72}\n\n".join([f"{note.before}\n", *drafts]).encode("utf-8")


def _cases(result: Result) -> Iterator[tuple[str, MailCase]]:
    for host in result.hosts:
        if host.mail_abuse is not None:
            for case in host.mail_abuse.cases:
                yield host.name, case


def _steps(most: int) -> Sequence[int]:
    """Two or three round numbers up to `most`."""
    step = 1
    while most / step > 3:
        step *= 5 if str(step)[0] == "2" and most / (step * 2.5) > 3 else 2
    return [step * number for number in range(1, most // step + 1)]


def _described(case: MailCase) -> str:
    worst = max(case.days, key=lambda one: one.unusual)
    return (
        f"Recipients by day, {case.days[0].day} to {case.days[-1].day}. Most of those in question "
        f"on {worst.day}: {worst.unusual:,} of {worst.recipients:,}."
    )
