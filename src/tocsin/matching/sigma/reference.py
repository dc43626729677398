"""What Sigma means, said slowly: the definition against which the fast engine is held.

Everything is worked out anew for every event, straight from pySigma's objects, in the plainest way
there is. Nothing here is shared with the fast engine but the two pieces that define the language:
the regular expressions (`tocsin.matching.sigma.regex`) and the parts of a time
(`tocsin.matching.sigma.clock`). Only tests run it.

The decisions that the specification leaves to the engine are in ``docs/reference/rules.md``:

* a field that is not there is null, so ``not filter`` is true where the filter's field is absent;
* letters are compared by `str.casefold`, and ``?`` is one character of the folded text;
* numbers are compared as they are written, to the last digit;
* formats leave out what is empty or a dash, so ``''`` and ``'-'`` ask for a missing field as well;
* every detection is judged for every event, so that what cannot be judged is refused at once.

Source: SigmaHQ, Sigma rules specification 2.0 and modifiers appendix 2.1.0 (2025-08-02).
"""

from __future__ import annotations

import re
from fractions import Fraction
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, NamedTuple

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
from tocsin.matching.sigma.clock import time_part
from tocsin.matching.sigma.regex import regex

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sigma.conditions import SigmaCondition
    from sigma.rule import SigmaRule
    from sigma.types import SigmaType

    from tocsin.model.event import Event

LONGEST_NUMBER = 64
"""Characters. A longer text is no number and no address."""

_ANY, _ONE = SpecialChars.WILDCARD_MULTI, SpecialChars.WILDCARD_SINGLE
_FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: re.IGNORECASE,
    SigmaRegularExpressionFlag.MULTILINE: re.MULTILINE,
    SigmaRegularExpressionFlag.DOTALL: re.DOTALL,
}


class _Row(NamedTuple):
    fields: Mapping[str, str]
    texts: Sequence[str]
    """What keywords are looked for in: all values, and the record as it was written."""


def matches(rule: SigmaRule, event: Event, view: Mapping[str, str] | None = None) -> bool:
    """Whether `rule` fits `event`; of several conditions one is enough.

    `view` holds the fields where they are looked at in another way than as they were logged;
    keywords always look at the event itself. The log source of the rule is not looked at. Raises
    `KnowledgeError` with the reason where a value or condition cannot be judged, whatever the
    event.
    """
    row = _Row(event.fields if view is None else view, (*event.fields.values(), event.text))
    answers = {
        name: _detection(detection, row) for name, detection in rule.detection.detections.items()
    }
    conditions = [_condition(one, answers) for one in rule.detection.parsed_condition]
    return any(conditions)


