"""Signs of who: an address, a type of client or an hour that is not the owner's."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

import numpy as np

from tocsin.findings.keys import is_inside
from tocsin.findings.mail.habit import RARE
from tocsin.findings.mail.question import Group, Question, Sign
from tocsin.findings.mail.sent import ITSELF
from tocsin.findings.mail.table import DAY_S, HOUR_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tocsin.findings.mail.habit import Habit

_FIRST_DAYS = 5
"""Days with mail that tell what a mailbox uses."""
_DAYS_BEFORE = 2
"""So many of them before something that is called new."""
_BESIDES = 0.3
"""The share of later days on which the owner writes by the old means, if nothing replaced them."""


def address(question: Question) -> Iterator[Sign]:
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


def kind(question: Question) -> Iterator[Sign]:
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


def server(question: Question) -> Iterator[Sign]:
    """From the server's own address, as a forged request makes it look."""
    box, crowd = question.mailbox, question.crowd
    place = box.table.itself
    if place < 0:
        return
    of_it = box.client == place
    share = float(of_it[question.chosen].mean())
    if share < 0.5 or crowd.is_of_the_house(place, uses_it=False):
        return
    if points := _newness(question, of_it):
        text = "from the server itself, as forged requests come; this mailbox does not otherwise"
        yield Sign("from_server", Group.WHO, points, text)


def hours(question: Question, habit: Habit) -> Iterator[Sign]:
    """At hours at which the owner does not write."""
    hours = np.array(habit.hours)
    near = np.max([hours, np.roll(hours, 1), np.roll(hours, -1)], axis=0)
    of_chosen = (question.mailbox.time[question.chosen] // HOUR_S) % 24
    odd = float((near[of_chosen] < RARE).mean())
    if odd >= 0.5:
        quiet = habit.never_between()
        told = (
            f"; it never sends between {quiet[0]:02}:00 and {quiet[1]:02}:00 UTC" if quiet else ""
        )
        text = f"{odd:.0%} of them at hours at which this mailbox otherwise does not send{told}"
        yield Sign("odd_hours", Group.WHO, 1.0 if odd >= 0.8 else 0.5, text)


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
    if len(before) < _DAYS_BEFORE or outside < _FIRST_DAYS or elsewhere > 0.05:
        return 0.0
    later, besides = np.unique(days[since:]), np.unique(days[since:][~thing[since:]])
    if len(later) > _DAYS_BEFORE and len(besides) < _BESIDES * len(later):
        return 0.0
    return 0.5 if elsewhere else 1.0


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


def _is_application(question: Question, of_it: NDArray[np.bool_]) -> bool:
    """Whether these mails come from where other mailboxes send by the same means day by day.

    Then it is a program of the house.
    """
    box, crowd = question.mailbox, question.crowd
    clients = box.client[of_it]
    told = [place for place in np.unique(clients).tolist() if box.table.clients[place]]
    kind = int(box.kind[of_it][0])
    return bool(told) and all(crowd.is_application(place, kind) for place in told)


@lru_cache(maxsize=65536)
def network_of(address: str) -> str:
    """The network around an address; empty for none.

    That is a /48 of IPv6, and of IPv4 a /24, or a /16 inside, where a house gives them out anew.
    """
    if address in ("", ITSELF):
        return address
    length = 48 if ip_address(address).version == 6 else 16 if is_inside(address) else 24
    return str(ip_network(f"{address}/{length}", strict=False))
