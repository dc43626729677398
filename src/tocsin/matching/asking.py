"""One file and the rules: the rows that a rule says yes to, and everything else counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol

from tocsin.model.event import Event
from tocsin.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tocsin.events.format import Format, Row
    from tocsin.matching.applied import Account
    from tocsin.matching.rules import RuleSet, Seen
    from tocsin.matching.scan import Period
    from tocsin.matching.several import JsonLinesRules
    from tocsin.matching.sigma.plan import Hit as Answer
    from tocsin.matching.sigma.view import View
    from tocsin.model.artefact import Artefact


class Matcher(Protocol):
    """The rules for one format."""

    def hits(self, event: Event, seen: Seen | None = None) -> Sequence[Answer]:
        """All rules that say yes, in rule order, and in which view of the row each did."""
        ...

    def view(self, event: Event, rule: str) -> View:
        """`event` as `rule` sees it."""
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
) -> Iterator[Found]:
    """The one place where a file becomes hits: the rows that a rule says yes to, in file order.

    `account` is told of every row and every problem. Never raises on content.
    """
    one = _Pass(rules.sigma_for(form), period, account)
    try:
        for row in form.parse(stream, artefact):
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

    def take(self, item: Row) -> Found | None:
        """Count it, and say what rules say of it."""
        match item:
            case Event():
                self.events += 1
                if self._period.holds(item.time):
                    return self._found(item, self._matcher.hits(item, self._account.seen))
                self._account.outside += 1
            case Problem():
                self._account.problem(item)
                part = item.salvaged
                if part is not None and self._period.holds(part.time):
                    return self._found(part, self._matcher.hits(part), damaged=True)
        return None

    def _found(
        self, event: Event, answers: Sequence[Answer], *, damaged: bool = False
    ) -> Found | None:
        return Found(event, answers, damaged) if answers else None
