"""The rows that correlations stand on, kept small until all files are read.

Rows come in the order of files, not of time, and perhaps from several processes. So they are only
collected here; `tocsin.matching.sigma.correlation.engine` puts them in order and counts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tocsin.events.kind import kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.events.format import Format
    from tocsin.matching.sigma.correlation.link import Plan
    from tocsin.matching.sigma.plan import Hit as Answer
    from tocsin.matching.sigma.view import View
    from tocsin.model.artefact import Artefact
    from tocsin.model.event import Event

HITS_PER_RULE = 200_000
"""Rows of one rule that are kept; the rest are counted, so a flood cannot eat the memory."""
HITS = 1_000_000
"""Rows of all rules together. One costs some 250 bytes."""
_LONGEST = 256
"""Characters of a value that are kept. Of a longer one the start, and a hash of all of it."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


class Matcher(Protocol):
    """The rules for one format."""

    def view(self, event: Event, rule: str) -> View:
        """`event` as `rule` sees it."""


class Origin(NamedTuple):
    """Where rows come from: the source (empty where there is only one), and the file in it.

    `kind` is the coverage kind of the rows; a place in the file `counts` lines, records or bytes.
    """

    source: str
    path: str
    kind: str
    counts: str


class Hit(NamedTuple):
    """One row that a rule matched, or a moment at which a correlation held.

    `time_us` counts microseconds since 1970, UTC. `values` are those that `Plan.kept` names for
    the rule. `inside` is set where `rule` is a correlation: the rows that it stood on.
    """

    time_us: int
    origin: Origin
    place: int
    rule: str
    values: tuple[str | None, ...]
    damaged: bool = False
    inside: Stretch | None = None

    @property
    def time(self) -> datetime:
        """The time, aware and UTC."""
        return _EPOCH + self.time_us * _TICK


class Stretch(NamedTuple):
    """Some rows of a group that stand together."""

    group: list[Hit]
    start: int
    end: int


IN_ORDER = itemgetter(0, 1, 2, 3)
"""By time; rows of one time by where they stand, so that the order of reading tells nothing."""


@dataclass(slots=True)
class Hits:
    """All rows that count, in the order of reading, and what had to be left out.

    `not_kept` counts rows beyond the limits, `without_time` rows that cannot be put in order; both
    by rule. May be pickled; `Hits` of several processes are put together with `merge`.
    """

    plan: Plan
    kept: list[Hit] = field(default_factory=list)
    artefacts: dict[Origin, Artefact] = field(default_factory=dict)
    not_kept: Counter[str] = field(default_factory=Counter)
    without_time: Counter[str] = field(default_factory=Counter)
    _counts: Counter[str] = field(default_factory=Counter)
    _texts: dict[str, str] = field(default_factory=dict)
    """One object for each text, however many rows have it."""

    def add(
        self,
        rule: str,
        artefact: Artefact,
        form: Format,
        event: Event,
        *,
        source: str = "",
        damaged: bool = False,
        view: View | None = None,
    ) -> None:
        """Keep a row that `rule` matched, if a correlation stands on it.

        `source` tells servers apart where several are looked at together. `view` is the row as
        the rule sees it, where its fields have other names in this log.
        """
        names = self.plan.kept.get(rule)
        if names is None:  # the usual case: nothing stands on it
            return
        if event.time is None:
            self.without_time[rule] += 1
            return
        if not self._room(rule):
            return
        kind = kind_of(form.name, event.stream)
        origin = Origin(source, artefact.path.inside, kind, form.place.value)
        if origin not in self.artefacts:
            self.artefacts[origin] = artefact
        read = event.fields.get if view is None else view.raw
        values = tuple([self._kept(read(name)) for name in names])
        time_us = (event.time - _EPOCH) // _TICK
        self.kept.append(Hit(time_us, origin, event.place, rule, values, damaged))

    def take(
        self,
        found: Sequence[Answer],
        matcher: Matcher,
        artefact: Artefact,
        form: Format,
        event: Event,
        *,
        source: str = "",
        damaged: bool = False,
    ) -> Sequence[Answer]:
        """Keep what correlations stand on; give the answers of rules that speak for themselves.

        `found` are all answers about a row of a log of `form`, and `matcher` gave them.
        """
        plan = self.plan
        if not plan.steps and not plan.silent:
            return found
        for one in found:
            if one.id in plan.kept:
                view = matcher.view(event, one.id)
                self.add(one.id, artefact, form, event, source=source, damaged=damaged, view=view)
        return [one for one in found if one.id not in plan.silent]

    def merge(self, other: Hits) -> None:
        """Take what `other` kept, which was read after this."""
        self.not_kept.update(other.not_kept)
        self.without_time.update(other.without_time)
        for origin, artefact in other.artefacts.items():
            self.artefacts.setdefault(origin, artefact)
        for hit in other.kept:
            if self._room(hit.rule):
                self.kept.append(hit)

    def by_rule(self) -> dict[str, list[Hit]]:
        """The rows of each rule, in the order of time."""
        found: dict[str, list[Hit]] = {}
        for hit in sorted(self.kept, key=IN_ORDER):
            found.setdefault(hit.rule, []).append(hit)
        return found

    def _room(self, rule: str) -> bool:
        if self._counts[rule] >= HITS_PER_RULE or len(self.kept) >= HITS:
            self.not_kept[rule] += 1
            return False
        self._counts[rule] += 1
        return True

    def _kept(self, text: str | None) -> str | None:
        if text is None:
            return None
        if len(text) > _LONGEST:
            digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
            text = f"{text[:_LONGEST]}… ({len(text)} characters, {digest})"
        return self._texts.setdefault(text, text)
