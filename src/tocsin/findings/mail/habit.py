"""What one mailbox usually does, by all its mails but those that are in question.

Medians and the like, not means: one strange day, or ten, must not become the habit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tocsin.findings.mail.table import DAY_S, HOUR_S

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from tocsin.findings.mail.table import Mailbox, Places

    Numbers: TypeAlias = NDArray[Any]

RARE = 0.01
"""The share of an hour of the day in all mail, below which the owner does not write then."""
_WEEK_S = 7 * DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """A mailbox's usual ways. `days` are those with mail; numbers of recipients are by day.

    `spread` is the median distance from the median, `most_day` the busiest day; `most_hour` and
    `most_mails_hour` are recipients and mails in the busiest sixty minutes, whenever they began.
    `hours` is the share of its mails by hour of the day, UTC. `most_alike` are mails with one kind
    of subject within a week. `slow` is the first decile of seconds between two mails, None without
    two on one day.
    """

    mails: int
    days: int
    usual_day: float
    spread: float
    most_day: int
    most_hour: int
    most_mails_hour: int
    hours: tuple[float, ...]
    most_alike: int
    slow: float | None
    usual_size: float
    large_size: float
    size_spread: float

    def never_between(self) -> tuple[int, int] | None:
        """The longest stretch of hours, UTC, without mail, at least six: from, until."""
        quiet = [share < RARE for share in self.hours]
        if all(quiet):
            return None
        best = (0, 0)
        for start in range(24):
            length = 0
            while length < 24 and quiet[(start + length) % 24]:
                length += 1
            best = max(best, (length, -start))
        length, start = best[0], -best[1]
        return (start, (start + length) % 24) if length >= 6 else None


def habit_of(mailbox: Mailbox, others: Places) -> Habit:
    """The habit in these mails."""
    times, counts = mailbox.time[others], mailbox.count[others]
    by_day = by_days(times, counts)
    gaps = gaps_of(times)
    sizes = mailbox.size[others].astype(np.float64)
    hours = np.bincount((times // HOUR_S) % 24, minlength=24) / max(1, len(times))
    usual_size = float(np.median(sizes)) if len(sizes) else 0.0
    return Habit(
        mails=len(others),
        days=len(by_day),
        usual_day=float(np.median(by_day)) if len(by_day) else 0.0,
        spread=float(np.median(np.abs(by_day - np.median(by_day)))) if len(by_day) else 0.0,
        most_day=int(by_day.max(initial=0)),
        most_hour=most_within(times, counts, HOUR_S)[0],
        most_mails_hour=most_within(times, np.ones(len(times), np.int64), HOUR_S)[0],
        hours=tuple(hours.tolist()),
        most_alike=most_alike(times, mailbox.shape[others])[0],
        slow=float(np.quantile(gaps, 0.1)) if len(gaps) else None,
        usual_size=usual_size,
        large_size=float(np.quantile(sizes, 0.99)) if len(sizes) else 0.0,
        size_spread=float(np.median(np.abs(sizes - usual_size)) / usual_size)
        if usual_size
        else 0.0,
    )


def by_days(times: Places, counts: Places) -> Places:
    """Recipients on each day with mail, UTC."""
    days, places = np.unique(times // DAY_S, return_inverse=True)
    return np.bincount(places, counts, len(days)).astype(np.int64)


def gaps_of(times: Places) -> Places:
    """Seconds between two mails that follow each other within an hour."""
    gaps = np.diff(times)
    return gaps[gaps <= HOUR_S]


def most_within(times: Places, counts: Places, seconds: int) -> tuple[int, int, int]:
    """The most that lies within so many seconds, and the places of its first and last mail."""
    if not len(times):
        return 0, 0, 0
    sums = np.concatenate([[0], np.cumsum(counts)])
    ends = np.searchsorted(times, times + seconds, side="right")
    within = sums[ends] - sums[:-1]
    first = int(within.argmax())
    return int(within[first]), first, int(ends[first]) - 1


def most_alike(times: Places, shapes: Numbers) -> tuple[int, int]:
    """The most mails with one kind of subject within a week, and the number of that kind.

    Mails without a subject are not alike: the log may not hold subjects at all.
    """
    best = (0, 0)
    kinds, places, totals = np.unique(shapes, return_inverse=True, return_counts=True)
    for at in np.argsort(-totals, kind="stable").tolist():
        if int(totals[at]) <= best[0]:
            break
        if kinds[at]:
            chosen = times[places == at]
            most = most_within(chosen, np.ones(len(chosen), np.int64), _WEEK_S)[0]
            best = max(best, (most, int(kinds[at])))
    return best


def takes_up_old(mailbox: Mailbox, days: int) -> NDArray[np.bool_]:
    """Which mails are replies in a thread that rested for so many days.

    Message tracking tells of a thread by its subject only. One of which nothing was seen before
    has rested since before the log, so that nothing is said in the log's first days. Where more
    came in than is remembered, nothing can be said at all.
    """
    if mailbox.table.lost.get("heard"):
        return np.zeros(len(mailbox), np.bool_)
    came, came_at = mailbox.came_in()
    threads = np.concatenate([mailbox.thread.astype(np.uint64), came])
    times = np.concatenate([mailbox.time, came_at])
    order = np.lexsort((np.arange(len(threads)), times, threads))
    threads, times = threads[order], times[order]
    before = np.empty(len(order), np.int64)
    before[1:] = np.where(threads[1:] == threads[:-1], times[:-1], mailbox.table.begins)
    before[:1] = mailbox.table.begins
    rested = np.empty(len(order), np.bool_)
    rested[order] = times - before >= days * DAY_S
    found: NDArray[np.bool_] = rested[: len(mailbox)] & (mailbox.marks > 0) & (mailbox.thread > 0)
    return found
