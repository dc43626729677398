"""What a row must hold: never more than what stands in every row that matches."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tocsin.errors import KnowledgeError
from tocsin.matching.sigma import plain
from tocsin.matching.sigma.literals import Carrier, Reach, ascii_runs
from tocsin.matching.sigma.needs import needs
from tocsin.matching.sigma.regex import regex
from tocsin.matching.sigma.sieve import sieve

VERBATIM = Carrier(
    edge=b"\\n", runs=ascii_runs, reach=lambda _: Reach.WHOLE, unsure=lambda _: False
)
PIECES = (
    *("a", "b", "_", "7", "]", "[", "^", "-", ":", "|", "(", ")", "*", "+", "?", ".", "$", "\\"),
    *("{", "}", ",", "2", "[:digit:]", "[:^digit:]", "[:foo:]", "[_", "[^", r"\Q", r"\E", r"\pN"),
    *("(?i)", "(?i:", "(?-i:", "(?s)", "(?P<n>", "(?=", "(?!", r"\x61", r"\x{62}", r"\d", r"\b"),
    *(r"\141", r"\12", r"\C", r"\z", r"\A", "{,2}", "{2}", "(?U)", "(?>", "(?#", r"\N{DIGIT ONE}"),
)


def holds(pattern: str, text: str) -> bool:
    """Whether a row with this text is shown to a rule that looks for `pattern`."""
    need = needs(plain.FieldIs("A", (plain.Regex(pattern),)), VERBATIM)
    return need is None or sieve(need)(text.lower().encode("ascii"))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("x[_[:digit:]]y", "x7y"),
        ("x[^_[:digit:]]y", "xay"),
        ("x[_[:^digit:]]y", "xay"),
        ("x[[:digit:]_]y", "x7y"),
        (r"x\Q]\E", "x]"),
    ],
)
def test_a_class_within_a_set_is_no_text(pattern: str, text: str) -> None:
    assert regex(pattern, re.NOFLAG)(text)
    assert holds(pattern, text)


@given(
    pieces=st.lists(st.sampled_from(PIECES), max_size=8),
    text=st.text("ab_7:]1[^digtfo{,2}Q\\", max_size=12),
)
@example(pieces=["a", "[_", "[:digit:]", "]", "b"], text="a7b")
def test_what_an_expression_finds_holds_what_it_needs(pieces: list[str], text: str) -> None:
    """RE2 finds, and Python's parser says what is needed: they must read a pattern alike."""
    pattern = "".join(pieces)
    try:
        found = regex(pattern, re.NOFLAG)(text)
    except KnowledgeError:
        return
    assert holds(pattern, text) or not found
