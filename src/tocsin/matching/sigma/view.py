"""An event as rules look at it: any field, case-folded, computed once for all rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tocsin.matching.sigma.origin import Origin
    from tocsin.model.event import Event

NO_NAMES: Mapping[str, Origin] = {}


class View(dict[str, str | None]):
    """The case-folded value by field name; None where the event has no such field.

    It is a dict so that the second rule that asks for a field pays for one look-up only.
    `names` says, for a field name that rules use, where this log has its text; where that is not
    there, the log's own field of that name counts. Folding is `str.casefold`: it works letter by
    letter, so a part that is folded alone is still a part of the folded whole, which lower-casing
    does not promise.
    """

    __slots__ = ("_event", "_everything", "_names")

    def __init__(self, event: Event, names: Mapping[str, Origin] = NO_NAMES) -> None:
        """Look at `event`, whose fields may be asked for by other names too."""
        super().__init__()
        self._event = event
        self._names = names
        self._everything: tuple[str, ...] | None = None

    def __missing__(self, field: str) -> str | None:
        text = self.raw(field)
        folded = None if text is None else text.casefold()
        self[field] = folded
        return folded

    def raw(self, field: str) -> str | None:
        """The value as rules mean it, not case-folded, or None."""
        origin = self._names.get(field)
        if origin is not None:
            text = origin.text(self._event.fields)
            if text is not None:
                return text
        return self._event.fields.get(field)

    def everything(self) -> tuple[str, ...]:
        """All values, then the record itself: what a keyword is looked for in."""
        return (*self._event.fields.values(), self._event.text)

    def everything_folded(self) -> tuple[str, ...]:
        """The same, case-folded."""
        if self._everything is None:
            self._everything = tuple(text.casefold() for text in self.everything())
        return self._everything
