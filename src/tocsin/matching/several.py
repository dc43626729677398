"""Rules asked about rows of JSON lines, whose fields may have several values.

A condition on such a field holds where one of its values fits, as Elastic, Splunk and KQL have it,
for which pySigma translates; each condition may find its own. So ``not`` says that none fits.
Source: SigmaHQ/sigma-specification, issue 212 ("Array Matching in Sigma", 2026), of which this is
the part without new syntax.

Every other format has one value for a field, and pays nothing for this.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from tocsin.events.json_lines import Fields, json_lines
from tocsin.matching.rules import FormatRules
from tocsin.matching.sigma import plain
from tocsin.matching.sigma.compile import compile_node
from tocsin.matching.sigma.plan import Hit
from tocsin.matching.sigma.view import View
from tocsin.model.event import Event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.events.format import Format, LogSource
    from tocsin.matching.rules import Seen
    from tocsin.matching.sigma.entry import SigmaEntry

Lists: TypeAlias = Mapping[str, tuple[str, ...]]
_Test: TypeAlias = Callable[[Event, Lists], bool]


class JsonLinesRules:
    """The rules for JSON lines that name no log source themselves."""

    def __init__(self, entries: Sequence[SigmaEntry], log_source: LogSource | None) -> None:
        """Take the rules for `log_source`; without one every rule is asked."""
        self.form: Format = json_lines(log_source)
        self._given = entries
        self._takes_all = log_source is None
        self._places = {entry.id: place for place, entry in enumerate(entries)}
        self._tests: dict[str, _Test] = {}

    @cached_property
    def _entries(self) -> Sequence[SigmaEntry]:
        """The rules; those of one log source are asked about all where none was given."""
        own = self.form.log_sources[0]
        if not self._takes_all:
            return self._given
        return [replace(entry, log_source=own) for entry in self._given]

    @cached_property
    def _whole(self) -> FormatRules:
        return FormatRules(self.form, self._entries)

    @cached_property
    def _by_field(self) -> dict[str, list[SigmaEntry]]:
        taken = frozenset(self._whole.ids)
        found: dict[str, list[SigmaEntry]] = {}
        for entry in self._entries:
            if entry.id in taken:
                for field in entry.fields:
                    found.setdefault(field, []).append(entry)
        return found

    @property
    def ids(self) -> tuple[str, ...]:
        """Every rule that is asked."""
        return self._whole.ids

    def sigma_for(self, form: Format) -> JsonLinesRules:
        """Themselves: they are for one format only."""
        del form
        return self

    def view(self, event: Event, rule: str) -> View:
        """`event` as `rule` sees it."""
        return self._whole.view(event, rule)

    def hits(self, event: Event, seen: Seen | None = None) -> Sequence[Hit]:
        """All rules that say yes to `event`, in rule order; `seen` takes notes."""
        found = self._whole.hits(event, seen)
        lists = event.fields.lists if isinstance(event.fields, Fields) else None
        if not lists:
            return found
        answers = {hit.id: True for hit in found}
        for field in lists:
            for entry in self._by_field.get(field, ()):
                answers[entry.id] = self._test(entry)(event, lists)
        yes = (rule for rule, answer in answers.items() if answer)
        return [Hit(rule) for rule in sorted(yes, key=self._places.__getitem__)]

    def _test(self, entry: SigmaEntry) -> _Test:
        test = self._tests.get(entry.id)
        if test is None:
            test = self._tests[entry.id] = _compiled(entry.node)
        return test


def _compiled(node: plain.Node) -> _Test:
    match node:
        case plain.FieldIs():
            return _one_fits(node)
        case plain.Anywhere():
            anywhere = compile_node(node)
            return lambda event, _: anywhere(View(event))
        case plain.All():
            needed = tuple(_compiled(one) for one in node.nodes)
            return lambda event, lists: all(test(event, lists) for test in needed)
        case plain.Any():
            either = tuple(_compiled(one) for one in node.nodes)
            return lambda event, lists: any(test(event, lists) for test in either)
        case plain.Not():
            inner = _compiled(node.node)
            return lambda event, lists: not inner(event, lists)


def _one_fits(node: plain.FieldIs) -> _Test:
    test, field = compile_node(node), node.field

    def fits(event: Event, lists: Lists) -> bool:
        values = lists.get(field)
        if values is None:
            return test(View(event))
        return any(test(View(_with(event, field, value))) for value in values)

    return fits


def _with(event: Event, field: str, value: str) -> Event:
    """The event as if `field` had this value alone."""
    return Event(
        time=event.time,
        place=event.place,
        fields=ChainMap({field: value}, event.fields),  # type: ignore[arg-type] # it writes into its first map only
        text=event.text,
        stream=event.stream,
    )
