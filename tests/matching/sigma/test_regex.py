from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import KnowledgeError
from tocsin.matching.sigma.regex import BACKTRACKING_LIMIT, is_linear, regex


def test_what_re2_reads_is_linear_and_look_around_is_not() -> None:
    assert is_linear(r"^(x+)+y\d{2,5}$")
    assert not is_linear(r"x(?!y)")
    assert not is_linear(r"(x)\1")


def test_flags_reach_both_engines() -> None:
    assert regex("ab(?=c)", re.IGNORECASE)("xABCx")
    assert regex("abc", re.IGNORECASE)("xABCx")
    assert not regex("ab(?=c)", re.NOFLAG)("xABCx")
    assert not regex("abc", re.NOFLAG)("xABCx")


def test_backtracking_sees_the_first_characters_only() -> None:
    test = regex("end(?!x)", re.NOFLAG)
    assert test("-" * (BACKTRACKING_LIMIT - 3) + "end")
    assert not test("-" * BACKTRACKING_LIMIT + "end")


def test_the_linear_engine_sees_all_of_a_long_text() -> None:
    assert regex("end$", re.NOFLAG)("x" * 1_000_000 + "end")


@pytest.mark.parametrize("pattern", ["(", "*", "[z-a]", "a{5,2}", "(?P<n"])
def test_what_no_engine_reads_is_refused(pattern: str) -> None:
    with pytest.raises(KnowledgeError, match="regular expression"):
        regex(pattern, re.NOFLAG)


@given(st.text(alphabet=st.characters(), max_size=20))
def test_no_text_is_too_strange(text: str) -> None:
    assert ("a" in text) == regex("a", re.NOFLAG)(text)
    assert ("a" in text) == regex("(?=a)", re.NOFLAG)(text)
