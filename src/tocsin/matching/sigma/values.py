"""What one value of a rule says about one field, or about the event as a whole."""

from __future__ import annotations

import operator
import re
from decimal import Decimal
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, TypeAlias

from tocsin.matching.sigma import plain
from tocsin.matching.sigma.clock import time_part
from tocsin.matching.sigma.regex import regex
from tocsin.matching.sigma.text import any_of, anywhere, stands_for_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tocsin.matching.sigma.text import TextTest
    from tocsin.matching.sigma.view import View

    Predicate: TypeAlias = Callable[[View], bool]

    Exact: TypeAlias = int | Decimal
    """A number as it is written, to the last digit."""

_COMPARE: dict[str, Callable[[Exact, Exact], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
_RELATIONS: dict[tuple[bool, bool], Callable[[str, str], bool]] = {
    (False, False): operator.eq,
    (True, False): str.startswith,
    (False, True): str.endswith,
    (True, True): operator.contains,
}
"""By whether ``startswith`` and ``endswith`` are asked for; ``contains`` asks for both."""
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
_NUMBER = re.compile(r"([+-]?[0-9]+)(\.[0-9]+)?", re.ASCII)
_SHORT = 64
"""Characters; a longer text is no number and no address. It bounds what the caches keep."""


def field_tests(field: str, values: Sequence[plain.Value]) -> list[Predicate]:
    """Predicates of which one must hold: a single one for all texts without case among `values`.

    Rules may have hundreds of them. Raises `KnowledgeError` for an unusable regular expression.
    """
    texts: list[plain.Text] = []
    others: list[plain.Value] = []
    for value in values:
        if isinstance(value, plain.Text) and not value.cased:
            texts.append(value)
        else:
            others.append(value)
    found = [_field_texts(field, texts)] if texts else []
    return [*found, *(_field_test(field, value) for value in others)]


def keyword_test(value: plain.Text | plain.Regex) -> Predicate:
    """Whether the value stands anywhere in the event: in one of its values, or in the record."""
    if isinstance(value, plain.Regex):
        test = _raw_test(value)
    else:
        test = any_of([anywhere(value.parts)])
        if not value.cased:
            return lambda view: any(test(text) for text in view.everything_folded())
    return lambda view: any(test(text) for text in view.everything())


def _field_test(field: str, value: plain.Value) -> Predicate:
    match value:
        case plain.Text():
            return _field_texts(field, [value])
        case plain.Null():
            return lambda view: view[field] is None
        case plain.Exists(wanted):
            return lambda view: (view[field] is not None) is wanted
        case plain.SameAs():
            return _same_as(field, value)
        case _:
            test = _raw_test(value)

    def present(view: View) -> bool:
        text = view.raw(field)
        return text is not None and test(text)

    return present


def _field_texts(field: str, values: Sequence[plain.Text]) -> Predicate:
    test = any_of([value.parts for value in values])
    cased = values[0].cased
    if any(stands_for_nothing(value.parts) for value in values):
        if cased:
            return lambda view: (text := view.raw(field)) is None or test(text)
        return lambda view: (text := view[field]) is None or test(text)
    if cased:
        return lambda view: (text := view.raw(field)) is not None and test(text)
    return lambda view: (text := view[field]) is not None and test(text)


def _same_as(field: str, reference: plain.SameAs) -> Predicate:
    """Two fields of one event; where either is missing the answer is no."""
    other = reference.field
    compare = _RELATIONS[reference.starts, reference.ends]

    def test(view: View) -> bool:
        left, right = view[field], view[other]
        return left is not None and right is not None and compare(left, right)

    return test


def _raw_test(
    value: plain.TimePart
    | plain.Number
    | plain.Truth
    | plain.Compare
    | plain.Network
    | plain.Regex,
) -> TextTest:
    """A test of a text as the event has it, not case-folded."""
    match value:
        case plain.TimePart():
            part, wanted = value.part, value.number
            return lambda text: time_part(text, part) == wanted
        case plain.Number():
            number = exact(value.number)
            return lambda text: len(text) <= _SHORT and _number(text) == number
        case plain.Truth():
            truth = str(value.truth).casefold()
            return lambda text: text.casefold() == truth
        case plain.Compare():
            return _comparison(value)
        case plain.Network():
            network = ip_network(value.network)
            return lambda text: (
                len(text) <= _SHORT and any(address in network for address in _addresses(text))
            )
        case plain.Regex():
            return regex(value.pattern, flags_of(value))


def flags_of(value: plain.Regex) -> re.RegexFlag:
    """The flags of an expression as Python has them."""
    flags = re.NOFLAG
    for letter in value.flags:
        flags |= _FLAGS[letter]
    return flags


def _comparison(value: plain.Compare) -> TextTest:
    compare, bound = _COMPARE[value.operator], exact(value.number)
    read: Callable[[str], Exact | None] = _number
    if value.part is not None:
        read = partial(time_part, part=value.part)
    return lambda text: (
        len(text) <= _SHORT and (number := read(text)) is not None and compare(number, bound)
    )


def exact(number: float) -> Exact:
    """The number of a rule as the rule writes it: 0.1 is a tenth, and not the float beside it.

    A float holds no more than 15 digits for sure. Compared as floats 499.9999999999999999 would
    be 500, and the search for the digits of 500, which only passes what can match, would be wrong.
    """
    return number if isinstance(number, int) else Decimal(repr(number))


@lru_cache(maxsize=4096)
def _number(text: str) -> Exact | None:
    """A decimal number; anything else is none, so that it is neither less nor greater."""
    text = text.strip()
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    return Decimal(text) if found[2] else int(text)


@lru_cache(maxsize=4096)
def _addresses(text: str) -> tuple[IPv4Address | IPv6Address, ...]:
    """The address in `text`, and the IPv4 address that an IPv6 one only wraps (``::ffff:``)."""
    try:
        address = ip_address(text.strip().strip("[]"))
    except ValueError:
        return ()
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (address,) if mapped is None else (address, mapped)
