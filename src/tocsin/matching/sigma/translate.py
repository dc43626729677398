"""pySigma's typed rule as plain data.

Everything that a rule can be refused for is found here, or when the result is compiled once.
"""

from __future__ import annotations

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
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from tocsin.errors import KnowledgeError
from tocsin.events.format import LogSource
from tocsin.matching.sigma import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sigma.conditions import SigmaCondition
    from sigma.filters import SigmaFilter
    from sigma.rule import SigmaDetections, SigmaRule
    from sigma.types import SigmaType

_COMPARE = {
    CompareOperators.LT: "lt",
    CompareOperators.LTE: "lte",
    CompareOperators.GT: "gt",
    CompareOperators.GTE: "gte",
}
"""``neq`` is none of them: it negates the whole line."""
_FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}
_WILD = {
    SpecialChars.WILDCARD_MULTI: plain.Wild.ANY,
    SpecialChars.WILDCARD_SINGLE: plain.Wild.ONE,
}


def translate(rule: SigmaRule) -> plain.Condition:
    """What `rule` asks of an event. Raises as `condition_of` does."""
    return condition_of(rule.detection)


def condition_of(detections: SigmaDetections) -> plain.Condition:
    """What the detections of a rule or filter ask of an event; several conditions mean *or*.

    Raises `KnowledgeError` with the reason where a value or condition cannot be judged.
    """
    named = {name: _detection(found) for name, found in detections.detections.items()}
    nodes = [
        _condition(_parsed(condition), detections, named)
        for condition in detections.parsed_condition
    ]
    fields: set[str] = set()
    for node in named.values():
        _collect_fields(node, fields)
    return plain.Condition(node=_any(nodes), fields=frozenset(fields))


def log_source_of(rule: SigmaRule | SigmaFilter) -> LogSource:
    """Which log `rule` means."""
    source = rule.logsource
    return LogSource(product=source.product, category=source.category, service=source.service)


def _all(nodes: Sequence[plain.Node]) -> plain.Node:
    return nodes[0] if len(nodes) == 1 else plain.All(tuple(nodes))


def _any(nodes: Sequence[plain.Node]) -> plain.Node:
    return nodes[0] if len(nodes) == 1 else plain.Any(tuple(nodes))


def _parsed(condition: SigmaCondition) -> object:
    try:
        return condition.parse(postprocess=False)
    except (SigmaError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise KnowledgeError(f"condition {condition.condition!r}: {reason}") from error


def _condition(
    node: object, detections: SigmaDetections, named: Mapping[str, plain.Node]
) -> plain.Node:
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
            nodes = [named[one.identifier] for one in found]
            return _all(nodes) if node.cond_class is ConditionAND else _any(nodes)
        case ConditionNOT():
            return plain.Not(_condition(node.args[0], detections, named))
        case ConditionAND():
            return _all([_condition(arg, detections, named) for arg in node.args])
        case ConditionOR():
            return _any([_condition(arg, detections, named) for arg in node.args])
        case _:
            raise KnowledgeError(f"a condition cannot hold a {type(node).__name__}")


def _detection(detection: SigmaDetection) -> plain.Node:
    nodes = [
        _item(item) if isinstance(item, SigmaDetectionItem) else _detection(item)
        for item in detection.detection_items
    ]
    return _all(nodes) if detection.item_linking is ConditionAND else _any(nodes)


def _item(item: SigmaDetectionItem) -> plain.Node:
    """One line of a detection: a field or keyword, and its values."""
    all_of = item.value_linking is ConditionAND
    if item.field is None:
        if not item.value:
            raise KnowledgeError("a keyword list is empty")
        nodes = [_keyword(value) for value in item.value]
        node = _all(nodes) if all_of else _any(nodes)
    elif not item.value:
        raise KnowledgeError(f"{item.field} has an empty list of values")
    elif all_of:
        node = _all([plain.FieldIs(item.field, tuple(_spread([one]))) for one in item.value])
    else:
        node = plain.FieldIs(item.field, tuple(_spread(item.value)))
    return plain.Not(node) if item.negated else node


def _keyword(value: SigmaType) -> plain.Node:
    match value:
        case SigmaExpansion():
            return _any([_keyword(inner) for inner in value.values])
        case SigmaString():
            return plain.Anywhere(text_of(value))
        case SigmaNumber() if not isinstance(value, SigmaTimestampPart):
            return plain.Anywhere(text_of(SigmaString(str(value.number))))
        case SigmaRegularExpression():
            return plain.Anywhere(_regex(value))
        case _:
            raise KnowledgeError(f"a keyword cannot be a {type(value).__name__}")


def _spread(values: Iterable[SigmaType]) -> Iterable[plain.Value]:
    """All values, with those inside an expansion (whose values are linked by *or*) among them."""
    for value in values:
        if isinstance(value, SigmaExpansion):
            yield from _spread(value.values)
        else:
            yield _value(value)


def _value(value: SigmaType) -> plain.Value:
    found: plain.Value
    match value:
        case SigmaString():
            found = text_of(value)
        case SigmaNumber() | SigmaCompareExpression():
            found = _number(value)
        case SigmaRegularExpression():
            found = _regex(value)
        case SigmaCIDRExpression():
            found = plain.Network(str(value.network))
        case SigmaBool():
            found = plain.Truth(value.boolean)
        case SigmaNull():
            found = plain.Null()
        case SigmaExists():
            found = plain.Exists(value.exists)
        case SigmaFieldReference():
            found = plain.SameAs(value.field, value.starts_with, value.ends_with)
        case _:
            raise KnowledgeError(f"values of type {type(value).__name__} mean nothing here")
    return found


def _number(value: SigmaNumber | SigmaCompareExpression) -> plain.Value:
    number = value.number if isinstance(value, SigmaCompareExpression) else value
    part = None
    if isinstance(number, SigmaTimestampPart):
        part = number.timestamp_part.name.lower()
    if isinstance(value, SigmaCompareExpression):
        return plain.Compare(_COMPARE[value.op], number.number, part)
    if part is not None:
        return plain.TimePart(part, int(number.number))
    return plain.Number(number.number)


def text_of(value: SigmaString) -> plain.Text:
    """The value as plain texts and wildcards, without two ``*`` in a row.

    Raises `KnowledgeError` where it holds a placeholder, for which we have no list.
    """
    cased = isinstance(value, SigmaCasedString)
    parts: list[plain.Part] = []
    for part in value.s:
        if isinstance(part, str):
            parts.append(part if cased else part.casefold())
        elif not isinstance(part, SpecialChars):
            raise KnowledgeError(f"needs values for the placeholder %{part.name}%")
        elif part is not SpecialChars.WILDCARD_MULTI or parts[-1:] != [plain.Wild.ANY]:
            parts.append(_WILD[part])
    return plain.Text(tuple(parts), cased)


def _regex(value: SigmaRegularExpression) -> plain.Regex:
    if value.contains_placeholder():
        raise KnowledgeError(f"needs values for the placeholders in {value.regexp}")
    flags = "".join(sorted(_FLAGS[flag] for flag in value.flags))
    return plain.Regex(str(value.regexp), flags)


def _collect_fields(node: plain.Node, found: set[str]) -> None:
    match node:
        case plain.FieldIs():
            found.add(node.field)
            found.update(one.field for one in node.values if isinstance(one, plain.SameAs))
        case plain.All() | plain.Any():
            for one in node.nodes:
                _collect_fields(one, found)
        case plain.Not():
            _collect_fields(node.node, found)
        case plain.Anywhere():
            pass
