"""Records of which only some are made into events, because nobody asks for the others.

Most of what a record costs is to make an event of it. Whoever reads a whole log for some rules
says which records are wanted (`Chooser`); the others are counted (`Passed`).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime


class Passed(NamedTuple):
    """Records that are well formed and that nobody wants, by their stream.

    `times` are theirs where they are asked for, UTC. `last` is the stream of the last one of all
    records so far, wanted or not.
    """

    rows: Mapping[str, int]
    times: Mapping[str, list[datetime]]
    last: str


class Chooser(Protocol):
    """Who says which records are wanted.

    Every record may be made into an event all the same: a wish is no promise. The first `first`
    records always are. With `needs_times` the times of all others are wanted.
    """

    first: int
    needs_times: bool

    def may_want(self, stream: str, event_id: str) -> bool:
        """Whether an event of this kind may be wanted; its fields are not known yet."""
        ...

    def wants(self, stream: str, fields: Mapping[str, str], text: Callable[[], str]) -> bool:
        """Whether the event with these fields is wanted; `text` gives what it has as its text."""
        ...


class Passing:
    """Collects what is passed over."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._rows: Counter[str] = Counter()
        self._times: dict[str, list[datetime]] = {}

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self._rows)

    def add(self, stream: str, time: datetime | None) -> None:
        """Pass over one record."""
        self._rows[stream] += 1
        if time is not None:
            self._times.setdefault(stream, []).append(time)

    def taken(self, last: str) -> Passed:
        """All of it; the next begins with nothing."""
        found = Passed(self._rows, self._times, last)
        self._rows, self._times = Counter(), {}
        return found
