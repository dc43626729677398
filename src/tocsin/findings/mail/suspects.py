"""Whose mail is unusual, and whose cannot be told: the judgement over all mailboxes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from tocsin.findings.mail.candidates import candidates
from tocsin.findings.mail.content import OLD_DAYS
from tocsin.findings.mail.crowd import crowd_of
from tocsin.findings.mail.habit import habit_of, takes_up_old
from tocsin.findings.mail.question import Group, Question, Sign
from tocsin.findings.mail.signs import further, telling, weighed
from tocsin.findings.mail.table import DAY_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tocsin.findings.mail.crowd import Crowd
    from tocsin.findings.mail.habit import Habit
    from tocsin.findings.mail.table import Mailbox, Places, Table
    from tocsin.knowledge.mail import Limits

_LEAST = 0.5
"""Points that volume or content, and who, must have at the least: one alone is everyday life."""

_OWN_DAYS = 3
"""Days before a break-in on which the owner wrote from an address, for it to be the owner's."""
_OWN_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Suspect:
    """Mails of one mailbox that its owner may not have written.

    `habit` is None where there is too little else to compare with. `score` are the points of
    `signs`, where mere volume is capped. `intruder` is the address that also broke in, if some of
    these mails came from it; of several the one of most mails.
    """

    mailbox: Mailbox
    chosen: Places
    habit: Habit | None
    signs: tuple[Sign, ...]
    score: float
    intruder: str = ""

    @property
    def sender(self) -> str:
        """The mailbox's address."""
        return self.mailbox.sender

    @property
    def first_s(self) -> int:
        """The first of these mails, in seconds since 1970, UTC."""
        return int(self.mailbox.time[self.chosen[0]])

    @property
    def last_s(self) -> int:
        """The last of them."""
        return int(self.mailbox.time[self.chosen[-1]])

    @property
    def first(self) -> datetime:
        """The time of the first of them, UTC."""
        return datetime.fromtimestamp(self.first_s, UTC)

    @property
    def last(self) -> datetime:
        """The time of the last of them, UTC."""
        return datetime.fromtimestamp(self.last_s, UTC)

    @property
    def recipients(self) -> int:
        """How many recipients they had, one mail's added to another's."""
        return int(self.mailbox.count[self.chosen].sum())

    @property
    def clients(self) -> tuple[str, ...]:
        """The addresses of the clients they came from, those of most mails first."""
        places, numbers = np.unique(self.mailbox.client[self.chosen], return_counts=True)
        order = np.argsort(-numbers, kind="stable")
        names = (self.mailbox.table.clients[place] for place in places[order].tolist())
        return tuple(name for name in names if name)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Their types of client, as the log names them."""
        places = np.unique(self.mailbox.kind[self.chosen]).tolist()
        return tuple(sorted(name for place in places if (name := self.mailbox.table.kinds[place])))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """All mailboxes of one server: how many there are, whose mail is unusual, what cannot be told.

    `cannot_tell` counts mailboxes that sent too little to have a habit, `machines` those that sent
    more than is remembered, and `without_address` mails whose log does not tell the client.
    `machine_senders` are the machines: a flood out of a person's mailbox makes one.
    """

    mailboxes: int
    mails: int
    cannot_tell: int
    machines: int
    machine_senders: tuple[str, ...]
    without_address: int
    lost: Mapping[str, int]
    suspects: tuple[Suspect, ...]


NOTHING = Judged(
    mailboxes=0,
    mails=0,
    cannot_tell=0,
    machines=0,
    machine_senders=(),
    without_address=0,
    lost={},
    suspects=(),
)
"""Of no mailbox at all."""


def judged(
    table: Table, limits: Limits, intruders: Mapping[str, datetime | None] | None = None
) -> Judged:
    """Judge every mailbox; the worst come first.

    `intruders` are the addresses of those who surely broke in, with the time from which that is
    known: what they sent is told, however little it is.
    """
    crowd = crowd_of(table)
    known = intruders or {}
    suspects: list[Suspect] = []
    machines: list[str] = []
    mailboxes, cannot_tell = 0, 0
    for mailbox in table.mailboxes():
        mailboxes += 1
        if mailbox.place in table.machines:
            machines.append(mailbox.sender)
        elif not _is_history(mailbox, np.arange(len(mailbox)), limits):
            cannot_tell += 1
        elif found := _worst(mailbox, crowd, limits):
            suspects.append(found)
        if known and (joined := _of_intruder(mailbox, crowd, limits, known)):
            if suspects and suspects[-1].mailbox is mailbox:
                suspects.pop()
            suspects.append(joined)
    suspects.sort(key=lambda one: (not one.intruder, -one.score, one.sender))
    return Judged(
        mailboxes=mailboxes,
        mails=len(table),
        cannot_tell=cannot_tell,
        machines=len(machines),
        machine_senders=tuple(sorted(machines)),
        without_address=int((table.columns["client"] == table.untold).sum()),
        lost=table.lost,
        suspects=tuple(suspects),
    )


def score_of(found: tuple[Sign, ...], limits: Limits) -> float:
    """The points of these signs together; 0 where one group alone speaks.

    Without a telling sign among them nobody asks.
    """
    points = dict.fromkeys(Group, 0.0)
    for sign in found:
        points[sign.group] += sign.points
    if sum(number >= _LEAST for number in points.values()) < 2:
        return 0.0
    volume = min(points[Group.VOLUME], limits.most_volume)
    return volume + points[Group.WHO] + points[Group.CONTENT]


def _is_history(mailbox: Mailbox, others: Places, limits: Limits) -> bool:
    """Whether these mails are enough to be a habit."""
    return len(others) >= limits.history_messages and (
        len(np.unique(mailbox.time[others] // DAY_S)) >= limits.history_days
    )


def _worst(mailbox: Mailbox, crowd: Crowd, limits: Limits) -> Suspect | None:
    """The most unusual set of mails, if it is unusual enough."""
    old = takes_up_old(mailbox, OLD_DAYS)
    best: Suspect | None = None
    for chosen in candidates(mailbox):
        others = _others(mailbox, chosen)
        if not _is_history(mailbox, others, limits):
            continue
        question = Question(mailbox=mailbox, chosen=chosen, others=others, old=old, crowd=crowd)
        if not (first := telling(question)):
            continue
        habit = habit_of(mailbox, others)
        found = weighed((*first, *further(question, habit)), limits.points)
        score = score_of(found, limits)
        if score >= max(limits.told, _LEAST) and (best is None or score > best.score):
            best = Suspect(mailbox=mailbox, chosen=chosen, habit=habit, signs=found, score=score)
    return best


def _of_intruder(
    mailbox: Mailbox, crowd: Crowd, limits: Limits, intruders: Mapping[str, datetime | None]
) -> Suspect | None:
    """The mails that came from addresses that broke in, unless the owner uses these too."""
    by_address: dict[str, Places] = {}
    for place in np.unique(mailbox.client).tolist():
        address = mailbox.table.clients[place]
        if address in intruders:
            of_it = np.flatnonzero(mailbox.client == place)
            since = _since(mailbox, of_it, intruders[address])
            if len(since):
                by_address[address] = since
    if not by_address:
        return None
    chosen = np.sort(np.concatenate(list(by_address.values())))
    habit: Habit | None = None
    found: tuple[Sign, ...] = ()
    others = _others(mailbox, chosen)
    if _is_history(mailbox, others, limits):
        old = takes_up_old(mailbox, OLD_DAYS)
        question = Question(mailbox=mailbox, chosen=chosen, others=others, old=old, crowd=crowd)
        habit = habit_of(mailbox, others)
        found = weighed((*telling(question), *further(question, habit)), limits.points)
    return Suspect(
        mailbox=mailbox,
        chosen=chosen,
        habit=habit,
        signs=found,
        score=score_of(found, limits),
        intruder=max(by_address, key=lambda one: (len(by_address[one]), one)),
    )


def _since(mailbox: Mailbox, chosen: Places, since: datetime | None) -> Places:
    """Those mails from an address that may be an intruder's; none if it is the owner's.

    The owner's is an address that the mailbox used on several days before the break-in, or one
    from which it sends most of what it sends, day by day; but not where the mailbox sent on
    several days before the break-in, and never from there: whoever is patient sends most, too.
    """
    days = mailbox.time[chosen] // DAY_S
    is_most = len(np.unique(days)) >= _OWN_DAYS and len(chosen) > _OWN_SHARE * len(mailbox)
    if since is None:
        return chosen[:0] if is_most else chosen
    day = int(since.timestamp()) // DAY_S
    earlier = days < day
    every = mailbox.time // DAY_S
    is_new = not earlier.any() and len(np.unique(every[every < day])) >= _OWN_DAYS
    if is_most and not is_new:
        return chosen[:0]
    return chosen[:0] if len(np.unique(days[earlier])) >= _OWN_DAYS else chosen[~earlier]


def _others(mailbox: Mailbox, chosen: Places) -> Places:
    others = np.ones(len(mailbox), np.bool_)
    others[chosen] = False
    return np.flatnonzero(others)
