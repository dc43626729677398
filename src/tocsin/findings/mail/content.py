"""Signs of content: what little the log tells of the mails themselves, and of what came back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tocsin.findings.mail.question import Group, Question, Sign
from tocsin.findings.mail.table import HOUR_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.findings.mail.habit import Habit

OLD_DAYS = 5
"""Days after which a thread is old."""


def threads(question: Question) -> Iterator[Sign]:
    """Answers in threads that had rested for days."""
    number = int(question.old[question.chosen].sum())
    share = number / len(question.chosen)
    usual = float(question.old[question.others].mean()) if len(question.others) else 0.0
    if number >= 4 and share >= 0.3 and share >= 3 * usual:
        text = (
            f"{number:,} of them take up threads that had rested for {OLD_DAYS} days or more "
            f"({usual:.0%} of the others do)"
        )
        yield Sign("old_threads", Group.CONTENT, 1.0, text)


def size(question: Question, habit: Habit) -> Iterator[Sign]:
    """All of one size, or larger than ever."""
    sizes = question.mailbox.size[question.chosen].astype(np.float64)
    usual = float(np.median(sizes))
    if len(sizes) < 5 or not usual or not habit.usual_size:
        return
    spread = float(np.median(np.abs(sizes - usual)) / usual)
    if spread <= 0.03 and habit.size_spread >= 0.15:
        text = f"all of about {_kib(usual)}; otherwise sizes differ"
        yield Sign("one_size", Group.CONTENT, 1.0, text)
    elif usual > 1.5 * habit.large_size:
        text = f"about {_kib(usual)} large; 99 of 100 others are below {_kib(habit.large_size)}"
        yield Sign("large", Group.CONTENT, 1.0, text)


def answers(question: Question, habit: Habit) -> Iterator[Sign]:
    """What came back within a day: reports of failure, out-of-office notes."""
    del habit
    box = question.mailbox
    times = box.time[question.chosen]
    first, last = int(times.min()) // HOUR_S, int(times.max()) // HOUR_S + 24
    back = box.came_back
    hours = max(1, (int(box.time[-1]) - int(box.time[0])) // HOUR_S)
    if last - first > hours / 3:
        return
    then = sum(number for hour, number in back.items() if first <= hour <= last)
    usual = (sum(back.values()) - then) / (hours - (last - first)) * (last - first + 1)
    if then >= 4 and then > 4 * usual:
        text = f"{then:,} reports of failure and automatic answers came back within a day"
        yield Sign("came_back", Group.CONTENT, 1.0, text)


def _kib(size_bytes: float) -> str:
    return f"{max(1, round(size_bytes / 1024)):,} KiB"
