"""What is left of a rule once some fields of an event are known.

Rules for Windows events mostly ask for a number of the event first. For one kind of event that
question has one answer, and the rule may be out of the question altogether.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from tocsin.matching.sigma import plain
from tocsin.matching.sigma.compile import compile_node
from tocsin.matching.sigma.view import View
from tocsin.model.event import Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Left: TypeAlias = plain.Node | bool
"""What must still be asked, or the answer."""


class Known:
    """Fields whose texts are the same in all events of a kind; None for one that none has."""

    def __init__(self, fields: Mapping[str, str | None]) -> None:
        """Remember them, and what is worked out from them."""
        present = {name: text for name, text in fields.items() if text is not None}
        self._fields = frozenset(fields)
        self._view = View(Event(time=None, place=0, fields=present, text=""))
        self._answers: dict[plain.FieldIs, bool] = {}

    def left_of(self, node: plain.Node, other_names: Iterable[str] = ()) -> Left:
        """`node` for events of this kind; `other_names` are fields that come from elsewhere."""
        return self._left(node, self._fields.difference(other_names))

    def _left(self, node: plain.Node, fields: frozenset[str]) -> Left:
        match node:
            case plain.FieldIs():
                return self._answer(node) if _asks_only(node, fields) else node
            case plain.Anywhere():
                return node
            case plain.All():
                return _joined([self._left(one, fields) for one in node.nodes], ends=False)
            case plain.Any():
                return _joined([self._left(one, fields) for one in node.nodes], ends=True)
            case plain.Not():
                left = self._left(node.node, fields)
                return not left if isinstance(left, bool) else plain.Not(left)

    def _answer(self, test: plain.FieldIs) -> bool:
        if test not in self._answers:
            self._answers[test] = compile_node(test)(self._view)
        return self._answers[test]


def _asks_only(test: plain.FieldIs, fields: frozenset[str]) -> bool:
    others = (one.field for one in test.values if isinstance(one, plain.SameAs))
    return all(name in fields for name in (test.field, *others))


def _joined(parts: Iterable[Left], *, ends: bool) -> Left:
    """Several parts as one, of which `ends` decides the whole: false in `All`, true in `Any`."""
    open_parts: list[plain.Node] = []
    for part in parts:
        if not isinstance(part, bool):
            open_parts.append(part)
        elif part is ends:
            return ends
    if len(open_parts) < 2:
        return open_parts[0] if open_parts else not ends
    return plain.Any(tuple(open_parts)) if ends else plain.All(tuple(open_parts))
