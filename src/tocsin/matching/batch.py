"""Whole rows in bulk for an observer that needs more than how often values come together.

`tocsin.matching.watching.Watch` tells each combination of values once. That is no help where there
are nearly as many combinations as rows, as of sender, time and size of mails. Such an observer
asks for batches instead, and takes out of each the few rows that it needs, without an event for
any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tocsin.events.distinct import hashes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tocsin.events.bulk import Places, Rows
    from tocsin.events.format import Format
    from tocsin.model.artefact import Artefact

_NOTHING = ("", "-")


class Batch(NamedTuple):
    """Some thousand rows of one artefact under one header, in file order.

    They are numbered from 0 to before `len(batch.times_us)`; `times_us` are their times, in
    microseconds since 1970, UTC. All have one. It is good until the observer's method returns.

    The rows of a block that cannot be read in bulk, and those without a time, come one by one to
    `Observer.row`, after the batch. Together they are all rows, each once, in an order that is the
    same however many processes read.

    To find rows by a column that says the same again and again, ask about its values once::

        numbers, firsts = batch.different(("event-id",))
        wanted = np.array([text == "RECEIVE" for text in batch.texts("event-id", firsts)])
        for row in np.flatnonzero(wanted[numbers]).tolist():
            self.take(batch.fields(row, _COLUMNS), moment(batch.times_us[row]))
    """

    artefact: Artefact
    form: Format
    rows: Rows
    times_us: Places
    which: Places | None
    """The indexes of its rows among plain rows; None for all."""

    def different(self, columns: Sequence[str]) -> tuple[Places, list[int]]:
        """The number of each row's combination of values, and for each number its first row.

        They are numbered from 0 in the order of meeting them. A column that is not there counts
        as empty.
        """
        keys = hashes(self.rows, columns)
        if self.which is not None:
            keys = keys[self.which]
        _, firsts, numbers = np.unique(keys, return_index=True, return_inverse=True)
        order = np.argsort(firsts)
        return np.argsort(order)[numbers], firsts[order].tolist()

    def texts(self, column: str, rows: Iterable[int]) -> list[str]:
        """The values of a column in these rows; empty where the log says nothing."""
        place = self.rows.column(column)
        if place is None:
            return ["" for _ in rows]
        begins, ends = place
        at = list(rows) if self.which is None else self.which[list(rows)].tolist()
        found = map(self.rows.text, begins[at].tolist(), ends[at].tolist())
        return ["" if text in _NOTHING else text for text in found]

    def fields(self, row: int, columns: Sequence[str]) -> dict[str, str]:
        """Of these columns what the row says, as in `Event.fields`; derived fields are none."""
        texts = {name: self.texts(name, (row,))[0] for name in columns}
        return {name: text for name, text in texts.items() if text}
