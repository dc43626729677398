"""What is told of unusual mail: what happened, and beside it what is usual. Times are UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tocsin.findings.mail.table import DAY_S

if TYPE_CHECKING:
    from tocsin.findings.mail.habit import Habit
    from tocsin.findings.mail.suspects import Suspect

_DAYS = 120
"""Days that are told one by one: the last ones, with the days in question."""


class Day(NamedTuple):
    """How many recipients a mailbox's mails had on one day, and how many of these in question."""

    day: date
    recipients: int
    unusual: int


def baseline(habit: Habit | None) -> str:
    """What a mailbox usually does, in one sentence."""
    if habit is None:
        return "too little other mail to compare with"
    usual = f"usually {_recipients(round(habit.usual_day))} on a day with mail, at most "
    usual += f"{habit.most_day:,}"
    if quiet := habit.never_between():
        usual += f", never between {quiet[0]:02}:00 and {quiet[1]:02}:00 UTC"
    return f"{usual} ({habit.mails:,} mails on {habit.days:,} days)"


def what_happened(suspect: Suspect) -> str:
    """The mails in question, in a few words."""
    first, last = suspect.first, suspect.last
    mails = f"{len(suspect.chosen):,} mail{'s' if len(suspect.chosen) != 1 else ''}"
    to = f"{mails} to {_recipients(suspect.recipients)}"
    minutes = max(1, round((suspect.last_s - suspect.first_s) / 60))
    if minutes < 120:
        span = f"{minutes} minute{'s' if minutes != 1 else ''}"
        return f"on {first:%Y-%m-%d} {to} in {span}"
    if first.date() == last.date():
        return f"on {first:%Y-%m-%d} {to} in {round(minutes / 60)} hours"
    return f"{to} from {first:%Y-%m-%d} to {last:%Y-%m-%d}"


def days_of(suspect: Suspect) -> tuple[Day, ...]:
    """Each day from the mailbox's first mail to its last, also those without any."""
    days = suspect.mailbox.time // DAY_S
    first, last = int(days.min()), int(days.max())
    length = last - first + 1
    everything = np.bincount(days - first, suspect.mailbox.count, length)
    chosen = np.bincount(
        days[suspect.chosen] - first, suspect.mailbox.count[suspect.chosen], length
    )
    end = min(length, max(_DAYS, int(days[suspect.chosen[-1]]) - first + 8))
    return tuple(
        Day(
            day=datetime.fromtimestamp((first + at) * DAY_S, UTC).date(),
            recipients=int(everything[at]),
            unusual=int(chosen[at]),
        )
        for at in range(max(0, end - _DAYS), end)
    )


def _recipients(number: int) -> str:
    return f"{number:,} recipient{'s' if number != 1 else ''}"
