"""A rule's plain data as one function of an event.

Two laws that are easily broken: a missing field is null, so ``not filter`` holds where the
filter's field is absent; and every value, list and condition is judged for one event alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.matching.sigma import plain
from tocsin.matching.sigma.values import field_tests, keyword_test

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.matching.sigma.values import Predicate
    from tocsin.matching.sigma.view import View


def compile_node(node: plain.Node) -> Predicate:
    """The test that `node` stands for.

    Raises `KnowledgeError` where a regular expression in it cannot be used.
    """
    match node:
        case plain.FieldIs():
            return _any_holds(field_tests(node.field, node.values))
        case plain.Anywhere():
            return keyword_test(node.value)
        case plain.All():
            return _all_hold([compile_node(one) for one in node.nodes])
        case plain.Any():
            return _any_holds([compile_node(one) for one in node.nodes])
        case plain.Not():
            return _negated(compile_node(node.node))


def _all_hold(tests: Sequence[Predicate]) -> Predicate:
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda view: first(view) and second(view)
    several = tuple(tests)

    def test(view: View) -> bool:
        for one in several:  # noqa: SIM110 - a generator costs more than what it asks
            if not one(view):
                return False
        return True

    return test


def _any_holds(tests: Sequence[Predicate]) -> Predicate:
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda view: first(view) or second(view)
    several = tuple(tests)

    def test(view: View) -> bool:
        for one in several:  # noqa: SIM110 - a generator costs more than what it asks
            if one(view):
                return True
        return False

    return test


def _negated(test: Predicate) -> Predicate:
    return lambda view: not test(view)
