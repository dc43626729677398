"""So many matches as there is room for: each rule's first before any rule's second.

Of one rule those go first that tell something which none before has told: another page or file,
another source, no benign mask. Whoever floods a rule with one decoy must not push out the row
that decides, and whoever floods all rules, or one long list, must not fill the memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tocsin.matching.match import Match

MATCHES_PER_RULE = 2000
"""Rows of one rule that are kept; the rest are counted, so a flood cannot eat the memory."""

News: TypeAlias = tuple[str, bool, str]
"""Where a match is, whether it is benign, and what page or file it is about."""


def news_of(match: Match) -> News:
    """What a match tells that another of its rule may have told already."""
    about = match.values.get("url_path") or match.values.get("file_path") or ""
    return match.kind, bool(match.benign), about.lower()


@dataclass(slots=True)
class _Share:
    """What one rule has in the room: what its matches told, and the numbers of the others."""

    told: set[News] = field(default_factory=set)
    repeating: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.told) + len(self.repeating)


class Room:
    """The matches of rules that share a room for `most` of them.

    Each match has a rank: how many of its rule told something before it, and for one that tells
    nothing new, how many such came before, behind all ranks of news. What is kept of any sequence
    are those of the lowest ranks, the earlier first. A match that is left out is never missed
    later: whatever takes its place ranks before it. And in a part of a sequence no match ranks
    worse, nor has more before it, than in the whole. So a room that is given what rooms kept of
    the parts keeps the same as one that was given everything.
    """

    def __init__(self, most: int) -> None:
        """Keep nothing yet."""
        self.most = most
        self._size = 0
        self._ranks: list[dict[int, Match]] = []
        """By rank the matches by number, in order; the last rank has at least one."""
        self._shares: dict[str, _Share] = {}

    def kept(self) -> dict[int, Match]:
        """All that is kept, by number, in no order."""
        return {number: match for rank in self._ranks for number, match in rank.items()}

    def put(self, number: int, match: Match) -> None:
        """Keep a match, or not; `number` grows from one to the next."""
        share = self._shares.setdefault(match.rule, _Share())
        news = news_of(match)
        is_new = news not in share.told
        if len(share) >= MATCHES_PER_RULE:
            if not is_new or not share.repeating:
                return
            self._forget(MATCHES_PER_RULE + len(share.repeating) - 1, share.repeating[-1])
        rank = len(share.told) if is_new else MATCHES_PER_RULE + len(share.repeating)
        if self._size >= self.most:
            if rank >= len(self._ranks) - 1:
                return
            self._forget(len(self._ranks) - 1, next(reversed(self._ranks[-1])))
        self._ranks.extend({} for _ in range(rank + 1 - len(self._ranks)))
        self._ranks[rank][number] = match
        self._size += 1
        if is_new:
            share.told.add(news)
        else:
            share.repeating.append(number)

    def missed(self, met: Mapping[str, int]) -> tuple[int, int]:
        """Of rules that matched so many rows: rows not kept for want of room, and rules without.

        What is beyond the share of one rule is not among the rows.
        """
        short = silent = 0
        for rule, count in met.items():
            share = self._shares.get(rule)
            kept = 0 if share is None else len(share)
            short += min(count, MATCHES_PER_RULE) - kept
            silent += bool(count) and not kept
        return short, silent

    def _forget(self, rank: int, number: int) -> None:
        """Take out a match, which is the last of its rule."""
        match = self._ranks[rank].pop(number)
        share = self._shares[match.rule]
        if rank >= MATCHES_PER_RULE:
            share.repeating.pop()
        else:
            share.told.discard(news_of(match))
        self._size -= 1
        while self._ranks and not self._ranks[-1]:
            self._ranks.pop()
