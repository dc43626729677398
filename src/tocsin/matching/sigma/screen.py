"""Which Windows events need not be made, because no rule would be asked about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.matching.sigma.plan import Seen
    from tocsin.matching.sigma.records import Fields, Records


class Screen:
    """Wants the events of which rules are asked, and those that have a field for `seen` to note.

    It is a `tocsin.events.chosen.Chooser`. What is passed over, `Records.hits` would say nothing
    of, and `seen` would learn nothing from.
    """

    def __init__(
        self, records: Records, seen: Seen, *, first: int = 0, needs_times: bool = False
    ) -> None:
        """Choose for these rules; see `Chooser` for `first` and `needs_times`."""
        self.first = first
        self.needs_times = needs_times
        self._records = records
        self._seen = seen

    def may_want(self, stream: str, event_id: str) -> bool:
        """Whether a rule may be asked about this kind, or look for a field that none had yet."""
        if self._records.may_ask(stream, event_id):
            return True
        return self._seen.misses(self._records.rules.groups_of(stream, event_id))

    def wants(self, stream: str, fields: Fields, text: Callable[[], str]) -> bool:
        """Whether rules are asked about this event, or it has a field that none had yet."""
        groups = self._records.rules.groups_of(stream, fields.get("EventID"))
        if self._seen.may_learn(groups, fields):
            return True
        return bool(self._records.asked(stream, fields, text))
