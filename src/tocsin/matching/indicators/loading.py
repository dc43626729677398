"""What was loaded so far: indicators, each once, and what could not be used."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tocsin.matching.files import Slugs
from tocsin.matching.indicators.indicator import Indicator, Part, Source
from tocsin.matching.indicators.values import cleaned, part_of
from tocsin.model.result import RuleFailure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tocsin.matching.indicators.indicator import Kind

MOST = 2_000_000
"""Indicators of a run; a list with more is a mistake, and costs a gigabyte."""
FAILURES_PER_FILE = 20
"""Lines without an indicator that are listed for one file; the rest are one line with a number."""
_PLACES_NAMED = 5
_SHOWN = 80
_COMMENT = 400
_NOT_IN_A_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(kw_only=True)
class Loading:
    """Fed by the readers, file by file. `taken` are the ids of other rules."""

    taken: Mapping[str, object] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    indicators: list[Indicator] = field(default_factory=list)
    failed: list[RuleFailure] = field(default_factory=list)
    also: dict[int, list[str]] = field(default_factory=dict)
    patterns: int = 0
    alternatives: int = 0
    """What the patterns of STIX ask for, also where it is known already."""
    _known: dict[tuple[Part, ...], int] = field(default_factory=dict)
    _comments: dict[str, str] = field(default_factory=dict)
    _slugs: Slugs = field(default_factory=Slugs)
    _given: set[str] = field(default_factory=set)
    _others: list[str] | None = None
    _failures: int = 0
    _used: int = 0

    @property
    def is_silent(self) -> bool:
        """Whether the file gave nothing yet: no indicator, known or not, and no failure."""
        return not self._failures and not self._used

    def begin(self, path: Path) -> None:
        """What comes next is of this file."""
        wanted = _NOT_IN_A_SLUG.sub("-", path.stem.lower()).strip("-") or "list"
        slug = self._slugs.free(wanted, self._is_taken)
        self._given.add(slug)
        self.sources.append(
            Source(file=str(path), name=path.name, slug=slug, first=len(self.indicators))
        )
        self._failures = self._used = 0

    def end(self) -> None:
        """Say how much of the file failed beyond what was listed."""
        more = self._failures - FAILURES_PER_FILE
        if more > 0:
            self._list(f"{more} more entries are no indicators, or not usable")

    def add(
        self, value: str, kind: Kind | None, *, comment: str = "", line: int | None = None
    ) -> bool:
        """One entry of a list: an indicator, or a failure. Whether it could be used."""
        try:
            text = cleaned(value)
            part = part_of(text, kind)
        except ValueError as error:
            self.fail(f"{shown(value)} {error}", line=line)
            return False
        return self.put((part,), text, comment=comment, line=line)

    def put(
        self,
        parts: Sequence[Part],
        value: str,
        *,
        comment: str = "",
        line: int | None = None,
        unless: str = "",
    ) -> bool:
        """An indicator of `parts`. One that is known already is named with all its places."""
        key = tuple(parts)
        if (place := self._known.get(key)) is not None:
            self._used += 1
            self._again(place, line)
            return True
        if len(self.indicators) >= MOST:
            self.fail(f"is one more than the {MOST} indicators of a run", line=line)
            return False
        self._used += 1
        self._known[key] = len(self.indicators)
        self.indicators.append(
            Indicator(
                part=key[0],
                value=key[0].key if value == key[0].key else value,
                comment=self._shared(comment),
                source=len(self.sources) - 1,
                line=line,
                more=key[1:],
                unless=unless,
            )
        )
        return True

    def fail(self, reason: str, *, line: int | None = None) -> None:
        """One entry that cannot be used; all are counted, the first of each file are listed."""
        self._failures += 1
        if self._failures <= FAILURES_PER_FILE:
            self._list(reason if line is None else f"line {line}: {reason}")

    def tell(self, reason: str) -> None:
        """What the user has to know of the file as a whole."""
        self._list(reason)

    def _list(self, reason: str) -> None:
        self.failed.append(RuleFailure(file=self.sources[-1].file, reason=reason))

    def _again(self, place: int, line: int | None) -> None:
        source = self.sources[-1]
        if self.indicators[place].source == len(self.sources) - 1:
            return
        places = self.also.setdefault(place, [])
        told = source.name if line is None else f"{source.name}:{line}"
        if len(places) < _PLACES_NAMED and told not in places:
            places.append(told)

    def _shared(self, comment: str) -> str:
        """One text for all entries that say the same, in one line and not without end."""
        comment = " ".join(comment[: 2 * _COMMENT].split())[:_COMMENT]
        return self._comments.setdefault(comment, comment)

    def _is_taken(self, slug: str) -> bool:
        """Whether another list has this slug, or another rule an id that begins as ours would."""
        if self._others is None:
            self._others = sorted(rule for rule in self.taken if rule.startswith("indicator-"))
        begin = f"indicator-{slug}-"
        place = bisect_left(self._others, begin)
        among = self._others[place : place + 1]
        return slug in self._given or any(rule.startswith(begin) for rule in among)


def shown(value: str) -> str:
    """A value as a reason names it: printable, and not without end."""
    return repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…")
