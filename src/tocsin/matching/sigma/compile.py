"""A parsed Sigma rule as one function of an event.

Two laws that are easily broken: a missing field is null, so ``not filter`` holds where the
filter's field is absent; and every value, list and condition is judged for one event alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sigma.conditions import (
    ConditionAND,
    ConditionIdentifier,
    ConditionNOT,
    ConditionOR,
    ConditionSelector,
    unwrap_parse_result_operand,
)
from sigma.exceptions import SigmaError
from sigma.rule import SigmaDetection, SigmaDetectionItem
from sigma.types import SigmaFieldReference

from tocsin.errors import KnowledgeError
from tocsin.matching.sigma.values import field_test, field_tests, keyword_test

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sigma.conditions import SigmaCondition
    from sigma.rule import SigmaDetections, SigmaRule

    from tocsin.matching.sigma.values import Predicate
    from tocsin.matching.sigma.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What a rule says of an event, and the fields that it looks at."""

    test: Predicate
    fields: frozenset[str]


def compile_rule(rule: SigmaRule) -> Compiled:
    """Compile `rule`; several conditions are linked by *or*.

    Raises `KnowledgeError` with the reason where a value or condition cannot be judged.
    """
    detections = rule.detection
    named = {name: _detection(found) for name, found in detections.detections.items()}
    conditions = [
        _condition(_parsed(condition), detections, named)
        for condition in detections.parsed_condition
    ]
    fields: set[str] = set()
    for detection in detections.detections.values():
        _collect_fields(detection, fields)
    return Compiled(test=any_holds(conditions), fields=frozenset(fields))


def all_hold(tests: Sequence[Predicate]) -> Predicate:
    """Whether every one of `tests` says yes."""
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


def any_holds(tests: Sequence[Predicate]) -> Predicate:
    """Whether at least one of `tests` says yes."""
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


def negated(test: Predicate) -> Predicate:
    """Whether `test` says no."""
    return lambda view: not test(view)


def _parsed(condition: SigmaCondition) -> object:
    try:
        return condition.parse(postprocess=False)
    except (SigmaError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise KnowledgeError(f"condition {condition.condition!r}: {reason}") from error


def _condition(
    node: object, detections: SigmaDetections, named: Mapping[str, Predicate]
) -> Predicate:
    node = unwrap_parse_result_operand(node)
    match node:
        case ConditionIdentifier():
            if node.identifier not in named:
                raise KnowledgeError(f"the condition names {node.identifier!r}, which is missing")
            return named[node.identifier]
        case ConditionSelector():
            found = node.resolve_referenced_detections(detections)
            if not found:
                raise KnowledgeError(f"the condition's '{node.pattern}' fits no detection")
            tests = [named[one.identifier] for one in found]
            return all_hold(tests) if node.cond_class is ConditionAND else any_holds(tests)
        case ConditionNOT():
            return negated(_condition(node.args[0], detections, named))
        case ConditionAND():
            return all_hold([_condition(arg, detections, named) for arg in node.args])
        case ConditionOR():
            return any_holds([_condition(arg, detections, named) for arg in node.args])
        case _:
            raise KnowledgeError(f"a condition cannot hold a {type(node).__name__}")


def _detection(detection: SigmaDetection) -> Predicate:
    tests = [
        _item(item) if isinstance(item, SigmaDetectionItem) else _detection(item)
        for item in detection.detection_items
    ]
    return all_hold(tests) if detection.item_linking is ConditionAND else any_holds(tests)


def _item(item: SigmaDetectionItem) -> Predicate:
    """One line of a detection: a field or keyword, and its values."""
    all_of = item.value_linking is ConditionAND
    if item.field is None:
        if not item.value:
            raise KnowledgeError("a keyword list is empty")
        tests = [keyword_test(value) for value in item.value]
    elif not item.value:
        raise KnowledgeError(f"{item.field} has an empty list of values")
    elif all_of:
        tests = [field_test(item.field, value) for value in item.value]
    else:
        tests = field_tests(item.field, item.value)
    test = all_hold(tests) if all_of else any_holds(tests)
    return negated(test) if item.negated else test


def _collect_fields(detection: SigmaDetection, found: set[str]) -> None:
    for item in detection.detection_items:
        if isinstance(item, SigmaDetection):
            _collect_fields(item, found)
            continue
        if item.field is not None:
            found.add(item.field)
        found.update(value.field for value in item.value if isinstance(value, SigmaFieldReference))
