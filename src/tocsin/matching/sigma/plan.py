"""Which rules are asked about which event of a format, and what they were never shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tocsin.matching.sigma.routing import is_event_log, routes
from tocsin.matching.sigma.view import View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tocsin.events.format import Format
    from tocsin.matching.sigma.entry import SigmaEntry
    from tocsin.matching.sigma.routing import Route
    from tocsin.matching.sigma.values import Predicate
    from tocsin.model.event import Event

REMEMBERED = 4096
"""Kinds of events whose plan is kept; hostile evidence could invent any number of them."""


_Same: TypeAlias = tuple[tuple[int, tuple[tuple[str, str], ...]], ...]


class _Check(NamedTuple):
    place: int
    id: str
    test: Predicate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Group:
    """Rules that look at an event through the same field names."""

    aliases: Mapping[str, str]
    checks: tuple[_Check, ...]
    fields: Mapping[str, frozenset[str]]
    """By rule."""


@dataclass(slots=True)
class Seen:
    """Which fields the rules found in the evidence, for the report; one for a whole run."""

    _missing: dict[_Group, set[str]] = field(default_factory=dict)

    def note(self, group: _Group, view: View) -> None:
        """Remember what fields this event has of those that the group's rules look at."""
        missing = self._missing.get(group)
        if missing is None:
            missing = self._missing[group] = set().union(*group.fields.values())
        if missing:
            missing.difference_update([name for name in missing if view.raw(name) is not None])

    def never_seen(self) -> dict[str, frozenset[str]]:
        """By rule that was asked at all: those of its fields that no event had."""
        found: dict[str, frozenset[str]] = {}
        for group, missing in self._missing.items():
            for rule, fields in group.fields.items():
                found[rule] = found.get(rule, fields) & missing
        return {rule: fields for rule, fields in found.items() if fields}


class FormatRules:
    """The rules for one format."""

    def __init__(self, form: Format, rules: Sequence[SigmaEntry]) -> None:
        """Route `rules`, whose order is kept."""
        self._routed = [
            (place, rule, found)
            for place, rule in enumerate(rules)
            if (found := routes(rule.log_source, form))
        ]
        self._by_id = is_event_log(form)
        self._plans: dict[tuple[str, str | None], tuple[_Group, ...]] = {}
        self._groups: dict[_Same, tuple[_Group, ...]] = {}

    @property
    def ids(self) -> tuple[str, ...]:
        """Every rule that may be asked about an event of this format."""
        return tuple(rule.id for _, rule, _ in self._routed)

    def match(self, event: Event, seen: Seen | None = None) -> Sequence[str]:
        """The ids of all rules that say yes to `event`, in rule order; `seen` takes notes."""
        key = (event.stream, event.fields.get("EventID") if self._by_id else None)
        groups = self._plans.get(key)
        if groups is None:
            groups = self._plan(key)
        found: list[_Check] = []
        for group in groups:
            view = View(event, group.aliases)
            if seen is not None:
                seen.note(group, view)
            found += [check for check in group.checks if check.test(view)]
        if len(groups) > 1:
            found.sort(key=itemgetter(0))
        return [check.id for check in found]

    def _plan(self, key: tuple[str, str | None]) -> tuple[_Group, ...]:
        """The rules for one kind of event; kinds with the same rules share one plan."""
        stream, event_id = key[0].casefold(), key[1]
        taken = [
            (place, rule, aliases)
            for place, rule, found in self._routed
            if (aliases := _aliases(found, stream, event_id)) is not None
        ]
        same = tuple((place, tuple(sorted(aliases.items()))) for place, _, aliases in taken)
        groups = self._groups.get(same)
        if groups is None:
            groups = self._groups[same] = _grouped(taken)
        if len(self._plans) < REMEMBERED:
            self._plans[key] = groups
        return groups


def _aliases(found: Sequence[Route], stream: str, event_id: str | None) -> dict[str, str] | None:
    """The field names under which a rule sees this kind of event; None where it does not."""
    taken = [route.aliases for route in found if route.takes(stream, event_id)]
    return {name: alias for one in taken for name, alias in one.items()} if taken else None


def _grouped(
    taken: Sequence[tuple[int, SigmaEntry, Mapping[str, str]]],
) -> tuple[_Group, ...]:
    by_aliases: dict[tuple[tuple[str, str], ...], list[tuple[int, SigmaEntry]]] = {}
    for place, rule, aliases in taken:
        by_aliases.setdefault(tuple(sorted(aliases.items())), []).append((place, rule))
    return tuple(
        _Group(
            aliases=dict(aliases),
            checks=tuple(_Check(place, rule.id, rule.test) for place, rule in members),
            fields={rule.id: rule.fields for _, rule in members},
        )
        for aliases, members in by_aliases.items()
    )