def _condition(condition: SigmaCondition, answers: Mapping[str, bool]) -> bool:
    try:
        return _node(condition.parse(postprocess=False), answers)
    except (SigmaError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise KnowledgeError(f"condition {condition.condition!r}: {reason}") from error


def _node(node: object, answers: Mapping[str, bool]) -> bool:
    node = unwrap_parse_result_operand(node)
    match node:
        case ConditionIdentifier():
            if node.identifier not in answers:
                raise KnowledgeError(f"the condition names {node.identifier!r}, which is missing")
            return answers[node.identifier]
        case ConditionSelector():
            return _selector(node, answers)
        case ConditionNOT():
            return not _node(node.args[0], answers)
        case ConditionAND() | ConditionOR():
            parts = [_node(one, answers) for one in node.args]
            return all(parts) if isinstance(node, ConditionAND) else any(parts)
        case _:
            raise KnowledgeError(f"a condition cannot hold a {type(node).__name__}")


def _selector(node: ConditionSelector, answers: Mapping[str, bool]) -> bool:
    """``1 of`` or ``all of``, with a pattern or ``them``.

    A name that begins with an underscore is meant only by a pattern that does so too.
    """
    quantifier, pattern = node.args
    wanted = _pattern("*" if pattern == "them" else pattern)
    meant = [
        answer
        for name, answer in answers.items()
        if _fits(wanted, name) and (not name.startswith("_") or pattern.startswith("_"))
    ]
    if not meant:
        raise KnowledgeError(f"the condition's {pattern!r} fits no detection")
    return all(meant) if quantifier == "all" else any(meant)


def _pattern(text: str) -> list[str | SpecialChars]:
    parts: list[str | SpecialChars] = []
    for piece in text.split("*"):
        parts += [_ANY, piece]
    return parts[1:]


def _detection(detection: SigmaDetection, row: _Row) -> bool:
    """A map, all of whose lines must fit, or a list, of which one is enough."""
    answers = [
        _item(one, row) if isinstance(one, SigmaDetectionItem) else _detection(one, row)
        for one in detection.detection_items
    ]
    return all(answers) if detection.item_linking is ConditionAND else any(answers)


def _item(item: SigmaDetectionItem, row: _Row) -> bool:
    """One line: a field (or none, for keywords), its modifiers and its values."""
    if not item.value:
        raise KnowledgeError(f"{item.field or 'a keyword list'} has no values")
    if item.field is None:
        answers = [_keyword(value, row) for value in item.value]
    else:
        answers = [_value(value, item.field, row) for value in item.value]
    found = all(answers) if item.value_linking is ConditionAND else any(answers)
    return not found if item.negated else found


def _keyword(value: SigmaType, row: _Row) -> bool:
    """Somewhere in the event: inside any of its values, or in the record as it was written."""
    texts = row.texts
    match value:
        case SigmaExpansion():
            answers = [_keyword(one, row) for one in value.values]
        case SigmaString():
            answers = [_text(value, text, anywhere=True) for text in texts]
        case SigmaTimestampPart():
            raise KnowledgeError("a keyword cannot be a part of a time")
        case SigmaNumber():
            answers = [_keyword(SigmaString(str(value.number)), row)]
        case SigmaRegularExpression():
            answers = [_regex(value, text) for text in texts]
        case _:
            raise KnowledgeError(f"a keyword cannot be a {type(value).__name__}")
    return any(answers)


def _value(value: SigmaType, field: str, row: _Row) -> bool:
    """What one value says of one field, there or not."""
    text = row.fields.get(field)
    match value:
        case SigmaExpansion():
            answers = [_value(one, field, row) for one in value.values]
            return any(answers)
        case SigmaNull():
            return text is None
        case SigmaExists():
            return (text is not None) == value.exists
        case SigmaString() if _stands_for_nothing(value):
            return text is None or _text(value, text)
        case SigmaFieldReference():
            return _same_as(text, row.fields.get(value.field), value)
    # Checked before the field is, so that no rule is refused for some events only.
    fits = _of_a_text(value, "" if text is None else text)
    return text is not None and fits


def _of_a_text(value: SigmaType, text: str) -> bool:
    match value:
        case SigmaString():
            return _text(value, text)
        case SigmaRegularExpression():
            return _regex(value, text)
        case SigmaNumber():
            return _figure(value, text) == _written(value)
        case SigmaCompareExpression():
            return _compare(value, text)
        case SigmaBool():
            return text.casefold() == ("true" if value.boolean else "false")
        case SigmaCIDRExpression():
            return _network(value, text)
        case _:
            raise KnowledgeError(f"values of type {type(value).__name__} mean nothing here")


def _stands_for_nothing(value: SigmaString) -> bool:
    return value.s in ([], [""], ["-"])


def _text(value: SigmaString, text: str, *, anywhere: bool = False) -> bool:
    """Whether the text is what the value says, wildcards and all."""
    parts: list[str | SpecialChars] = []
    for part in value.s:
        if not isinstance(part, str | SpecialChars):
            raise KnowledgeError(f"needs values for the placeholder %{part.name}%")
        parts.append(part)
    if anywhere:
        parts = [_ANY, *parts, _ANY]
    if isinstance(value, SigmaCasedString):
        return _fits(parts, text)
    folded = [part.casefold() if isinstance(part, str) else part for part in parts]
    return _fits(folded, text.casefold())


def _fits(parts: Sequence[str | SpecialChars], text: str) -> bool:
    """Go through the parts, and keep every place up to which the text can have been used."""
    places = {0}
    for part in parts:
        if part is _ANY:
            places = set(range(min(places), len(text) + 1)) if places else places
        elif part is _ONE:
            places = {place + 1 for place in places if place < len(text)}
        else:
            wanted = str(part)
            places = {place + len(wanted) for place in places if text.startswith(wanted, place)}
    return len(text) in places


def _regex(value: SigmaRegularExpression, text: str) -> bool:
    if value.contains_placeholder():
        raise KnowledgeError(f"needs values for the placeholders in {value.regexp}")
    flags = re.NOFLAG
    for flag in value.flags:
        flags |= _FLAGS[flag]
    return regex(str(value.regexp), flags)(text)


def _same_as(left: str | None, right: str | None, reference: SigmaFieldReference) -> bool:
    """Two fields of one event; where one of them is missing the answer is no."""
    if left is None or right is None:
        return False
    left, right = left.casefold(), right.casefold()
    if reference.starts_with and reference.ends_with:
        return right in left
    if reference.starts_with:
        return left.startswith(right)
    if reference.ends_with:
        return left.endswith(right)
    return left == right


def _number(text: str) -> Fraction | None:
    """A decimal number with or without a fraction, exactly; anything else is none."""
    if len(text) > LONGEST_NUMBER or not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text.strip()):
        return None
    return Fraction(text.strip())


def _written(asked: SigmaNumber) -> Fraction:
    """The number as the rule writes it: 0.1 is a tenth."""
    return Fraction(str(asked.number))


def _figure(asked: SigmaNumber, text: str) -> Fraction | int | None:
    """The number in the text, or the part of the time in it that a rule asks for."""
    if isinstance(asked, SigmaTimestampPart):
        return time_part(text, asked.timestamp_part.name.lower())
    return _number(text)


def _compare(value: SigmaCompareExpression, text: str) -> bool:
    """What is no number (or no time) is neither less nor greater."""
    found = _figure(value.number, text)
    if found is None:
        return False
    bound = _written(value.number)
    match value.op:
        case CompareOperators.LT:
            return found < bound
        case CompareOperators.LTE:
            return found <= bound
        case CompareOperators.GT:
            return found > bound
        case CompareOperators.GTE:
            return found >= bound
        case _:
            raise KnowledgeError(f"a number cannot be compared by {value.op.name}")


def _network(value: SigmaCIDRExpression, text: str) -> bool:
    """An address, in brackets or not; one of IPv4 inside one of IPv6 counts as both."""
    if len(text) > LONGEST_NUMBER:
        return False
    try:
        address = ip_address(text.strip().strip("[]"))
    except ValueError:
        return False
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address in value.network or (inner is not None and inner in value.network)
