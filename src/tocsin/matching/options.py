"""What the analyst asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tocsin.evidence.collection import Limits
from tocsin.matching.content import ContentPlan
from tocsin.matching.scan import Period

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from tocsin.matching.cache import RuleCache


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One hunt's wishes. Times are UTC; no pack named means all packs.

    `sigma`, `yara` and `indicators` are files and folders of the user's own rules and lists, whose
    matches are leads. `own_packs` are folders of packs that the user brought; they count
    like the others, and the result says whose they are.
    `content` says which files YARA looks into, how far and for how long.
    `cache` keeps compiled rules for the next hunt, and `jobs` processes share the work; the result
    is the same without them.
    """

    since: datetime | None = None
    until: datetime | None = None
    packs: tuple[str, ...] = ()
    own_packs: tuple[Path, ...] = ()
    sigma: tuple[Path, ...] = ()
    yara: tuple[Path, ...] = ()
    indicators: tuple[Path, ...] = ()
    content: ContentPlan = field(default_factory=ContentPlan)
    limits: Limits = field(default_factory=Limits)
    cache: RuleCache | None = None
    jobs: int = 1

    @property
    def period(self) -> Period:
        """The time in which rows are matched."""
        return Period(since=self.since, until=self.until)
