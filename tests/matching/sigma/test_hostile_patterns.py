"""Patterns from somebody else's rules, and the texts that hang them."""

from __future__ import annotations

import re
import time

import pytest

from tocsin.errors import KnowledgeError
from tocsin.matching.sigma.cost import degree
from tocsin.matching.sigma.regex import regex


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?=a)(a+)+$",
        r"(?=a)(?:a|aa)+(?:b+c*)*$",
        r"(a*)*\1",
        r"(?!x)(?:(?:a{0,100})b?)+$",
        r"(?=x).*.*.*.*.*y",
    ],
)
def test_a_pattern_that_could_run_for_ever_is_refused_with_the_reason(pattern: str) -> None:
    with pytest.raises(KnowledgeError, match="for ever"):
        regex(pattern, re.NOFLAG)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"(?=.*autodiscover)(?=.*powershell)", 1),
        (r"^(?!.*x)[a-z ]{1,40}a+b* b$", 2),
        (r"a(?!b)", 0),
        (r"(?=a)(?:b+|a+)", 1),
    ],
)
def test_the_usual_ones_are_read(pattern: str, expected: int) -> None:
    assert expected == degree(pattern, re.NOFLAG)
    assert regex(pattern, re.NOFLAG)("autodiscover powershell aaab b")


@pytest.mark.parametrize("pattern", [r"(?!x)a*b", r"(?!x)a*a*b", r"(?!x)a*a*a*b"])
def test_no_text_makes_one_slow(pattern: str) -> None:
    test = regex(pattern, re.NOFLAG)
    started = time.process_time()
    assert not test("a" * 1_000_000)
    assert time.process_time() - started < 20
