"""Observers of rows that are read in bulk: each different row once, with how often and when.

An observer that asks only about some columns of a log need not see every row. It says which
columns (`Watch`), and is told of each combination of their values (`Observer.distinct`). One for
which there are nearly as many combinations as rows takes `batches` (`Observer.batch`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tocsin.events.distinct import Distinct
from tocsin.events.kind import kind_of
from tocsin.matching.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tocsin.events.bulk import Places
    from tocsin.events.format import Format
    from tocsin.matching.narrowing import Plain
    from tocsin.matching.scan import Observer
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event


class Watch(NamedTuple):
    """Columns whose combinations an observer wants to see; none for the kind of row alone.

    With `times` it is told the times of the rows as well, as they come by; else it is told the
    number of rows, once for a file or a header. With `batches` it is shown all rows of a block at
    once, and told nothing else; see `tocsin.matching.batch`.
    """

    columns: tuple[str, ...] = ()
    times: bool = False
    batches: bool = False


class Several(NamedTuple):
    """Rows of one artefact and kind that are equal in the columns of a watch; `event` is one.

    `rows` says how many, and `times_us` when, in microseconds since 1970, UTC, if asked for.
    """

    artefact: Artefact
    form: Format
    kind: str
    event: Event
    watch: Watch
    rows: int
    times_us: Places | None


class Watching:
    """All watches of all observers over one file."""

    def __init__(self, observers: Sequence[Observer], artefact: Artefact, form: Format) -> None:
        """Ask every observer what it wants to see of this format."""
        self._artefact = artefact
        self._form = form
        asked = [(one, watch) for one in observers for watch in one.watches(form) or ()]
        self._batched = [observer for observer, watch in asked if watch.batches]
        self._counters = [
            _Counter(observer, watch, artefact, form)
            for observer, watch in asked
            if not watch.batches
        ]

    @staticmethod
    def suffices(observers: Sequence[Observer], form: Format) -> bool:
        """Whether no observer must see each row of this format."""
        return form.bulk is not None and all(
            observer.watches(form) is not None for observer in observers
        )

    def take(self, plain: Plain) -> None:
        """Take rows."""
        if plain.rows.is_first:
            self.end()
        for counter in self._counters:
            counter.rows(plain)
        if len(plain.times_us):
            batch = Batch(self._artefact, self._form, plain.rows, plain.times_us, plain.which)
            for observer in self._batched:
                observer.batch(batch)

    def end(self) -> None:
        """Tell what was only counted."""
        for counter in self._counters:
            counter.end()


class _Counter:
    def __init__(self, observer: Observer, watch: Watch, artefact: Artefact, form: Format) -> None:
        self._observer = observer
        self._watch = watch
        self._artefact = artefact
        self._form = form
        stream = form.bulk.stream if form.bulk else ()
        self._distinct = Distinct(tuple(dict.fromkeys((*watch.columns, *stream))))
        self._events: list[Event] = []
        self._counts = np.zeros(64, np.int64)

    def rows(self, plain: Plain) -> None:
        rows, timed, times_us = plain
        if self._distinct.is_full:
            self.end()
        numbers, fresh = self._distinct.number(rows, timed)
        for row in fresh:
            self._events.append(rows.event(row if timed is None else int(timed[row])))
        if self._watch.times:
            self._tell_times(numbers, times_us)
            return
        counts = np.bincount(numbers)
        if len(counts) > len(self._counts):
            self._counts = np.concatenate([self._counts, np.zeros(len(counts), np.int64)])
        self._counts[: len(counts)] += counts

    def _tell_times(self, numbers: Places, times_us: Places) -> None:
        if len(self._events) == 1:
            self._tell(0, len(times_us), times_us)
            return
        order = np.argsort(numbers, kind="stable")
        different, starts = np.unique(numbers[order], return_index=True)
        ends = (*starts[1:].tolist(), len(order))
        for number, start, end in zip(different.tolist(), starts.tolist(), ends, strict=True):
            self._tell(number, end - start, times_us[order[start:end]])

    def _tell(self, number: int, count: int, times_us: NDArray[np.int64] | None) -> None:
        event = self._events[number]
        kind = kind_of(self._form.name, event.stream)
        self._observer.distinct(
            Several(self._artefact, self._form, kind, event, self._watch, count, times_us)
        )

    def end(self) -> None:
        if not self._watch.times:
            for number in range(len(self._events)):
                self._tell(number, int(self._counts[number]), None)
            self._counts[:] = 0
        self._events.clear()
        self._distinct.forget()
