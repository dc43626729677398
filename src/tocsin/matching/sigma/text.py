"""Texts against a value of a rule: wildcards, and many values at once.

A test takes the text of a field and says yes or no. Unless the rule says ``cased``, both sides
are case-folded: the value when the rule is read; the text by `tocsin.matching.sigma.view`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from tocsin.matching.sigma.plain import Wild

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tocsin.matching.sigma.plain import Part

    TextTest: TypeAlias = Callable[[str], bool]


def anywhere(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The same value, wherever it stands in the text: what a keyword means."""
    before = () if parts and parts[0] == Wild.ANY else (Wild.ANY,)
    after = () if parts and parts[-1] == Wild.ANY else (Wild.ANY,)
    return (*before, *parts, *after) if parts else (Wild.ANY,)


def any_of(values: Sequence[Sequence[Part]]) -> TextTest:
    """A test that says yes to a text that fits one of `values`."""
    exact: set[str] = set()
    starts: list[str] = []
    ends: list[str] = []
    inside: list[str] = []
    others: list[TextTest] = []
    for parts in values:
        match parts:
            case []:
                exact.add("")
            case [str(text)]:
                exact.add(text)
            case [str(text), Wild.ANY]:
                starts.append(text)
            case [Wild.ANY, str(text)]:
                ends.append(text)
            case [Wild.ANY, str(text), Wild.ANY]:
                inside.append(text)
            case _:
                others.append(_wildcards(parts))
    return _either(
        [
            *([frozenset(exact).__contains__] if exact else []),
            *([_starting(tuple(starts))] if starts else []),
            *([_ending(tuple(ends))] if ends else []),
            *([_holding(tuple(inside))] if inside else []),
            *others,
        ]
    )


def stands_for_nothing(parts: Sequence[Part]) -> bool:
    """Whether this value also means a field that is not there.

    Formats leave out what is empty or ``-`` in the log, so a rule that asks for exactly that
    asks for a missing field.
    """
    return tuple(parts) in ((), ("",), ("-",))


def _either(tests: Sequence[TextTest]) -> TextTest:
    if len(tests) == 1:
        return tests[0]
    return lambda text: any(test(text) for test in tests)


def _starting(texts: tuple[str, ...]) -> TextTest:
    return lambda text: text.startswith(texts)


def _ending(texts: tuple[str, ...]) -> TextTest:
    return lambda text: text.endswith(texts)


def _holding(texts: tuple[str, ...]) -> TextTest:
    if len(texts) == 1:
        (only,) = texts
        return lambda text: only in text

    def test(text: str) -> bool:
        for wanted in texts:  # noqa: SIM110 - a generator costs more than what it looks for
            if wanted in text:
                return True
        return False

    return test


def _wildcards(parts: Sequence[Part]) -> TextTest:
    """Wildcards as a regular expression that never backs up over a part it has found.

    What stands between two ``*`` may as well be taken where it first occurs. The atomic groups say
    so, which keeps a hostile text from costing more than its length times the value's.
    """
    blocks: list[str] = [""]
    for part in parts:
        if part == Wild.ANY:
            blocks.append("")
        else:
            blocks[-1] += "." if part == Wild.ONE else re.escape(str(part))
    first, *middle = blocks
    last = middle.pop() if middle else None
    pattern = first + "".join(f"(?>.*?{block})" for block in middle)
    if last is None:
        pattern += r"\Z"
    elif last:
        pattern += rf".*{last}\Z"
    match = re.compile(pattern, re.DOTALL).match
    return lambda text: match(text) is not None
