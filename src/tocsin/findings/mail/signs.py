"""What is unusual about some mails of a mailbox, beside its habit; each sign says its own numbers.

Signs are of three groups. *Volume* alone proves nothing: newsletters, invoices and invitations are
many mails too. *Who* are a new address, a new type of client, hours at which the owner never
writes: a journey shows these. *Content* is what little the log tells of the mails themselves. Only
several groups together make mail unusual.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tocsin.findings.keys import is_inside
from tocsin.findings.mail.habit import Habit, by_days, most_alike, most_within
from tocsin.findings.mail.sent import ITSELF
from tocsin.findings.mail.table import DAY_S, HOUR_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from tocsin.findings.mail.crowd import Crowd
    from tocsin.findings.mail.table import Mailbox, Places

_RARE = 0.01
_FEW_MAILS = 3
"""Fewer mails are no burst, however many they went to."""
OLD_DAYS = 5
"""Days after which a thread is old."""
FIRST_DAYS = 5
"""Days with mail that tell what a mailbox uses."""
_DAYS_BEFORE = 2
"""So many of them before something that is called new."""
_BESIDES = 0.3
"""The share of later days on which the owner writes by the old means, if nothing replaced them."""


class Group(StrEnum):
    """What a sign is about."""

    VOLUME = "volume"
    WHO = "who"
    CONTENT = "content"


class Sign(NamedTuple):
    """One unusual thing; `text` says it with its numbers.

    `points` are its strength, up to 1, times what knowledge gives for such a sign.
    """

    name: str
    group: Group
    points: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """Some mails of a mailbox, `chosen`, beside its `others`.

    `old` tells which of all its mails take up an old thread.
    """

    mailbox: Mailbox
    chosen: Places
    others: Places
    old: NDArray[np.bool_]
    crowd: Crowd


def telling(question: Question) -> tuple[Sign, ...]:
    """Signs without which all others say nothing: people send many invitations, also at night."""
    return tuple(sign for find in (_address, _kind, _server, _threads) for sign in find(question))


def further(question: Question, habit: Habit) -> tuple[Sign, ...]:
    """All other signs, beside the habit that the others show."""
    return tuple(
        sign
        for find in (_burst, _steady, _alike, _contacts, _pace, _hours, _size, _answers)
        for sign in find(question, habit)
    )


def weighed(found: Iterable[Sign], points: Mapping[str, float]) -> tuple[Sign, ...]:
    """The same signs with the points that knowledge gives for each by its name; volume first."""
    given = (sign._replace(points=round(sign.points * points[sign.name], 2)) for sign in found)
    return tuple(sorted(given, key=lambda sign: list(Group).index(sign.group)))


def _burst(question: Question, habit: Habit) -> Iterator[Sign]:
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
    if len(chosen) < _FEW_MAILS:
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


def _steady(question: Question, habit: Habit) -> Iterator[Sign]:
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


def _alike(question: Question, habit: Habit) -> Iterator[Sign]:
    """One subject, in many mails."""
    box, chosen = question.mailbox, question.chosen
    number = most_alike(box.time[chosen], box.shape[chosen])[0]
    usual = habit.most_alike
    if number >= max(8, 2 * usual):
        text = f"one subject in {number:,} mails; otherwise at most {usual:,} within a week"
        yield Sign("one_subject", Group.VOLUME, 1.0, text)


def _contacts(question: Question, habit: Habit) -> Iterator[Sign]:
    """Much of the address book within a day, or many strangers."""
    box = question.mailbox
    times, counts = box.time[question.chosen], box.count[question.chosen]
    _, first, last = most_within(times, counts, DAY_S)
    own = box.contacts(question.chosen[first : last + 1])
    known = box.contacts(question.others)
    both = int(np.isin(own, known, assume_unique=True).sum())
    is_much = both > 0.2 * len(known) and both > habit.most_day
    if both >= 8 and is_much and len(question.chosen) >= _FEW_MAILS:
        text = f"to {both:,} of the {len(known):,} people whom this mailbox ever wrote to"
        yield Sign("contacts", Group.VOLUME, 1.0, text)
    strangers = len(own) - both
    if strangers >= 20 and strangers > 2 * habit.most_day:
        text = f"to {strangers:,} people whom this mailbox never wrote to before or after"
        yield Sign("strangers", Group.VOLUME, 1.0, text)


def _pace(question: Question, habit: Habit) -> Iterator[Sign]:
    """Faster than a person writes, where the owner never is."""
    gaps = np.diff(question.mailbox.time[question.chosen])
    gaps = gaps[gaps <= HOUR_S]
    if len(gaps) < 7:
        return
    usual, slow = float(np.median(gaps)), habit.slow
    if usual <= 6 and (slow is None or slow > 4 * max(usual, 1)):
        text = f"one mail every {max(1, round(usual))} s; people do not write so fast"
        yield Sign("pace", Group.VOLUME, 1.0, text)


def _newness(question: Question, thing: NDArray[np.bool_]) -> float:
    """Points for an address or a type of client; `thing` tells which mails are of it.

    It is not new where the mailbox used it at once, or uses it elsewhere; nor where it
    took the place of what was before: people get new telephones. Whoever acts beside the owner
    does not keep the owner from writing.
    """
    box = question.mailbox
    days = box.time // DAY_S
    used = np.flatnonzero(thing)
    since = int(used[0])
    before, within = np.unique(days[:since]), np.unique(days[since : int(used[-1]) + 1])
    outside = len(np.unique(days)) - len(within)
    elsewhere = float(thing[question.others].mean()) if len(question.others) else 0.0
    if len(before) < _DAYS_BEFORE or outside < FIRST_DAYS or elsewhere > 0.05:
        return 0.0
    later, besides = np.unique(days[since:]), np.unique(days[since:][~thing[since:]])
    if len(later) > _DAYS_BEFORE and len(besides) < _BESIDES * len(later):
        return 0.0
    return 0.5 if elsewhere else 1.0


def _address(question: Question) -> Iterator[Sign]:
    """An address that this mailbox does not use otherwise, and that is none of the house."""
    box, crowd = question.mailbox, question.crowd
    clients = box.table.clients
    networks = {network_of(clients[place]) for place in np.unique(box.client[question.others])}
    days = box.time // DAY_S
    fresh = 0.0
    named: list[str] = []
    for place in np.unique(box.client[question.chosen]).tolist():
        address = clients[place]
        of_it = box.client == place
        if (
            address in ("", ITSELF)
            or network_of(address) in networks
            or crowd.is_of_the_house(place, uses_it=len(np.unique(days[of_it])) >= 3)
            or crowd.moved_to(place, int(days[of_it].min()), kinds=False)
        ):
            continue
        if points := _newness(question, of_it):
            fresh += points * float(of_it[question.chosen].mean())
            named.append(address)
    points = fresh - 3 * _restlessness(question) if fresh else 0.0
    if fresh >= 0.5 and points >= 0.25:
        shown = ", ".join(named[:3]) + (f" and {len(named) - 3} more" if len(named) > 3 else "")
        text = f"from {shown}, which this mailbox does not use otherwise"
        yield Sign("new_address", Group.WHO, 1.0 if points > 0.7 else 0.5, text)


def _restlessness(question: Question) -> float:
    """The share of the mailbox's other days on which it came from a network never used before."""
    box, others = question.mailbox, question.others
    table = box.table
    seen: set[str] = set()
    restless: set[int] = set()
    all_days: set[int] = set()
    pairs = np.unique(
        np.stack([box.time[others] // DAY_S, box.client[others].astype(np.int64)]), axis=1
    )
    for day, place in zip(*pairs.tolist(), strict=True):
        network = network_of(table.clients[place])
        if network and network not in seen and all_days - {day}:
            restless.add(day)
        all_days.add(day)
        seen.add(network)
    return len(restless) / max(1, len(all_days))


def _kind(question: Question) -> Iterator[Sign]:
    """A type of client that this mailbox does not use otherwise."""
    box, crowd = question.mailbox, question.crowd
    kinds, numbers = np.unique(box.kind[question.chosen], return_counts=True)
    for kind, number in zip(kinds.tolist(), numbers.tolist(), strict=True):
        name = box.table.kinds[kind]
        if not name or number < 0.5 * len(question.chosen):
            continue
        of_it = box.kind == kind
        day = int(box.time[of_it].min()) // DAY_S
        points = _newness(question, of_it)
        if points and not (
            crowd.moved_to(kind, day, kinds=True) or _is_application(question, of_it)
        ):
            usual = int(of_it[question.others].sum())
            text = f"by {name}, which this mailbox used for {usual:,} of {len(question.others):,}"
            yield Sign("new_client", Group.WHO, points, f"{text} other mails")


def _is_application(question: Question, of_it: NDArray[np.bool_]) -> bool:
    """Whether these mails come from where other mailboxes send by the same means day by day.

    Then it is a program of the house.
    """
    box, crowd = question.mailbox, question.crowd
    clients = box.client[of_it]
    told = [place for place in np.unique(clients).tolist() if box.table.clients[place]]
    kind = int(box.kind[of_it][0])
    return bool(told) and all(crowd.is_application(place, kind) for place in told)


def _server(question: Question) -> Iterator[Sign]:
    """From the server's own address, as a forged request makes it look."""
    box, crowd = question.mailbox, question.crowd
    if ITSELF not in box.table.clients:
        return
    place = box.table.clients.index(ITSELF)
    of_it = box.client == place
    share = float(of_it[question.chosen].mean())
    if share < 0.5 or crowd.is_of_the_house(place, uses_it=False):
        return
    if points := _newness(question, of_it):
        text = "from the server itself, as forged requests come; this mailbox does not otherwise"
        yield Sign("from_server", Group.WHO, points, text)


def _hours(question: Question, habit: Habit) -> Iterator[Sign]:
    """At hours at which the owner does not write."""
    hours = np.array(habit.hours)
    near = np.max([hours, np.roll(hours, 1), np.roll(hours, -1)], axis=0)
    of_chosen = (question.mailbox.time[question.chosen] // HOUR_S) % 24
    odd = float((near[of_chosen] < _RARE).mean())
    if odd >= 0.5:
        quiet = habit.never_between()
        told = (
            f"; it never sends between {quiet[0]:02}:00 and {quiet[1]:02}:00 UTC" if quiet else ""
        )
        text = f"{odd:.0%} of them at hours at which this mailbox otherwise does not send{told}"
        yield Sign("odd_hours", Group.WHO, 1.0 if odd >= 0.8 else 0.5, text)


def _threads(question: Question) -> Iterator[Sign]:
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


def _size(question: Question, habit: Habit) -> Iterator[Sign]:
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


def _answers(question: Question, habit: Habit) -> Iterator[Sign]:
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


@lru_cache(maxsize=65536)
def network_of(address: str) -> str:
    """The network around an address; empty for none.

    That is a /48 of IPv6, and of IPv4 a /24, or a /16 inside, where a house gives them out anew.
    """
    if address in ("", ITSELF):
        return address
    length = 48 if ip_address(address).version == 6 else 16 if is_inside(address) else 24
    return str(ip_network(f"{address}/{length}", strict=False))


def _times_more(number: int, usual: int, *, floor: int, fewest: int) -> float:
    """Strength where `usual` is the most otherwise: half from twice as many, 1 from five times."""
    if number < fewest:
        return 0.0
    ratio = number / max(usual, floor)
    return 1.0 if ratio >= 5 else 0.5 if ratio >= 2 else 0.0


def _minutes(minutes: int) -> str:
    return f"{minutes} minute{'s' if minutes != 1 else ''}"


def _kib(size_bytes: float) -> str:
    return f"{max(1, round(size_bytes / 1024)):,} KiB"
