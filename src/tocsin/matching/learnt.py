"""What a process learns of the rules while it asks them, and how another one gets to know it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from tocsin.matching.rules import Seen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tocsin.matching.narrowing import Choices
    from tocsin.matching.rules import RuleSet


class News(NamedTuple):
    """Fields that are `missing`, as `Seen` has them, and the `choices` that were made."""

    missing: Mapping[str, frozenset[str]]
    choices: Choices


@dataclass(kw_only=True)
class Learnt:
    """What was learnt of `rules` by the process that this is in."""

    rules: RuleSet
    seen: Seen = field(default_factory=Seen)
    _told: News | None = None

    def news(self) -> News | None:
        """What is known, if it is more than what was told last."""
        now = News(self.seen.missing(), self.rules.narrows.choices())
        if now == self._told:
            return None
        self._told = now
        return now


def learn(news: News | None, rules: RuleSet, seen: Seen) -> None:
    """Take what another process learnt; in the order of what it read."""
    if news is not None:
        seen.absorb(news.missing)
        rules.narrows.absorb(news.choices)
