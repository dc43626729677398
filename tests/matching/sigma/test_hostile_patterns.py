"""Patterns from somebody else's rules, and the texts that hang them."""

from __future__ import annotations

import re
import time

import pytest

from tocsin.errors import KnowledgeError
from tocsin.matching.sigma.cost import steps
from tocsin.matching.sigma.regex import regex


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?=a)(a+)+$",
        r"(?=a)(?:a|aa)+(?:b+c*)*$",
        r"(a*)*\1",
        r"(?!x)(?:(?:a{0,100})b?)+$",
        r"(?=x).*.*.*.*.*y",
        r"(a{1,60}){1,60}(?!c)b",
        r"(a|aa){1,63}(?!c)b",
        r"(?!c)(?:a|b|ab){1,40}c",
        r"(?!x)a*a*a*b",
        r"(?!x)(?:a?){60}a{60}",
    ],
)
def test_a_pattern_that_could_run_for_ever_is_refused_with_the_reason(pattern: str) -> None:
    with pytest.raises(KnowledgeError, match="for ever"):
        regex(pattern, re.NOFLAG)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?=.*autodiscover)(?=.*powershell)",
        r"^(?!.*x)[a-z ]{1,40}a+b* b$",
        r"a(?!c)",
        r"(?=a)(?:b+|a+)",
        r"(?=.*autodiscover).*power.*shell",
        r"(?:auto|disco|ver){1,60}(?!x)",
        r"(?:[a-z]{1,4}o){1}(?!x)",
    ],
)
def test_the_usual_ones_are_read(pattern: str) -> None:
    assert regex(pattern, re.NOFLAG)("autodiscover powershell aaab b")


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?!x)a*b",
        r"(?!x)a*a*b",
        r"a*(?=a*b)c",
        r"(?!x)(?:a{1,9}){1,4}b",
        r"(a*)\1b(?!x)",
        r"(?!x)(?>a*)*b",
        r"(?!x)(?:a?){12}a{12}b",
    ],
)
def test_no_text_makes_one_slow(pattern: str) -> None:
    test = regex(pattern, re.NOFLAG)
    started = time.process_time()
    assert not test("a" * 1_000_000)
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("a", 11 * 2), ("^a", 3), ("ab", 11 * 3), ("a*", 11 * 22), ("(?=a*)b", 11 * 24)],
)
def test_steps_are_counted_for_every_start_and_every_way(pattern: str, expected: int) -> None:
    assert expected == steps(pattern, re.NOFLAG, 10)
