"""One file and the rules: the rows that a rule says yes to, and everything else counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol

import numpy as np

from tocsin.events.chosen import Passed
from tocsin.matching.narrowing import Asked, Plain, inside, narrowed
from tocsin.matching.several import JsonLinesRules
from tocsin.matching.sigma.records import Records
from tocsin.matching.sigma.screen import Screen
from tocsin.model.event import Event
from tocsin.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tocsin.events.format import Format
    from tocsin.events.stretches import Stretch
    from tocsin.matching.applied import Account
    from tocsin.matching.narrowing import Item
    from tocsin.matching.rules import RuleSet, Seen
    from tocsin.matching.scan import Period
    from tocsin.matching.sigma.plan import Hit as Answer
    from tocsin.model.artefact import Artefact


class Matcher(Protocol):
    """The rules for one format."""

    def hits(self, event: Event, seen: Seen | None = None) -> Sequence[Answer]:
        """All rules that say yes, in rule order, and in which view of the row each did."""
        ...


class Found(NamedTuple):
    """A row that rules say yes to; `damaged` where only a part of it could be read."""

    event: Event
    answers: Sequence[Answer]
    damaged: bool = False


def rows_found(
    stream: BinaryIO,
    artefact: Artefact,
    form: Format,
    rules: RuleSet | JsonLinesRules,
    period: Period,
    account: Account,
    *,
    only: Stretch | None = None,
) -> Iterator[Found]:
    """The one place where a file becomes hits: the rows that a rule says yes to, in file order.

    `account` is told of every row and every problem. A text log is read in bulk, with the same
    result; `only` is the one stretch of it to be read. Never raises on content.
    """
    matcher: Matcher
    matcher = rules if isinstance(rules, JsonLinesRules) else rules.narrows.matcher(rules, form)
    one = _Pass(matcher, period, account)
    rows: Iterable[Item | Passed]
    if isinstance(matcher, Records) and form.choose is not None and period.is_open:
        rows = form.choose(stream, artefact, Screen(matcher, account.seen))
    elif form.bulk is None or isinstance(rules, JsonLinesRules):
        rows = form.parse(stream, artefact)
    else:
        rows = narrowed(stream, artefact, form, rules, period, account.seen, only=only)
    try:
        for row in rows:
            found = one.take(row)
            if found is not None:
                yield found
    finally:
        account.events[form.name] += one.events


class _Pass:
    """One pass over one file."""

    def __init__(self, matcher: Matcher, period: Period, account: Account) -> None:
        self.events = 0
        self._matcher = matcher
        self._period = period
        self._account = account

    def take(self, item: Item | Passed) -> Found | None:
        """Count it, and say what rules say of it."""
        match item:
            case Event():
                self.events += 1
                if self._period.holds(item.time):
                    return self._found(item, self._matcher.hits(item, self._account.seen))
                self._account.outside += 1
            case Passed():
                self.events += sum(item.rows.values())
            case Problem():
                self._account.problem(item)
                part = item.salvaged
                if part is not None and self._period.holds(part.time):
                    return self._found(part, self._matcher.hits(part), damaged=True)
            case Plain():
                self._count(item)
            case Asked():
                return self._found(item.event, item.hits)
        return None

    def _found(
        self, event: Event, answers: Sequence[Answer], *, damaged: bool = False
    ) -> Found | None:
        return Found(event, answers, damaged) if answers else None

    def _count(self, plain: Plain) -> None:
        """Rows in bulk; those of them that matter come once more, as `Asked`."""
        self.events += len(plain.times_us)
        self._account.outside += int(np.count_nonzero(~inside(plain.times_us, self._period)))
