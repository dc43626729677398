"""What observers are told of records of which no event was made; see `tocsin.events.chosen`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tocsin.events.bulk_times import microseconds
from tocsin.events.kind import kind_of
from tocsin.matching.watching import Several
from tocsin.model.event import Event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.events.chosen import Passed
    from tocsin.events.format import Format
    from tocsin.matching.scan import Observer
    from tocsin.model.artefact import Artefact


class PassedOver:
    """All watches of all observers over one event log."""

    def __init__(self, observers: Sequence[Observer], artefact: Artefact, form: Format) -> None:
        """Ask every observer what it wants to see of this format."""
        self._artefact = artefact
        self._form = form
        self._asked = [(one, watch) for one in observers for watch in one.watches(form) or ()]

    @staticmethod
    def suffices(observers: Sequence[Observer], form: Format) -> bool:
        """Whether the kinds of rows, their number and times are all that observers want."""
        return form.choose is not None and all(
            watches is not None and not any(one.columns or one.batches for one in watches)
            for watches in (observer.watches(form) for observer in observers)
        )

    @property
    def needs_times(self) -> bool:
        """Whether an observer wants the times."""
        return any(watch.times for _, watch in self._asked)

    def take(self, passed: Passed) -> None:
        """Tell everybody."""
        for stream, rows in passed.rows.items():
            event = Event(time=None, place=0, fields={}, text="", stream=stream)
            kind = kind_of(self._form.name, stream)
            times_us = np.array([*map(microseconds, passed.times.get(stream, ()))], np.int64)
            for observer, watch in self._asked:
                times = times_us if watch.times else None
                observer.distinct(
                    Several(self._artefact, self._form, kind, event, watch, rows, times)
                )
