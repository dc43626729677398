"""Which rules are asked about which event of a format, and what they were never shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, partial
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tocsin.matching.sigma.routing import Route, is_event_log, merged, routes, sources_of
from tocsin.matching.sigma.uri import RequestViews
from tocsin.matching.sigma.view import View

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from tocsin.events.format import Format
    from tocsin.matching.sigma.entry import SigmaEntry
    from tocsin.matching.sigma.origin import Origin
    from tocsin.matching.sigma.uri import Asks, Web
    from tocsin.model.event import Event

REMEMBERED = 4096
"""Kinds of events whose plan is kept; hostile evidence could invent any number of them."""

_Names: TypeAlias = tuple[tuple[str, "Origin"], ...]
_Same: TypeAlias = tuple[tuple[int, _Names], ...]


class Hit(NamedTuple):
    """A rule that says yes to an event; `view` is None where it did to the row as logged.

    Else it is one of `tocsin.matching.sigma.uri.UriView`, to be told wherever the row is cited.
    """

    id: str
    view: str | None = None


class _Check(NamedTuple):
    place: int
    hit: Hit
    rule: SigmaEntry
    asks: Asks | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Group:
    """Rules that look at an event through the same field names, and at the same views of it."""

    names: Mapping[str, Origin]
    web: Web | None
    checks: tuple[_Check, ...]
    fields: Mapping[str, frozenset[str]]
    """By rule."""
    by_place: Mapping[int, _Check]

    def among(self, places: Collection[int]) -> Sequence[_Check]:
        """The checks with these places, in order."""
        return [self.by_place[one] for one in sorted(places) if one in self.by_place]

    def widest(self, event: Event) -> View:
        """`event` as its rules see it, in the view that has the most fields."""
        view = View(event, self.names)
        return view if self.web is None else self.views(event, view).widest()

    def views(self, event: Event, view: View) -> RequestViews:
        """All views of `event` that its rules may look at; `view` is that of the row as logged."""
        if self.web is None:
            raise ValueError("rules that look at the row as logged alone")
        return RequestViews(event, self.names, self.web, view)


@dataclass(slots=True)
class _Missing:
    """Fields of one group's rules that no event had so far.

    `columns` are those that could tell one of `names`; only an event that has one is looked at.
    """

    names: set[str]
    columns: dict[str, set[str]]

    @classmethod
    def all_of(cls, group: _Group) -> _Missing:
        names = set[str]().union(*group.fields.values())
        columns: dict[str, set[str]] = {}
        route = Route(names=group.names, web=group.web)
        for name in names:
            for column in sources_of(name, route).columns:
                columns.setdefault(column, set()).add(name)
        return cls(names, columns)

    def look(self, fields: Iterable[str], view: View) -> None:
        """Forget the names that `view` has a text for, whose event has these `fields`."""
        asked = set[str]().union(*(self.columns.get(column, ()) for column in fields))
        found = {name for name in asked if view.raw(name) is not None}
        self.names -= found
        for column in list(self.columns):
            self.columns[column] -= found
            if not self.columns[column]:
                del self.columns[column]


@dataclass(slots=True)
class Seen:
    """Which fields the rules found in the evidence, for the report; one for a whole run.

    A field that another name or another view gives a text counts as found.
    """

    _missing: dict[_Group, _Missing] = field(default_factory=dict)
    _elsewhere: dict[str, frozenset[str]] = field(default_factory=dict)

    def note(self, group: _Group, event: Event) -> None:
        """Remember what fields this event has of those that the group's rules look at."""
        missing = self._missing.get(group)
        if missing is None:
            missing = self._missing[group] = _Missing.all_of(group)
        if not missing.columns.keys().isdisjoint(event.fields):
            missing.look(event.fields, group.widest(event))

    def may_learn(self, groups: Iterable[_Group], fields: Collection[str]) -> bool:
        """Whether an event with these fields may have one that was missing so far."""
        for group in groups:
            missing = self._missing.get(group)
            if missing is None or not missing.columns.keys().isdisjoint(fields):
                return True
        return False

    def misses(self, groups: Iterable[_Group]) -> bool:
        """Whether a field of some of these rules is missing so far."""
        return any(
            (missing := self._missing.get(group)) is None or missing.columns for group in groups
        )

    def never_seen(self) -> dict[str, frozenset[str]]:
        """By rule that was asked at all: those of its fields that no event had."""
        return {rule: fields for rule, fields in self.missing().items() if fields}

    def missing(self) -> dict[str, frozenset[str]]:
        """The same, with the rules of which every field was seen."""
        found = dict(self._elsewhere)
        for group, missing in self._missing.items():
            for rule, fields in group.fields.items():
                found[rule] = found.get(rule, fields) & missing.names
        return found

    def absorb(self, missing: Mapping[str, frozenset[str]]) -> None:
        """Take the `missing` of another process, which was shown other events."""
        for rule, fields in missing.items():
            self._elsewhere[rule] = self._elsewhere.get(rule, fields) & fields


