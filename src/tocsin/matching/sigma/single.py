"""Rows of a text log that are read one by one: who is asked about each, told from its text.

The first rows of a file and all that are not plain come alone. Most hold nothing that any rule
needs, and a thousand rules are a thousand questions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tocsin.matching.sigma.narrow import Narrow
    from tocsin.matching.sigma.plan import FormatRules, Hit, Seen
    from tocsin.model.event import Event


class Single:
    """Answers as `FormatRules` does, and asks fewer rules once a choice has been made."""

    def __init__(self, rules: FormatRules, chosen: Callable[[], Narrow | None]) -> None:
        """`chosen` gives a choice for this format, under whatever header, once there is one."""
        self._rules = rules
        self._chosen = chosen
        self._narrow: Narrow | None = None

    def hits(self, event: Event, seen: Seen | None = None) -> Sequence[Hit]:
        """All rules that say yes to `event`, in rule order, and in which view each did."""
        if self._narrow is None:
            self._narrow = self._chosen()
        if self._narrow is None:
            return self._rules.hits(event, seen)
        if seen is not None:
            self._rules.note(event, seen)
        return self._rules.hits(event, only=self._narrow.asked(event.text))
