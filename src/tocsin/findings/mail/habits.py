"""Every mail that mailboxes sent, in some thirty-five bytes each, learnt while the logs are read.

Nothing of a mail is kept but numbers: who (its place in a list of addresses), when (seconds), from
which client and with which type of client (places in lists), how large, to how many, and 32 bits
of the thread, of the kind of subject, and of each recipient. So the memory has a bound that can
be said: `MESSAGES` of them are 140 MB, `RECIPIENTS` 64 MB, and of `HEARD` mails that came in, 72
MB. What is beyond is counted and told.
"""

from __future__ import annotations

from array import array
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from tocsin.findings.mail.sent import (
    CAME,
    READ,
    READ_OF_CAME,
    came_back,
    heard,
    may_tell,
    number_for,
    sent_mail,
    subject_of,
)
from tocsin.findings.mail.table import HOUR_S, Table, table_of
from tocsin.matching.scan import Observer
from tocsin.matching.watching import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    from tocsin.events.format import Format
    from tocsin.findings.mail.sent import Sent
    from tocsin.matching.batch import Batch
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event
    from tocsin.model.problem import Problem

    Columns: TypeAlias = dict[str, NDArray[Any]]

FORMAT = "message_tracking"
MESSAGES = 4_000_000
"""Mails that are remembered. Twenty million rows of a log tell of some two million."""
RECIPIENTS = 16_000_000
"""Recipients that are counted before no more of them are remembered, all mails together."""
PER_SENDER = 20_000
"""Mails of one mailbox that are remembered; who sends more within a log is a machine."""
PER_MESSAGE = 2_000
"""Recipients of one mail that are remembered; their number is, whatever it is."""
NAMES = 400_000
"""Addresses of mailboxes, and of clients, that are told apart."""
HEARD = 6_000_000
"""Mails that came to mailboxes whose thread is remembered, with 12 bytes each."""
ANSWERS = 500_000
"""Hours of mailboxes in which something came back."""
_TELLING = ("event-id", "source", "connector-id")
"""Columns with few different values, by which most rows are left alone."""
_LAST_S = 2**32 - 1
COLUMNS = {
    "sender": "i",
    "time": "I",
    "client": "i",
    "kind": "h",
    "size": "I",
    "count": "I",
    "thread": "I",
    "shape": "I",
    "marks": "B",
    "known": "H",
    "before": "I",
}
"""The numbers of one mail, by name, as types of `array`: 35 bytes. `known` are its recipients that
are remembered, which lie one behind the other in a list of their own. `before` are the recipients
of all mails before it, also of those that are not remembered: so everybody who reads a part comes
to the same bound."""
_WHO = ("sender", "client", "kind", "known", "before")
REPLY, FORWARD = 1, 2
"""Marks."""


