r"""Which rules must be asked about a Windows event, told from the texts of its fields.

Rules are sorted by kind of event (channel and number) already; for one kind

* what a rule asks of channel and number is answered beforehand (`decided`);
* a rule that has a clause (`literals`) is asked about events in which a text of it is found; one
  search over all values of the event finds the texts of all rules;
* a rule that has none, or only texts that most of these events hold, is asked about each event.

A text is searched for in the values themselves, between LFs, so nothing depends on how a log
writes them. The answer for an event is that of `FormatRules.hits`; here it is only decided who is
asked. The first events of each kind are asked about in full, and show what is rare in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import hyperscan

from tocsin.matching.prefilter import Prefilter
from tocsin.matching.sigma.asks import has_keyword
from tocsin.matching.sigma.decided import Known
from tocsin.matching.sigma.literals import Carrier, Reach, ascii_runs
from tocsin.matching.sigma.needs import choose, needs
from tocsin.matching.sigma.plan import REMEMBERED
from tocsin.matching.sigma.rarity import Rarity
from tocsin.matching.sigma.routing import sources_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.matching.sigma.decided import Left
    from tocsin.matching.sigma.literals import Clause, Pattern
    from tocsin.matching.sigma.plan import FormatRules, Hit, Seen
    from tocsin.matching.sigma.rarity import Guess
    from tocsin.matching.sigma.routing import Route
    from tocsin.model.event import Event

SAMPLE = 64
"""Events of a kind that are asked about in full, before it is decided what is searched for."""
AGAIN = 4
"""How many times as many it is, when it is decided whether to choose anew."""
MANY = 0.5
"""Texts found in each event from which on that is done."""
FEWEST = 8
"""Rules from which on a search costs less than asking all of them."""
KEYWORD = 4
"""As many other rules is one that looks for texts anywhere in the event."""
KINDS = 256
"""Kinds of events that are searched; hostile evidence could invent any number of them."""
COMMON = 0.4
"""The share of events that hold a text from which on its rule is asked about each."""
_LONGEST_PATTERN = 400
"""Bytes. A number may have any number of digits."""

Places: TypeAlias = frozenset[int]
_NOBODY: Places = frozenset()


class Records:
    """The rules for one format of Windows events, of which only some are asked about each."""

    def __init__(self, rules: FormatRules) -> None:
        """Begin without a choice; it is made while events come by."""
        self._rules = rules
        self._kinds: dict[tuple[str, str | None], _Kind] = {}
        self._searched = 0

    @property
    def full_scans(self) -> frozenset[str]:
        """The rules that are asked about each event of some kind that is searched."""
        always = _NOBODY.union(*(kind.always for kind in self._kinds.values()))
        return frozenset(rule.id for place, rule, _ in self._rules.routed if place in always)

    def hits(self, event: Event, seen: Seen | None = None) -> Sequence[Hit]:
        """All rules that say yes to `event`, in rule order; `seen` takes notes."""
        if seen is not None:
            self._rules.note(event, seen)
        key = (event.stream, event.fields.get("EventID"))
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kind(key)
        asked = kind.asked(event)
        return self._rules.hits(event, only=asked) if asked else ()

    def _kind(self, key: tuple[str, str | None]) -> _Kind:
        stream, event_id = key
        fields = {"Channel": stream or None, "EventID": event_id}
        known = Known(fields)
        left = [
            _Rule(place, node, route)
            for place, rule, route in self._rules.taken(stream, event_id)
            if (
                node := rule.node
                if rule.fields.isdisjoint(fields)
                else known.left_of(rule.node, route.names)
            )
            is not False
        ]
        weight = sum(KEYWORD if one.has_keyword else 1 for one in left)
        is_worth_it = weight >= FEWEST and self._searched < KINDS
        self._searched += is_worth_it
        kind = _Kind(left, Rarity() if is_worth_it else None)
        if len(self._kinds) < REMEMBERED:
            self._kinds[key] = kind
        return kind


@dataclass(frozen=True, slots=True)
class _Rule:
    place: int
    left: Left
    route: Route

    @property
    def has_keyword(self) -> bool:
        return not isinstance(self.left, bool) and has_keyword(self.left)


class _Kind:
    """One kind of event: at first all of its rules are asked, and then those with a text found."""

    def __init__(self, rules: Sequence[_Rule], sample: Rarity | None) -> None:
        """Without a `sample` all of its rules are always asked."""
        self.always: Places = _NOBODY
        self._rules = rules
        self._all = frozenset(rule.place for rule in rules)
        self._with_text = any(rule.has_keyword for rule in rules)
        self._sample = sample
        self._search: Prefilter | None = None
        self._by_pattern: tuple[Places, ...] = ()
        self._events = 0
        self._asked = 0
        self._look_again = SAMPLE

    def asked(self, event: Event) -> Places:
        """The places of the rules to ask about an event of this kind."""
        if self._sample is None and self._search is None:
            return self._all
        data = searched_text(event, with_text=self._with_text)
        self._events += 1
        if self._sample is not None and (self._search is None or not self._events % SAMPLE):
            self._sample.add(data)
        if self._events >= self._look_again:
            self._choose_anew()
        if self._search is None:
            return self._all
        found = self._search.found_in(data)
        if not found:
            return self.always
        self._asked += len(found)
        if len(found) == 1:
            return self.always | self._by_pattern[found.pop()]
        return self.always.union(*(self._by_pattern[pattern] for pattern in found))

    def _choose_anew(self) -> None:
        """At first, and where more is found than is good, with all that was seen until then."""
        too_many = self._asked > MANY * (self._events - self._look_again // AGAIN)
        self._look_again *= AGAIN
        self._asked = 0
        if self._sample is not None and (self._search is None or too_many):
            self._choose(self._sample.guess())

    def _choose(self, guess: Guess) -> None:
        always: set[int] = set()
        waiting: dict[Pattern, set[int]] = {}
        for rule in self._rules:
            clause = _rare_clause(rule, guess)
            if clause is None:
                always.add(rule.place)
            for pattern in clause or ():
                waiting.setdefault(pattern, set()).add(rule.place)
        try:
            self._search = Prefilter(list(waiting))
        except hyperscan.HyperscanError:
            # More than it takes: all rules are asked, as before.
            self._sample = self._search = None
            return
        self.always = frozenset(always)
        self._by_pattern = tuple(frozenset(places) for places in waiting.values())


def searched_text(event: Event, *, with_text: bool = False) -> bytes:
    """All values of an event, each between LFs, so that they can be searched without case.

    Letters that are compared without case as one of ASCII become that one. Keywords may also
    stand in the record itself.
    """
    values = event.fields.values()
    text = "\n".join(("", *values, event.text, "") if with_text else ("", *values, ""))
    if not text.isascii():
        # Regular expressions take both of these for an i; folding leaves them as they are.
        text = text.replace("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}", "i").casefold()
        text = text.replace("\N{LATIN SMALL LETTER DOTLESS I}", "i")
    return text.encode("utf-8", "replace")


def _rare_clause(rule: _Rule, guess: Guess) -> Clause | None:
    """The rarest clause of a rule; None where it has none, or none that is worth a search."""
    if isinstance(rule.left, bool):
        return None
    clause = choose(needs(rule.left, _carrier(rule.route)), guess.rows_with)
    if clause is None or any(len(pattern) > _LONGEST_PATTERN for pattern in clause):
        return None
    rows = sum(guess.rows_with(pattern) for pattern in clause)
    return clause if rows <= COMMON * (guess.rows + 1) else None


def _carrier(route: Route) -> Carrier:
    def reach(name: str) -> Reach:
        found = sources_of(name, route)
        if found.made or found.joined or found.percent or found.blanks:
            return Reach.HIDDEN
        return Reach.WHOLE if found.whole else Reach.INSIDE

    return Carrier(edge=rb"\n", runs=ascii_runs, reach=reach, unsure=lambda _: False, closed=True)
