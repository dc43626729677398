"""What many mailboxes do alike says nothing of one: a proxy's address, a day of migration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tocsin.findings.mail.table import DAY_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tocsin.findings.mail.table import Table

_ESTABLISHED_DAYS = 3
"""Days on which a mailbox used an address, for it to be one that it uses."""
_HOUSE = 2
"""Other mailboxes that use an address for it to be one of the house, or a proxy's."""
_MOVED = 0.2
"""The share of all mailboxes that begin with something on one day where that is a migration."""
_MOVED_FEWEST = 5
_BITS, _KIND_BITS, _DAY_BITS = 19, 10, 15
"""Enough for the places of mailboxes and addresses, for types of client, and for days of a log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """How common addresses and types of client are.

    `users` counts the mailboxes that used each address on several days. `began` counts, by day
    since the log's first, how many mailboxes used each for the first time; a mailbox's own first
    day is none.
    `programs` are addresses with a type of client that several mailboxes use day by day.
    """

    mailboxes: int
    first_day: int
    users: NDArray[np.int64]
    clients_began: dict[tuple[int, int], int]
    kinds_began: dict[tuple[int, int], int]
    programs: frozenset[tuple[int, int]]

    def is_application(self, client: int, kind: int) -> bool:
        """Whether several mailboxes send by this address and type of client, and few by the first.

        What most of the house comes from is a proxy, of which the address says nothing.
        """
        is_proxy = int(self.users[client]) >= max(_MOVED_FEWEST, _MOVED * self.mailboxes)
        return (client, kind) in self.programs and not is_proxy

    def is_of_the_house(self, client: int, *, uses_it: bool) -> bool:
        """Whether others use this address day by day; `uses_it` is of the mailbox in question."""
        return int(self.users[client]) - uses_it >= _HOUSE

    def moved_to(self, thing: int, day: int, *, kinds: bool) -> bool:
        """Whether many mailboxes began with this address or type of client on that day.

        The day is counted from 1970.
        """
        began_on = self.kinds_began if kinds else self.clients_began
        began = began_on.get((thing, day - self.first_day), 0)
        return began >= max(_MOVED_FEWEST, _MOVED * self.mailboxes)


def crowd_of(table: Table) -> Crowd:
    """Count over all mailboxes."""
    senders = table.columns["sender"].astype(np.int64)
    days = table.columns["time"] // DAY_S
    days = np.minimum(days - days.min(initial=2**31), (1 << _DAY_BITS) - 1)
    clients = table.columns["client"].astype(np.int64)
    used = np.unique((senders << _BITS | clients) << _DAY_BITS | days) >> _DAY_BITS
    pairs, on_days = np.unique(used, return_counts=True)
    often = pairs[on_days >= _ESTABLISHED_DAYS] & (1 << _BITS) - 1
    kinds = table.columns["kind"].astype(np.int64)
    means = (senders << _BITS | clients) << _KIND_BITS | kinds
    used_means = np.unique(means << _DAY_BITS | days) >> _DAY_BITS
    ways, means_days = np.unique(used_means, return_counts=True)
    ways = ways[means_days >= _ESTABLISHED_DAYS] & (1 << _BITS + _KIND_BITS) - 1
    programs, users = np.unique(ways, return_counts=True)
    return Crowd(
        mailboxes=len(np.unique(senders)),
        first_day=int(table.columns["time"].min(initial=2**32)) // DAY_S,
        users=np.bincount(often, minlength=len(table.clients) + 1),
        clients_began=_began(senders, clients, days),
        kinds_began=_began(senders, kinds, days),
        programs=frozenset(
            (way >> _KIND_BITS, way & (1 << _KIND_BITS) - 1)
            for way in programs[users >= _HOUSE].tolist()
        ),
    )


def _began(
    senders: NDArray[np.int64], things: NDArray[np.int64], days: NDArray[np.int64]
) -> dict[tuple[int, int], int]:
    """By thing and day: the mailboxes that used it then for the first time, though not they too.

    Mails come by mailbox and time.
    """
    _, places, which = np.unique(senders, return_index=True, return_inverse=True)
    own_first = days[places][which]
    _, firsts = np.unique(senders << _BITS | things, return_index=True)
    firsts = firsts[days[firsts] != own_first[firsts]]
    pairs, numbers = np.unique(things[firsts] << _DAY_BITS | days[firsts], return_counts=True)
    return {
        (pair >> _DAY_BITS, pair & (1 << _DAY_BITS) - 1): number
        for pair, number in zip(pairs.tolist(), numbers.tolist(), strict=True)
    }
