"""The matches that are kept of a flood of them: those that tell something new, up to a share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from tocsin.matching.room import Room
from tocsin.matching.sigma.correlation.hits import Hits
from tocsin.matching.sigma.correlation.link import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tocsin.matching.match import Match

MATCHES = 200_000
"""Matches of all rules of packs that are kept together. One costs some 2 KiB."""
LEADS = 100_000
"""Matches of the user's rules and lists that are kept together."""


class Draft(NamedTuple):
    """What a tally of one file, or one stretch of it, hands on: all that another may keep of it.

    `kept` stands in the order of reading, `met` counts all of its kind by rule, `noted` what was
    only counted.
    """

    correlated: Hits
    met: Counter[str]
    noted: Counter[str]
    kept: Sequence[Match]


@dataclass(kw_only=True)
class Tally:
    """What passes found: the matches that are kept, and the counts of all of them.

    `ours` are the rules of packs; what any other rule matches is a lead, and takes no room from
    them. How much is kept of a rule, and how much of all, is said in `tocsin.matching.room`.
    `noted` counts by rule what is never kept. `correlated` collects the rows that correlations
    stand on.

    A tally of each part, put together in their order, gives the tally of everything: what another
    may keep of a part, the part's own keeps.
    """

    ours: frozenset[str] = frozenset()
    correlated: Hits = field(default_factory=lambda: Hits(Plan()))
    noted: Counter[str] = field(default_factory=Counter)
    _met: Counter[str] = field(default_factory=Counter)
    _of_packs: Room = field(default_factory=lambda: Room(MATCHES))
    _leads: Room = field(default_factory=lambda: Room(LEADS))
    _next: int = 0

    @property
    def matches(self) -> list[Match]:
        """The matches that are kept, in the order in which they were met."""
        kept = self._of_packs.kept() | self._leads.kept()
        return [kept[number] for number in sorted(kept)]

    @property
    def counts(self) -> Counter[str]:
        """All matches by rule, and what was only noted."""
        return self._met + self.noted

    def keep(self, match: Match) -> None:
        """Count a match, and keep it while there is room for it."""
        self._met[match.rule] += 1
        room = self._of_packs if match.rule in self.ours else self._leads
        room.put(self._next, match)
        self._next += 1

    def draft(self) -> Draft:
        """All of it, so that it can be handed on, also to another process."""
        correlated = replace(self.correlated, plan=Plan(), _texts={})
        return Draft(correlated, self._met, self.noted, self.matches)

    def absorb(self, later: Draft) -> None:
        """Take what was found in one more file or stretch."""
        for match in later.kept:
            self.keep(match)
        self._met.update(later.met)
        self._met.subtract(match.rule for match in later.kept)
        self.noted.update(later.noted)
        self.correlated.merge(later.correlated)

    def limits(self) -> list[str]:
        """What was counted and not kept because there was no more room, in sentences."""
        ours = {rule: count for rule, count in self._met.items() if rule in self.ours}
        others = {rule: count for rule, count in self._met.items() if rule not in self.ours}
        return [
            *_missed(self._of_packs, ours, "The rules of packs", "findings"),
            *_missed(self._leads, others, "Your rules and lists", "leads"),
        ]


def _missed(room: Room, met: Mapping[str, int], whose: str, what: str) -> Iterator[str]:
    rows, silent = room.missed(met)
    if rows:
        yield (
            f"{whose} matched {rows} rows more than the {room.most} that are kept of them "
            "together, each one's first before any one's second. The others are counted only."
        )
    if silent:
        yield (
            f"{whose} matched so much that {silent} of them are not among the {what}, for none of "
            "their rows is kept: hunt again with fewer of them."
        )
