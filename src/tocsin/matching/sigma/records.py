r"""Which rules must be asked about a Windows event, told from the texts of its fields.

Rules are sorted by kind of event (channel and number) already; for one kind

* what a rule asks of channel and number is answered beforehand (`decided`);
* a rule that has a clause (`literals`) is asked about events in which a text of it is found; one
  search over all values of the event finds the texts of all rules;
* a rule that has none, or only texts that most of these events hold, is asked about each event.

A text is searched for in the values themselves, between LFs, so nothing depends on how a log
writes them. The answer for an event is that of `FormatRules.hits`; here it is only decided who is
asked. The first events of a kind are asked about in full, and show what is rare in it. A choice
costs as much as asking some thousands of times, so there is another one only once it would have
paid for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import hyperscan

from tocsin.matching.prefilter import Prefilter
from tocsin.matching.sigma.asks import has_keyword
from tocsin.matching.sigma.decided import Known
from tocsin.matching.sigma.literals import Carrier, Reach, ascii_runs
from tocsin.matching.sigma.needs import choose, needs
from tocsin.matching.sigma.plan import REMEMBERED
from tocsin.matching.sigma.rarity import MOST, Rarity
from tocsin.matching.sigma.routing import sources_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tocsin.matching.sigma.decided import Left
    from tocsin.matching.sigma.entry import SigmaEntry
    from tocsin.matching.sigma.literals import Clause, Pattern
    from tocsin.matching.sigma.needs import Need
    from tocsin.matching.sigma.plan import FormatRules, Hit, Seen
    from tocsin.matching.sigma.rarity import Guess
    from tocsin.matching.sigma.routing import Route
    from tocsin.model.event import Event

SAMPLE = 24
"""Events of a kind that are asked about in full, before it is decided what is searched for: asking
a rule takes some microseconds, and its share of the choice about a hundred."""
FIRST = 128
"""As many more events, by rule, for what a choice costs however few the rules are."""
WORTH = 8
"""Times that a rule is asked which cost as much as choosing does for each text."""
FEWEST = 4
"""Rules from which on a search costs less than looking at each."""
KEYWORD = 4
"""As many other rules is one that looks for texts anywhere in the event."""
KINDS = 256
"""Kinds of events that are searched; hostile evidence could invent any number of them."""
COMMON = 0.4
"""The share of events that hold a text from which on its rule is asked about each."""
_LONGEST_PATTERN = 400
"""Bytes. A number may have any number of digits."""

Fields: TypeAlias = "Mapping[str, str]"
Places: TypeAlias = frozenset[int]
_NOBODY: Places = frozenset()


class Records:
    """The rules for one format of Windows events, of which only some are asked about each."""

    def __init__(self, rules: FormatRules) -> None:
        """Begin without a choice; it is made while events come by."""
        self._rules = rules
        self._kinds: dict[tuple[str, str | None], _Kind] = {}
        self._whole_rules: dict[tuple[int | Reach, ...], _Rule] = {}
        self._searched = 0
        self._last: tuple[Fields, Places] | None = None

    @property
    def rules(self) -> FormatRules:
        """All of them."""
        return self._rules

    @property
    def full_scans(self) -> frozenset[str]:
        """The rules that are asked about each event of some kind that is searched."""
        always = _NOBODY.union(*(kind.always for kind in self._kinds.values()))
        return frozenset(rule.id for place, rule, _ in self._rules.routed if place in always)

    def hits(self, event: Event, seen: Seen | None = None) -> Sequence[Hit]:
        """All rules that say yes to `event`, in rule order; `seen` takes notes."""
        if seen is not None:
            self._rules.note(event, seen)
        if self._last is not None and self._last[0] is event.fields:
            asked = self._last[1]
        else:
            asked = self.asked(event.stream, event.fields, lambda: event.text)
        return self._rules.hits(event, only=asked) if asked else ()

    def may_ask(self, stream: str, event_id: str | None) -> bool:
        """Whether any rule is ever asked about events of this kind."""
        return self._kind_of((stream, event_id)).has_rules

    def asked(self, stream: str, fields: Fields, text: Callable[[], str]) -> Places:
        """The places of the rules to ask about an event; remembered until the next one comes."""
        places = self._kind_of((stream, fields.get("EventID"))).asked(fields, text)
        self._last = (fields, places)
        return places

    def _kind_of(self, key: tuple[str, str | None]) -> _Kind:
        kind = self._kinds.get(key)
        return self._kind(key) if kind is None else kind

    def _kind(self, key: tuple[str, str | None]) -> _Kind:
        stream, event_id = key
        fields = {"Channel": stream or None, "EventID": event_id}
        known = Known(fields)
        carriers: dict[int, Carrier] = {}
        rules: list[_Rule] = []
        for place, rule, route in self._rules.taken(stream, event_id):
            is_whole = rule.fields.isdisjoint(fields)
            left = rule.node if is_whole else known.left_of(rule.node, route.names)
            if left is not False:
                carrier = carriers.get(id(route)) or carriers.setdefault(
                    id(route), carrier_of(route)
                )
                rules.append(
                    self._whole(place, rule, carrier) if is_whole else _ready(place, left, carrier)
                )
        kind = _Kind(rules, may_search=self._searched < KINDS)
        self._searched += kind.is_searched
        if len(self._kinds) < REMEMBERED:
            self._kinds[key] = kind
        return kind

    def _whole(self, place: int, rule: SigmaEntry, carrier: Carrier) -> _Rule:
        """A rule that asks for no channel or number; many kinds share it."""
        key: tuple[int | Reach, ...] = (
            place,
            *(carrier.reach(name) for name in sorted(rule.fields)),
        )
        found = self._whole_rules.get(key)
        if found is None:
            found = self._whole_rules[key] = _ready(place, rule.node, carrier)
        return found


@dataclass(frozen=True, slots=True)
class _Rule:
    """One rule, and what it needs in an event of the kind; None where nothing can be said."""

    place: int
    has_keyword: bool
    need: Need | None


def _ready(place: int, left: Left, carrier: Carrier) -> _Rule:
    if isinstance(left, bool):
        return _Rule(place, has_keyword=False, need=None)
    return _Rule(place, has_keyword(left), needs(left, carrier))


class _Kind:
    """One kind of event: at first all of its rules are asked, and then those with a text found."""

    def __init__(self, rules: Sequence[_Rule], *, may_search: bool) -> None:
        """Without `may_search` all of its rules are always asked."""
        weight = sum(KEYWORD if rule.has_keyword else 1 for rule in rules)
        self.is_searched = may_search and weight >= FEWEST
        self.always: Places = _NOBODY
        self._rules = rules
        self._all = frozenset(rule.place for rule in rules)
        self.has_rules = bool(rules)
        self._with_text = any(rule.has_keyword for rule in rules)
        self._sample = Rarity() if self.is_searched else None
        self._sample_size = SAMPLE + FIRST // max(1, len(rules))
        self._search: Prefilter | None = None
        self._by_pattern: tuple[Places, ...] = ()
        self._asked = 0
        self._worth = 0

    def asked(self, fields: Fields, text: Callable[[], str]) -> Places:
        """The places of the rules to ask about an event of this kind."""
        if self._sample is None and self._search is None:
            return self._all
        data = searched(fields, text() if self._with_text else None)
        if self._sample is not None:
            self._learn(self._sample, data)
        if self._search is None:
            return self._all
        found = self._search.found_in(data)
        if not found:
            return self.always
        self._asked += len(found)
        if self._asked > self._worth and self._sample is None:
            # What is rare in later events is told by later events.
            self._sample, self._sample_size = Rarity(), MOST
        if len(found) == 1:
            return self.always | self._by_pattern[found.pop()]
        return self.always.union(*(self._by_pattern[pattern] for pattern in found))

    def _learn(self, sample: Rarity, data: bytes) -> None:
        sample.add(data)
        if sample.rows >= self._sample_size:
            self._sample = None
            self._choose(sample.guess())

    def _choose(self, guess: Guess) -> None:
        always: set[int] = set()
        waiting: dict[Pattern, set[int]] = {}
        for rule in self._rules:
            clause = _rare_clause(rule.need, guess)
            if clause is None:
                always.add(rule.place)
            for pattern in clause or ():
                waiting.setdefault(pattern, set()).add(rule.place)
        try:
            self._search = Prefilter(list(waiting))
        except hyperscan.HyperscanError:
            # More than it takes: all rules are asked, as before.
            self._search = None
            return
        self.always = frozenset(always)
        self._by_pattern = tuple(frozenset(places) for places in waiting.values())
        self._asked = 0
        # Each choice must pay for itself, and one that did not help is tried ever more rarely.
        self._worth = max(2 * self._worth, WORTH * len(waiting))


def searched(fields: Fields, record: str | None) -> bytes:
    """All values of an event, each between LFs, so that they can be searched without case.

    Letters that are compared without case as one of ASCII become that one. Keywords may also
    stand in the `record` itself.
    """
    values = fields.values()
    text = "\n".join(("", *values, "") if record is None else ("", *values, record, ""))
    if not text.isascii():
        # Regular expressions take both of these for an i; folding leaves them as they are.
        text = text.replace("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}", "i").casefold()
        text = text.replace("\N{LATIN SMALL LETTER DOTLESS I}", "i")
    return text.encode("utf-8", "replace")


def _rare_clause(need: Need | None, guess: Guess) -> Clause | None:
    """The rarest clause of a rule; None where none is worth a search."""
    clause = choose(need, guess.rows_with)
    if clause is None or any(len(pattern) > _LONGEST_PATTERN for pattern in clause):
        return None
    rows = sum(guess.rows_with(pattern) for pattern in clause)
    return clause if rows <= COMMON * (guess.rows + 1) else None


def carrier_of(route: Route) -> Carrier:
    """How an event that is seen on this way carries values as `searched`."""

    @cache
    def reach(name: str) -> Reach:
        found = sources_of(name, route)
        if found.made or found.joined or found.percent or found.blanks:
            return Reach.HIDDEN
        return Reach.WHOLE if found.whole else Reach.INSIDE

    return Carrier(edge=rb"\n", runs=ascii_runs, reach=reach, unsure=lambda _: False, closed=True)
