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
_BITS, _DAY_BITS = 20, 16
"""Enough for the places of mailboxes and of addresses, and for days since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """How common addresses and types of client are.

    `users` counts the mailboxes that used each address on several days. `began` counts, by day
    since 1970, how many mailboxes used each for the first time; a mailbox's own first day is none.
    """

    mailboxes: int
    users: NDArray[np.int64]
    clients_began: dict[tuple[int, int], int]
    kinds_began: dict[tuple[int, int], int]

    def is_of_the_house(self, client: int, *, uses_it: bool) -> bool:
        """Whether others use this address day by day; `uses_it` is of the mailbox in question."""
        return int(self.users[client]) - uses_it >= _HOUSE

    def moved_to(self, thing: int, day: int, *, kinds: bool) -> bool:
        """Whether many mailboxes began with this address or type of client on that day."""
        began = (self.kinds_began if kinds else self.clients_began).get((thing, day), 0)
        return began >= max(_MOVED_FEWEST, _MOVED * self.mailboxes)


def crowd_of(table: Table) -> Crowd:
    """Count over all mailboxes."""
    senders = table.columns["sender"].astype(np.int64)
    days = table.columns["time"] // DAY_S
    clients = table.columns["client"].astype(np.int64)
    used = np.unique((senders << _BITS | clients) << _DAY_BITS | days) >> _DAY_BITS
    pairs, on_days = np.unique(used, return_counts=True)
    often = pairs[on_days >= _ESTABLISHED_DAYS] & (1 << _BITS) - 1
    return Crowd(
        mailboxes=len(np.unique(senders)),
        users=np.bincount(often, minlength=len(table.clients) + 1),
        clients_began=_began(senders, clients, days),
        kinds_began=_began(senders, table.columns["kind"].astype(np.int64), days),
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
