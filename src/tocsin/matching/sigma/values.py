"""What one Sigma value says about one field, or about the event as a whole."""

from __future__ import annotations

import operator
import re
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, TypeAlias

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
    SigmaString,
    SigmaTimestampPart,
)

from tocsin.errors import KnowledgeError
from tocsin.matching.sigma.clock import time_part
from tocsin.matching.sigma.regex import regex
from tocsin.matching.sigma.text import any_of, anywhere, parts_of, stands_for_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sigma.types import SigmaType

    from tocsin.matching.sigma.text import TextTest
    from tocsin.matching.sigma.view import View

    Predicate: TypeAlias = Callable[[View], bool]

_COMPARE: dict[CompareOperators, Callable[[float, float], bool]] = {
    CompareOperators.LT: operator.lt,
    CompareOperators.LTE: operator.le,
    CompareOperators.GT: operator.gt,
    CompareOperators.GTE: operator.ge,
}
_RELATIONS: dict[tuple[bool, bool], Callable[[str, str], bool]] = {
    (False, False): operator.eq,
    (True, False): str.startswith,
    (False, True): str.endswith,
    (True, True): operator.contains,
}
"""By whether ``startswith`` and ``endswith`` are asked for; ``contains`` asks for both."""
_NUMBER = re.compile(r"([+-]?[0-9]+)(\.[0-9]+)?", re.ASCII)
_SHORT = 64
"""Characters; a longer text is no number and no address. It bounds what the caches keep."""


def field_tests(field: str, values: Sequence[SigmaType]) -> list[Predicate]:
    """One predicate per value, but a single one for all texts without case among them.

    For values that are linked by *or*, of which rules may have hundreds.
    """
    texts: list[SigmaString] = []
    others: list[SigmaType] = []
    for value in _spread(values):
        if isinstance(value, SigmaString) and not isinstance(value, SigmaCasedString):
            texts.append(value)
        else:
            others.append(value)
    found = [_field_texts(field, texts)] if texts else []
    return [*found, *(field_test(field, value) for value in others)]


def field_test(field: str, value: SigmaType) -> Predicate:
    """Whether the field fits the value. Raises `KnowledgeError` for a value we cannot judge."""
    match value:
        case SigmaExpansion():
            return _any(field_tests(field, value.values))
        case SigmaString():
            return _field_texts(field, [value])
        case SigmaNull():
            return lambda view: view[field] is None
        case SigmaExists():
            wanted = value.exists
            return lambda view: (view[field] is not None) is wanted
        case SigmaFieldReference():
            return _same_as(field, value)
        case _:
            test = _raw_test(value)

    def present(view: View) -> bool:
        text = view.raw(field)
        return text is not None and test(text)

    return present


def keyword_test(value: SigmaType) -> Predicate:
    """Whether the value stands anywhere in the event: in one of its values, or in the record."""
    match value:
        case SigmaExpansion():
            return _any([keyword_test(inner) for inner in value.values])
        case SigmaString():
            cased = isinstance(value, SigmaCasedString)
            test = any_of([anywhere(parts_of(value, cased=cased))])
            if not cased:
                return lambda view: any(test(text) for text in view.everything_folded())
        case SigmaNumber() if not isinstance(value, SigmaTimestampPart):
            return keyword_test(SigmaString(str(value.number)))
        case SigmaRegularExpression():
            test = _raw_test(value)
        case _:
            raise KnowledgeError(f"a keyword cannot be a {type(value).__name__}")
    return lambda view: any(test(text) for text in view.everything())


def _spread(values: Sequence[SigmaType]) -> list[SigmaType]:
    """All values, with those inside an expansion (whose values are linked by *or*) among them."""
    found: list[SigmaType] = []
    for value in values:
        found.extend(_spread(value.values) if isinstance(value, SigmaExpansion) else [value])
    return found


def _any(tests: Sequence[Predicate]) -> Predicate:
    if len(tests) == 1:
        return tests[0]
    return lambda view: any(test(view) for test in tests)


def _field_texts(field: str, values: Sequence[SigmaString]) -> Predicate:
    cased = isinstance(values[0], SigmaCasedString)
    patterns = [parts_of(value, cased=cased) for value in values]
    test = any_of(patterns)
    if any(stands_for_nothing(parts) for parts in patterns):
        if cased:
            return lambda view: (text := view.raw(field)) is None or test(text)
        return lambda view: (text := view[field]) is None or test(text)
    if cased:
        return lambda view: (text := view.raw(field)) is not None and test(text)
    return lambda view: (text := view[field]) is not None and test(text)


def _same_as(field: str, reference: SigmaFieldReference) -> Predicate:
    """Two fields of one event; where either is missing the answer is no."""
    other = reference.field
    compare = _RELATIONS[reference.starts_with, reference.ends_with]

    def test(view: View) -> bool:
        left, right = view[field], view[other]
        return left is not None and right is not None and compare(left, right)

    return test


def _raw_test(value: SigmaType) -> TextTest:
    """A test of a text as the event has it, not case-folded."""
    match value:
        case SigmaTimestampPart():
            part, wanted = value.timestamp_part, value.number
            return lambda text: time_part(text, part) == wanted
        case SigmaNumber():
            number = value.number
            return lambda text: len(text) <= _SHORT and _number(text) == number
        case SigmaBool():
            truth = str(value.boolean).casefold()
            return lambda text: text.casefold() == truth
        case SigmaCompareExpression():
            return _comparison(value)
        case SigmaCIDRExpression():
            network = value.network
            return lambda text: (
                len(text) <= _SHORT and any(address in network for address in _addresses(text))
            )
        case SigmaRegularExpression():
            if value.contains_placeholder():
                raise KnowledgeError(f"needs values for the placeholders in {value.regexp}")
            flags = re.NOFLAG
            for flag in value.flags:
                flags |= value.sigma_to_python_flags[flag]
            return regex(str(value.regexp), flags)
        case _:
            raise KnowledgeError(f"values of type {type(value).__name__} mean nothing here")


def _comparison(value: SigmaCompareExpression) -> TextTest:
    compare, bound = _COMPARE[value.op], value.number.number
    read: Callable[[str], float | None] = _number
    if isinstance(value.number, SigmaTimestampPart):
        read = partial(time_part, part=value.number.timestamp_part)
    return lambda text: (
        len(text) <= _SHORT and (number := read(text)) is not None and compare(number, bound)
    )


@lru_cache(maxsize=4096)
def _number(text: str) -> float | None:
    """A decimal number; anything else is none, so that it is neither less nor greater."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    return float(text) if found[2] else int(text)


@lru_cache(maxsize=4096)
def _addresses(text: str) -> tuple[IPv4Address | IPv6Address, ...]:
    """The address in `text`, and the IPv4 address that an IPv6 one only wraps (``::ffff:``)."""
    try:
        address = ip_address(text.strip().strip("[]"))
    except ValueError:
        return ()
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (address,) if mapped is None else (address, mapped)
