"""Signs of volume: much, fast, to many, under one subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tocsin.findings.mail.habit import Habit, by_days, gaps_of, most_alike, most_within
from tocsin.findings.mail.question import FEW_MAILS, Group, Question, Sign
from tocsin.findings.mail.table import DAY_S, HOUR_S

if TYPE_CHECKING:
    from collections.abc import Iterator


def burst(question: Question, habit: Habit) -> Iterator[Sign]:
    """Many recipients, or many mails, within an hour or a day."""
    box, chosen = question.mailbox, question.chosen
    times, counts = box.time[chosen], box.count[chosen]
    hour, first, last = most_within(times, counts, HOUR_S)
    mails = most_within(times, np.ones(len(times), np.int64), HOUR_S)[0]
    day = int(by_days(times, counts).max(initial=0))
    by_hour = _times_more(hour, habit.most_hour, floor=5, fewest=12)
    by_mails = _times_more(mails, habit.most_mails_hour, floor=3, fewest=8)
    by_day = min(0.5, _times_more(day, habit.most_day, floor=8, fewest=15))
    points = max(by_hour, by_mails, by_day)
    if len(chosen) < FEW_MAILS:
        points = min(points, 0.25)
    if not points:
        return
    minutes = max(1, round((int(times[last]) - int(times[first])) / 60))
    if points <= by_hour:
        text = (
            f"{hour:,} recipients within {_minutes(minutes)}; otherwise at most "
            f"{habit.most_hour:,} within an hour"
        )
    elif points <= by_mails:
        text = f"{mails:,} mails within an hour; otherwise at most {habit.most_mails_hour:,}"
    else:
        text = f"{day:,} recipients on one day; otherwise at most {habit.most_day:,}"
    yield Sign("burst", Group.VOLUME, points, text)


def steady(question: Question, habit: Habit) -> Iterator[Sign]:
    """On several days as much as the mailbox usually sends, several times over."""
    box = question.mailbox
    days = by_days(box.time[question.chosen], box.count[question.chosen])
    much = days >= 2.5 * max(habit.usual_day, 4)
    if much.sum() >= 2:
        text = (
            f"{int(days[much].min()):,} recipients or more on each of {int(much.sum())} days; "
            f"usually {round(habit.usual_day):,}"
        )
        yield Sign("steady", Group.VOLUME, 1.0, text)


def alike(question: Question, habit: Habit) -> Iterator[Sign]:
    """One subject, in many mails."""
    box, chosen = question.mailbox, question.chosen
    number = most_alike(box.time[chosen], box.shape[chosen])[0]
    usual = habit.most_alike
    if number >= max(8, 2 * usual):
        text = f"one subject in {number:,} mails; otherwise at most {usual:,} within a week"
        yield Sign("one_subject", Group.VOLUME, 1.0, text)


def contacts(question: Question, habit: Habit) -> Iterator[Sign]:
    """Much of the address book within a day, or many strangers."""
    box = question.mailbox
    times, counts = box.time[question.chosen], box.count[question.chosen]
    _, first, last = most_within(times, counts, DAY_S)
    own = box.contacts(question.chosen[first : last + 1])
    known = box.contacts(question.others)
    both = int(np.isin(own, known, assume_unique=True).sum())
    is_much = both > 0.2 * len(known) and both > habit.most_day
    if both >= 8 and is_much and len(question.chosen) >= FEW_MAILS:
        text = f"to {both:,} of the {len(known):,} people whom this mailbox ever wrote to"
        yield Sign("contacts", Group.VOLUME, 1.0, text)
    strangers = len(own) - both
    if strangers >= 20 and strangers > 2 * habit.most_day:
        text = f"to {strangers:,} people whom this mailbox never wrote to before or after"
        yield Sign("strangers", Group.VOLUME, 1.0, text)


def pace(question: Question, habit: Habit) -> Iterator[Sign]:
    """Faster than a person writes, where the owner never is."""
    gaps = gaps_of(question.mailbox.time[question.chosen])
    if len(gaps) < 7:
        return
    usual, slow = float(np.median(gaps)), habit.slow
    if usual <= 6 and (slow is None or slow > 4 * max(usual, 1)):
        text = f"one mail every {max(1, round(usual))} s; people do not write so fast"
        yield Sign("pace", Group.VOLUME, 1.0, text)


def _times_more(number: int, usual: int, *, floor: int, fewest: int) -> float:
    """Strength where `usual` is the most otherwise: half from twice as many, 1 from five times."""
    if number < fewest:
        return 0.0
    ratio = number / max(usual, floor)
    return 1.0 if ratio >= 5 else 0.5 if ratio >= 2 else 0.0


def _minutes(minutes: int) -> str:
    return f"{minutes} minute{'s' if minutes != 1 else ''}"
