"""Wildcards against a matcher that is too simple to be wrong."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sigma.types import SigmaCasedString

from tests.matching.sigma.rule_making import holds
from tocsin.matching.sigma.plain import Part, Wild
from tocsin.matching.sigma.text import any_of, anywhere
from tocsin.matching.sigma.translate import text_of

ANY, ONE = Wild.ANY, Wild.ONE
TEXTS = st.text(alphabet="ab*?\\.\n", max_size=8)
PATTERNS = st.lists(
    st.one_of(st.sampled_from((ANY, ONE)), st.text("ab*?\\.\n", min_size=1, max_size=3)),
    max_size=6,
)


def naive(parts: list[Part], text: str) -> bool:
    if not parts:
        return text == ""
    first, *rest = parts
    if first is ANY:
        return any(naive(rest, text[start:]) for start in range(len(text) + 1))
    if first is ONE:
        return text != "" and naive(rest, text[1:])
    return text.startswith(str(first)) and naive(rest, text[len(str(first)) :])


@given(pattern=PATTERNS, text=TEXTS)
def test_wildcards_match_what_they_say(pattern: list[Part], text: str) -> None:
    assert naive(pattern, text) == any_of([pattern])(text)


@given(patterns=st.lists(PATTERNS, min_size=1, max_size=5), text=TEXTS)
def test_many_values_match_where_one_of_them_does(patterns: list[list[Part]], text: str) -> None:
    assert any(naive(pattern, text) for pattern in patterns) == any_of(patterns)(text)


@given(pattern=PATTERNS, text=TEXTS)
def test_a_keyword_stands_anywhere(pattern: list[Part], text: str) -> None:
    assert naive([ANY, *pattern, ANY], text) == any_of([anywhere(pattern)])(text)


@given(written=st.text(alphabet="ab*?\\", max_size=8), text=st.text("ab*?\\", max_size=6))
def test_a_written_value_is_read_with_its_escapes(written: str, text: str) -> None:
    pattern: list[Part] = []
    rest = written
    while rest:
        if rest[0] == "\\" and rest[1:2] in {"*", "?", "\\"}:
            pattern.append(rest[1])
            rest = rest[2:]
            continue
        pattern.append({"*": ANY, "?": ONE}.get(rest[0], rest[0]))
        rest = rest[1:]
    assert naive(pattern, text) == any_of([text_of(SigmaCasedString(written)).parts])(text)


@given(whole=st.text(max_size=6), start=st.integers(0, 6), length=st.integers(1, 6))
def test_any_part_of_a_value_is_found_in_it_whatever_its_letters(
    whole: str, start: int, length: int
) -> None:
    part = whole[start : start + length]
    escaped = "".join(f"\\{letter}" if letter in "*?\\" else letter for letter in part)
    shouted = part.upper()
    detection = {"sel": {"A|contains": escaped}, "condition": "sel"}
    if whole:
        assert holds(detection, {"A": whole})
    if part.lower() == shouted.lower() and shouted.isalnum():
        assert holds(detection, {"A": f"-{shouted}-"})
