"""Which of a mailbox's mails to look at together: sittings, newcomers, mails that are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tocsin.findings.mail.habit import most_alike
from tocsin.findings.mail.table import DAY_S, HOUR_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.findings.mail.habit import Numbers
    from tocsin.findings.mail.table import Mailbox, Places

_FEWEST_MAILS = 3
_FEWEST_RECIPIENTS = 10
_SITTINGS = 3
_NEWCOMERS = 4
_MOST_DAYS = 0.6
"""What a mailbox uses on more of its days is its habit, and no newcomer."""
_DAYS = 100_000


def candidates(mailbox: Mailbox) -> Iterator[Places]:
    """Sets of mails, each as places in order; few, and the largest of each kind."""
    seen: set[bytes] = set()
    for chosen in (
        *_sittings(mailbox),
        *_newcomers(mailbox, mailbox.client, mailbox.table.untold),
        *_newcomers(mailbox, mailbox.kind, -1),
        *_newcomers(mailbox, _means(mailbox), -1),
        *_alike(mailbox),
    ):
        key = chosen.tobytes()
        enough = len(chosen) >= _FEWEST_MAILS or (
            int(mailbox.count[chosen].sum()) >= _FEWEST_RECIPIENTS
        )
        if enough and key not in seen and len(chosen) < len(mailbox):
            seen.add(key)
            yield chosen


def _sittings(mailbox: Mailbox) -> Iterator[Places]:
    """Mails with less than an hour between them: those to the most, and the most of them."""
    borders = np.flatnonzero(np.diff(mailbox.time) > HOUR_S) + 1
    starts = np.concatenate([[0], borders])
    ends = np.concatenate([borders, [len(mailbox)]])
    sums = np.concatenate([[0], np.cumsum(mailbox.count)])
    recipients, mails = sums[ends] - sums[starts], ends - starts
    for measure in (recipients, mails):
        for at in np.argsort(-measure, kind="stable")[:_SITTINGS].tolist():
            yield np.arange(starts[at], ends[at])


def _newcomers(mailbox: Mailbox, things: Numbers, nothing: int) -> Iterator[Places]:
    """Mails of one address or one type of client that this mailbox uses on few days."""
    different, places, numbers = np.unique(things, return_inverse=True, return_counts=True)
    sums = np.bincount(places, mailbox.count, len(different))
    days = mailbox.time // DAY_S
    pairs = np.unique(places * _DAYS + days) // _DAYS
    on_days = np.bincount(pairs, minlength=len(different))
    few = (on_days <= _MOST_DAYS * len(np.unique(days))) & (different != nothing)
    found = np.flatnonzero(few & ((numbers >= _FEWEST_MAILS) | (sums >= _FEWEST_RECIPIENTS)))
    most = found[np.argsort(-sums[found], kind="stable")][:_NEWCOMERS]
    rarest = found[np.lexsort((-sums[found], on_days[found]))][:_NEWCOMERS]
    for at in dict.fromkeys((*most.tolist(), *rarest.tolist())):
        yield np.flatnonzero(places == at)


def _means(mailbox: Mailbox) -> Numbers:
    """One number for each address with each type of client."""
    return mailbox.client.astype(np.int64) * len(mailbox.table.kinds) + mailbox.kind


def _alike(mailbox: Mailbox) -> Iterator[Places]:
    """Mails with one kind of subject, of the kind that comes most often within a week."""
    number, shape = most_alike(mailbox.time, mailbox.shape)
    if number >= _FEWEST_MAILS:
        yield np.flatnonzero(mailbox.shape == shape)