class Names:
    """Places of texts in a list, in the order of meeting them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._places: dict[str, int] = {}

    def place(self, text: str) -> int | None:
        """The place of `text`; None where there are too many."""
        found = self._places.get(text)
        if found is None and len(self._places) < self._most:
            found = self._places[text] = len(self._places)
        return found

    def all(self) -> list[str]:
        """All texts, in order of their places."""
        return list(self._places)


class Habits(Observer):
    """Learns what mailboxes send.

    However the rows are shared among processes, the same mails are remembered: those that come
    first in the order of the collection, up to the bounds.
    """

    def __init__(self) -> None:
        self._senders, self._clients, self._kinds = Names(NAMES), Names(NAMES), Names(1000)
        self._columns = {name: array(code) for name, code in COLUMNS.items()}
        self._recipients = array("I")
        self._counted = 0
        self._sent_by: Counter[int] = Counter()
        self._answers: Counter[tuple[int, int]] = Counter()
        self._heard, self._heard_at = array("Q"), array("I")
        self._lost: Counter[str] = Counter()

    def row(self, artefact: Artefact, form: Format, kind: str, event: Event) -> None:
        """Learn from a row that is read alone."""
        del artefact, kind
        if form.name == FORMAT and event.time is not None:
            self.take(event.fields, int(event.time.timestamp()))

    def watches(self, form: Format) -> Sequence[Watch]:
        """The rows of message tracking, and nothing else."""
        return (Watch(batches=True),) if form.name == FORMAT else ()

    def batch(self, batch: Batch) -> None:
        """Learn from rows that are read in bulk: those few that tell of a mail once."""
        numbers, firsts = batch.different(_TELLING)
        kinds = list(zip(*(batch.texts(name, firsts) for name in _TELLING), strict=True))
        told = [dict(zip(_TELLING, values, strict=True)) for values in kinds]
        came = np.array([one["event-id"] == CAME for one in told], np.bool_)
        others = np.array([may_tell(one) for one in told], np.bool_) & ~came
        seconds = batch.times_us // 1_000_000
        for wanted, columns in ((came, READ_OF_CAME), (others, READ)):
            rows = np.flatnonzero(wanted[numbers])
            values = [batch.texts(name, rows.tolist()) for name in columns]
            for time, *of_row in zip(seconds[rows].tolist(), *values, strict=True):
                self.take(dict(zip(columns, of_row, strict=True)), time)

    def take(self, fields: Mapping[str, str], seconds: int) -> None:
        """Learn from the fields of one row, written so long after the beginning of 1970."""
        if not 0 < seconds <= _LAST_S:
            return
        sent = sent_mail(fields)
        if sent is not None:
            self._learn(sent, seconds)
            return
        for mailbox in came_back(fields):
            key = (number_for(mailbox), seconds // HOUR_S)
            if key in self._answers or len(self._answers) < ANSWERS:
                self._answers[key] += 1
        came = heard(fields)
        if came is not None:
            self._hear(*came, seconds)

    def _hear(self, mailboxes: Sequence[str], thread: str, seconds: int) -> None:
        for mailbox in mailboxes[:PER_MESSAGE]:
            if len(self._heard) >= HEARD:
                self._lost["heard"] += 1
                continue
            self._heard.append(number_for(mailbox) << 32 | number_for(thread))
            self._heard_at.append(seconds)

    def problem(self, kind: str, problem: Problem) -> None:
        """Damage has no habits."""

    def absorb(self, later: Habits) -> None:
        """Learn what another learnt from one more file."""
        columns = {name: np.array(column) for name, column in later._columns.items()}
        for name, ours, theirs in (
            ("sender", self._senders, later._senders),
            ("client", self._clients, later._clients),
            ("kind", self._kinds, later._kinds),
        ):
            places = np.array(
                [-1 if p is None else p for p in map(ours.place, theirs.all())] or [0]
            )
            columns[name] = places[columns[name]].astype(columns[name].dtype)
        before = columns["before"] + np.int64(self._counted)
        columns["before"] = np.minimum(before, _LAST_S).astype(np.uint32)
        known = np.array(later._recipients)
        if not self._has_room(columns, later):
            columns, known = self._what_fits(columns, known)
        self._counted += later._counted
        self._sent_by.update(columns["sender"].tolist())
        for name, column in self._columns.items():
            column.frombytes(columns[name].tobytes())
        self._recipients.frombytes(known.tobytes())
        for key, number in later._answers.items():
            if key in self._answers or len(self._answers) < ANSWERS:
                self._answers[key] += number
        room = HEARD - len(self._heard)
        self._lost.update(later._lost)
        if later._heard[room:]:
            self._lost["heard"] += len(later._heard) - room
        self._heard.extend(later._heard[:room])
        self._heard_at.extend(later._heard_at[:room])

    def _has_room(self, columns: Columns, later: Habits) -> bool:
        """Whether all of these can be remembered: mostly so, and then none is looked at alone."""
        senders, numbers = np.unique(columns["sender"], return_counts=True)
        return (
            all(int(columns[name].min(initial=0)) >= 0 for name in ("sender", "client", "kind"))
            and len(self) + len(columns["time"]) <= MESSAGES
            and self._counted + later._counted <= RECIPIENTS
            and all(
                self._sent_by[sender] + number <= PER_SENDER
                for sender, number in zip(senders.tolist(), numbers.tolist(), strict=True)
            )
        )

    def _what_fits(
        self, columns: Columns, known: NDArray[np.uint32]
    ) -> tuple[Columns, NDArray[np.uint32]]:
        """Those of them that there is room for, and their recipients; the others are counted."""
        kept: list[int] = []
        of_kept: list[NDArray[np.uint32]] = []
        mine, messages = Counter[int](), len(self)
        ends = np.cumsum(columns["known"], dtype=np.int64)
        for at, (sender, client, kind, named, before) in enumerate(
            zip(*(columns[name].tolist() for name in _WHO), strict=True)
        ):
            reason = _refused(
                named=min(sender, client, kind) >= 0,
                by_sender=self._sent_by[sender] + mine[sender],
                messages=messages,
            )
            if reason:
                self._lost[reason] += 1
                continue
            fits = before + named <= RECIPIENTS
            number = named if fits else 0
            if not fits:
                self._lost["recipients"] += named
                columns["known"][at] = 0
            of_kept.append(known[ends[at] - number : ends[at]])
            messages += 1
            mine[sender] += 1
            kept.append(at)
        chosen = {name: column[kept] for name, column in columns.items()}
        return chosen, np.concatenate([known[:0], *of_kept])

    def __len__(self) -> int:
        return len(self._columns["time"])

    def _learn(self, sent: Sent, seconds: int) -> None:
        subject = subject_of(sent.subject)
        numbers = {
            "time": seconds,
            "size": min(sent.size_bytes, _LAST_S),
            "count": min(sent.total, _LAST_S),
            "thread": number_for(subject.thread),
            "shape": number_for(subject.shape),
            "marks": REPLY * subject.is_reply | FORWARD * subject.is_forward,
        }
        known = array("I", map(number_for, sent.recipients[:PER_MESSAGE]))
        self._remember((sent.sender, sent.client, sent.kind), numbers, known)

    def _remember(
        self, who: tuple[str, str, str], numbers: Mapping[str, int], known: array[int]
    ) -> None:
        places = (
            self._senders.place(who[0]),
            self._clients.place(who[1]),
            self._kinds.place(who[2]),
        )
        sender, client, kind = (-1 if place is None else place for place in places)
        reason = _refused(
            named=min(sender, client, kind) >= 0,
            by_sender=self._sent_by[sender],
            messages=len(self),
        )
        before = min(self._counted, _LAST_S)
        self._counted += len(known)
        if reason:
            self._lost[reason] += 1
            return
        self._sent_by[sender] += 1
        if self._counted > RECIPIENTS:
            self._lost["recipients"] += len(known)
            known = array("I")
        self._recipients.extend(known)
        row = {**numbers, "sender": sender, "client": client, "kind": kind}
        row |= {"known": len(known), "before": before}
        for name, column in self._columns.items():
            column.append(row[name])

    def taken(self) -> Table:
        """All that was learnt, ordered by mailbox and time."""
        return table_of(
            self._columns,
            self._recipients,
            names=[one.all() for one in (self._senders, self._clients, self._kinds)],
            answers=self._answers,
            heard=(self._heard, self._heard_at),
            lost=self._lost,
            machines=frozenset(s for s, n in self._sent_by.items() if n >= PER_SENDER),
        )


def _refused(*, named: bool, by_sender: int, messages: int) -> str:
    """Why a mail is not remembered; empty where it is."""
    if not named:
        return "names"
    if by_sender >= PER_SENDER:
        return "machines"
    return "messages" if messages >= MESSAGES else ""
