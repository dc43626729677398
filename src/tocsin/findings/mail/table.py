"""All mails that were learnt, ordered by mailbox and time, and one mailbox's part of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tocsin.findings.mail.sent import ITSELF, number_for

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TypeAlias

    from numpy.typing import NDArray

    Numbers: TypeAlias = NDArray[Any]
    Places: TypeAlias = NDArray[np.int64]

DAY_S = 86_400
HOUR_S = 3_600


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """The mails of all mailboxes.

    `columns` are those of `habits.COLUMNS`, all in one order; `starts` is where the recipients of
    each mail begin in `recipients`. `untold` is the place in `clients` of the empty address, and
    `itself` that of the server's own; -1 where nothing was sent from there. `answers` counts what
    came back, by a number for the mailbox, by hours since 1970. `heard` are the threads in which
    mails came to mailboxes, in order: a number for the mailbox in the higher half, and one for the
    thread; `heard_at` is when. `lost` counts what was not remembered, by the bound. `machines` are
    the places of mailboxes that sent more than is remembered.
    """

    columns: Mapping[str, Numbers]
    starts: Places
    recipients: NDArray[np.uint32]
    senders: Sequence[str]
    clients: Sequence[str]
    kinds: Sequence[str]
    untold: int
    itself: int
    answers: Mapping[int, Mapping[int, int]]
    heard: NDArray[np.uint64]
    heard_at: Places
    lost: Mapping[str, int]
    machines: frozenset[int]

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def begins(self) -> int:
        """When the first mail was sent, in seconds since 1970."""
        return int(self.columns["time"].min(initial=2**32))

    def mailboxes(self) -> Iterator[Mailbox]:
        """Each mailbox, in order of its place."""
        senders = self.columns["sender"]
        different, firsts = np.unique(senders, return_index=True)
        if not len(senders):
            return
        ends = (*firsts[1:].tolist(), len(senders))
        for place, first, end in zip(different.tolist(), firsts.tolist(), ends, strict=True):
            yield Mailbox(
                table=self,
                place=place,
                first=first,
                **{name: self.columns[name][first:end] for name in _OF_MAILBOX},
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mailbox:
    """What one mailbox sent, in order of time: a column for each number of a mail.

    `time` is in seconds since 1970, UTC, `size` in bytes; `client` and `kind` are places in the
    table's lists. `first` is the place of its first mail in the table.
    """

    table: Table
    place: int
    first: int
    time: Places
    client: Numbers
    kind: Numbers
    size: Numbers
    count: Places
    thread: Numbers
    shape: Numbers
    marks: Numbers

    def __len__(self) -> int:
        return len(self.time)

    @property
    def sender(self) -> str:
        """Its address."""
        return self.table.senders[self.place]

    @property
    def came_back(self) -> Mapping[int, int]:
        """Reports of failure and automatic answers, by hours since 1970."""
        return self.table.answers.get(number_for(self.sender), {})

    def came_in(self) -> tuple[Numbers, Places]:
        """The threads of mails that came in, in order, and when they did."""
        first = np.uint64(number_for(self.sender) << 32)
        heard = self.table.heard
        start = int(np.searchsorted(heard, first))
        end = int(np.searchsorted(heard, first | np.uint64(2**32 - 1), side="right"))
        return (heard[start:end] & np.uint64(2**32 - 1)), self.table.heard_at[start:end]

    def contacts(self, which: Places) -> NDArray[np.uint32]:
        """The different recipients of these mails, as numbers, in order."""
        starts = self.table.starts[which + self.first]
        lengths = self.table.columns["known"][which + self.first].astype(np.int64)
        if not lengths.sum():
            return self.table.recipients[:0]
        offsets = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return np.unique(self.table.recipients[np.repeat(starts, lengths) + offsets])


_OF_MAILBOX = ("time", "client", "kind", "size", "count", "thread", "shape", "marks")


def table_of(
    columns: Mapping[str, array[int]],
    recipients: array[int],
    *,
    names: Sequence[Sequence[str]],
    answers: Mapping[tuple[int, int], int],
    heard: tuple[array[int], array[int]],
    lost: Mapping[str, int],
    machines: frozenset[int],
) -> Table:
    """Put mails in order: by mailbox, by time, and then by all else that is known of them.

    `names` are the addresses of mailboxes, those of clients, and the types of client.
    So the order in which files were read does not matter. Mails that are alike in everything are
    one: some logs are collected twice.
    """
    numbers = {name: np.array(column) for name, column in columns.items()}
    numbers["time"] = numbers["time"].astype(np.int64)
    numbers["count"] = numbers["count"].astype(np.int64)
    known = np.array(recipients, np.uint32)
    lengths = numbers["known"].astype(np.int64)
    starts = np.cumsum(lengths) - lengths
    to = _signs(known, starts, lengths)
    keys = (
        to,
        *(numbers[name] for name in ("kind", "client", "count", "size", "marks", "thread")),
    )
    order = np.lexsort((*keys, numbers["time"], numbers["sender"]))
    if len(order):
        fresh = np.ones(len(order), np.bool_)
        fresh[1:] = False
        for column in (*keys, numbers["time"], numbers["sender"]):
            fresh[1:] |= column[order][1:] != column[order][:-1]
        order = order[fresh]
    by_mailbox: dict[int, dict[int, int]] = {}
    for (mailbox, hour), number in answers.items():
        by_mailbox.setdefault(mailbox, {})[hour] = number
    threads, heard_at = np.array(heard[0], np.uint64), np.array(heard[1], np.int64)
    by_thread = np.lexsort((heard_at, threads))
    return Table(
        columns={name: column[order] for name, column in numbers.items()},
        starts=starts[order],
        recipients=known,
        senders=names[0],
        clients=names[1],
        kinds=names[2],
        untold=_place(names[1], ""),
        itself=_place(names[1], ITSELF),
        answers=by_mailbox,
        heard=threads[by_thread],
        heard_at=heard_at[by_thread],
        lost=lost,
        machines=machines,
    )


def _place(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else -1


def _signs(known: NDArray[np.uint32], starts: Places, lengths: Places) -> Numbers:
    """A number for the recipients of each mail, whatever their order."""
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(known, dtype=np.uint64)])
    found: Numbers = sums[starts + lengths] - sums[starts]
    return found
