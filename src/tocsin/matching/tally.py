"""The matches that are kept of a flood of them: those that tell something new, up to a share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from tocsin.matching.sigma.correlation.hits import Hits
from tocsin.matching.sigma.correlation.link import Plan

if TYPE_CHECKING:
    from tocsin.matching.match import Match

MATCHES_PER_RULE = 2000
"""Rows of one rule that are kept; the rest are counted, so a flood cannot eat the memory."""

News: TypeAlias = tuple[str, bool, str]
"""Where a match is, whether it is benign, and what page or file it is about."""


def news_of(match: Match) -> News:
    """What a match tells that another of its rule may have told already."""
    about = match.values.get("url_path") or match.values.get("file_path") or ""
    return match.kind, bool(match.benign), about.lower()


@dataclass(kw_only=True)
class Draft:
    """What one pass over one file, or one stretch of it, found: all that a `Tally` may keep of it.

    Of each rule that are its first matches, as many as a tally keeps, and of the later ones those
    that are the first to tell something, as many again: after so much news a tally has no room for
    more. So drafts that are put together in their order make the same tally as one pass over
    everything.
    """

    correlated: Hits = field(default_factory=lambda: Hits(Plan()))
    counts: Counter[str] = field(default_factory=Counter)
    kept: list[Match] = field(default_factory=list)
    _told: dict[str, set[News]] = field(default_factory=dict)

    def keep(self, match: Match) -> None:
        """Count a match, and keep it if a tally might."""
        self.counts[match.rule] += 1
        told = self._told.setdefault(match.rule, set())
        news = news_of(match)
        is_late = self.counts[match.rule] > MATCHES_PER_RULE
        if is_late and (len(told) >= MATCHES_PER_RULE or news in told):
            return
        told.add(news)
        self.kept.append(match)

    def sealed(self) -> Draft:
        """Itself, without what only serves to go on, so that it can be handed on."""
        return replace(self, _told={}, correlated=replace(self.correlated, plan=Plan(), _texts={}))


@dataclass(kw_only=True)
class Tally:
    """What all passes found: the matches that are kept, and the counts of all of them.

    Where a rule has more matches than its share, one that tells something new (another page or
    file, another source, no benign mask) takes the place of one that repeats another: whoever
    floods a rule with one decoy must not push out the row that decides. `correlated` collects the
    rows that correlations stand on.
    """

    correlated: Hits = field(default_factory=lambda: Hits(Plan()))
    counts: Counter[str] = field(default_factory=Counter)
    _kept: dict[int, Match] = field(default_factory=dict)
    _told: dict[str, set[News]] = field(default_factory=dict)
    _repeating: dict[str, list[int]] = field(default_factory=dict)
    _next: int = 0

    @property
    def matches(self) -> list[Match]:
        """The matches that are kept, in the order in which they were met."""
        return list(self._kept.values())

    def keep(self, match: Match) -> None:
        """Count a match, and keep it unless its rule has filled its share with as much."""
        self.counts[match.rule] += 1
        told = self._told.setdefault(match.rule, set())
        repeating = self._repeating.setdefault(match.rule, [])
        news = news_of(match)
        if self.counts[match.rule] > MATCHES_PER_RULE:
            if news in told or not repeating:
                return
            del self._kept[repeating.pop()]
        if news in told:
            repeating.append(self._next)
        told.add(news)
        self._kept[self._next] = match
        self._next += 1

    def absorb(self, later: Draft) -> None:
        """Take what was found in one more file or stretch."""
        for match in later.kept:
            self.keep(match)
        self.counts.update(later.counts)
        self.counts.subtract(match.rule for match in later.kept)
        self.correlated.merge(later.correlated)