class FormatRules:
    """The rules for one format."""

    def __init__(
        self, form: Format, rules: Sequence[SigmaEntry], users: Collection[str] = frozenset()
    ) -> None:
        """Route `rules`, whose order is kept.

        `users` are the ids of those that the user brought: they may look at all views of a
        request, under any of its names. Ours are written for one log, and see rows as logged.
        """
        # Thousands of rules name some dozen log sources, and share their routes.
        ways = cache(partial(routes, form=form))
        self._routed = [
            (place, rule, found)
            for place, rule in enumerate(rules)
            if (found := ways(rule.log_source, users=rule.id in users))
        ]
        by_ways: dict[int, tuple[tuple[Route, ...], list[tuple[int, SigmaEntry]]]] = {}
        for place, rule, found in self._routed:
            by_ways.setdefault(id(found), (found, []))[1].append((place, rule))
        self._by_ways = tuple(by_ways.values())
        self._by_id = is_event_log(form)
        self._one_kind = all(route.takes_all for _, _, found in self._routed for route in found)
        self._plans: dict[tuple[str, str | None], tuple[_Group, ...]] = {}
        self._groups: dict[_Same, tuple[_Group, ...]] = {}

    @property
    def routed(self) -> Sequence[tuple[int, SigmaEntry, tuple[Route, ...]]]:
        """Every such rule with its place among all rules, and the ways on which it is served."""
        return self._routed

    @property
    def ids(self) -> tuple[str, ...]:
        """Every rule that may be asked about an event of this format."""
        return tuple(rule.id for _, rule, _ in self._routed)

    def match(self, event: Event, seen: Seen | None = None) -> Sequence[str]:
        """The ids of all rules that say yes to `event`, in rule order; `seen` takes notes."""
        return [hit.id for hit in self.hits(event, seen)]

    def hits(
        self, event: Event, seen: Seen | None = None, *, only: Collection[int] | None = None
    ) -> Sequence[Hit]:
        """All rules that say yes to `event`, in rule order, and in which view of it each did.

        With `only`, the rules with these places among all are asked, and no others.
        """
        groups = self.groups_for(event)
        found: list[tuple[int, Hit]] = []
        for group in groups:
            if seen is not None:
                seen.note(group, event)
            checks = group.checks if only is None else group.among(only)
            if not checks:
                continue
            view = View(event, group.names)
            if group.web is None:
                found += [(one.place, one.hit) for one in checks if one.rule.test(view)]
            else:
                found += _in_views(checks, group.views(event, view))
        if len(groups) > 1:
            found.sort(key=itemgetter(0))
        return [hit for _, hit in found]

    def note(self, event: Event, seen: Seen) -> None:
        """Tell `seen` which fields the event has, whoever is asked about it."""
        for group in self.groups_for(event):
            seen.note(group, event)

    def view(self, event: Event, rule: str) -> View:
        """`event` under the names by which the rule `rule` sees it, as it was logged."""
        for group in self.groups_for(event):
            if rule in group.fields:
                return View(event, group.names)
        return View(event)

    def groups_for(self, event: Event) -> tuple[_Group, ...]:
        """The rules for events of this kind."""
        return self.groups_of(event.stream, event.fields.get("EventID"))

    def groups_of(self, stream: str, event_id: str | None) -> tuple[_Group, ...]:
        """The rules for events of this stream and, where that matters, this id."""
        if self._one_kind:
            key: tuple[str, str | None] = ("", None)
        else:
            key = (stream, event_id if self._by_id else None)
        groups = self._plans.get(key)
        return self._plan(key) if groups is None else groups

    def taken(self, stream: str, event_id: str | None) -> Sequence[tuple[int, SigmaEntry, Route]]:
        """The rules for one kind of event: place among all, rule, and how it sees the event."""
        stream = stream.casefold()
        taken = [
            (place, rule, route)
            for found, rules in self._by_ways
            if (route := merged(found, stream, event_id)) is not None
            for place, rule in rules
        ]
        taken.sort(key=itemgetter(0))
        return taken

    def _plan(self, key: tuple[str, str | None]) -> tuple[_Group, ...]:
        """The rules for one kind of event; kinds with the same rules share one plan."""
        taken = self.taken(*key)
        names = {id(route): _listed(route) for _, _, route in taken}
        same = tuple((place, names[id(route)]) for place, _, route in taken)
        groups = self._groups.get(same)
        if groups is None:
            groups = self._groups[same] = _grouped(taken)
        if len(self._plans) < REMEMBERED:
            self._plans[key] = groups
        return groups


def _in_views(checks: Sequence[_Check], views: RequestViews) -> list[tuple[int, Hit]]:
    """The checks that say yes in at least one view, with the first one that they do in."""
    found: list[tuple[int, Hit]] = []
    for check in checks:
        if check.asks is None:
            continue
        for label, view in views.of(check.asks):
            if check.rule.test(view):
                hit = check.hit if label is None else Hit(check.hit.id, label.value)
                found.append((check.place, hit))
                break
    return found


def _listed(route: Route) -> _Names:
    return tuple(sorted(route.names.items(), key=itemgetter(0)))


def _grouped(taken: Sequence[tuple[int, SigmaEntry, Route]]) -> tuple[_Group, ...]:
    """Rules that ask for nothing that a view changes stay with those that have none."""
    together: dict[tuple[_Names, bool], list[tuple[int, SigmaEntry, Asks | None]]] = {}
    webs: dict[tuple[_Names, bool], Web | None] = {}
    for place, rule, route in taken:
        asks = route.web.asks(rule.fields, rule.node) if route.web else None
        if asks is not None and not (asks.uri or asks.blanks):
            asks = None
        key = (_listed(route), asks is not None)
        together.setdefault(key, []).append((place, rule, asks))
        webs[key] = route.web if asks is not None else None
    groups: list[_Group] = []
    for key, members in together.items():
        checks = tuple(_Check(place, Hit(rule.id), rule, asks) for place, rule, asks in members)
        groups.append(
            _Group(
                names=dict(key[0]),
                web=webs[key],
                checks=checks,
                fields={rule.id: rule.fields for _, rule, _ in members},
                by_place={check.place: check for check in checks},
            )
        )
    return tuple(groups)
