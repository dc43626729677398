"""Numbers, to the last digit: the same to the reference, to the fast engine and to the search."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.matching.sigma.generation import parsed_rule
from tests.matching.sigma.rule_making import event, hits, loaded, rule_text
from tests.matching.sigma.test_needs import VERBATIM
from tocsin.events.format import all_formats
from tocsin.matching.sigma import reference
from tocsin.matching.sigma.needs import needs
from tocsin.matching.sigma.sieve import sieve
from tocsin.matching.sigma.translate import translate

BEYOND = 2**53
"""The first integer beside which there is one that is no float."""
TESTS = ("A", "A|lt", "A|lte", "A|gt", "A|gte")


def fits(line: str, number: float, text: str) -> bool:
    """What all three say, who must agree."""
    rule = rule_text({"s": {line: number}, "condition": "s"}, name="rule")
    row = event({"A": text})
    said = reference.matches(parsed_rule(rule), row)
    assert said == bool(hits(loaded([rule]), all_formats()["httpproxy"], row))
    need = needs(translate(parsed_rule(rule)).node, VERBATIM)
    if said and need is not None:
        assert sieve(need)(text.encode("ascii") + b"\n")
    return said


@pytest.mark.parametrize(
    ("line", "number", "text", "expected"),
    [
        ("A", 500, "499.99999999999999999999", False),
        ("A", 500, "+0500.000", True),
        ("A", 0.1, "0.10", True),
        ("A", 0.1, "0.1000000000000000055511151231257827", False),
        ("A", BEYOND + 1, str(BEYOND + 1), True),
        ("A", BEYOND + 1, str(BEYOND), False),
        ("A", BEYOND, f"{BEYOND}.0", True),
        ("A", BEYOND, f"{BEYOND}.5", False),
        ("A|lt", 500, "499.99999999999999999999", True),
        ("A|gte", 500, "499.99999999999999999999", False),
        ("A|gt", BEYOND, f"{BEYOND}.5", True),
        ("A|lte", BEYOND, f"{BEYOND}.5", False),
    ],
)
def test_numbers_are_compared_as_they_are_written(
    line: str, number: float, text: str, *, expected: bool
) -> None:
    assert expected == fits(line, number, text)


@given(
    line=st.sampled_from(TESTS),
    number=st.one_of(
        st.integers(-(2**60), 2**60),
        st.sampled_from((BEYOND, BEYOND + 1, -BEYOND - 1, 500, 0)),
        st.floats(allow_nan=False, allow_infinity=False, width=32),
    ),
    after=st.sampled_from(("", ".0", ".5", ".99999999999999999999", ".00000000000000000001")),
    step=st.integers(-1, 1),
)
@example(line="A", number=500, after=".99999999999999999999", step=-1)
def test_engine_reference_and_search_agree(
    line: str, number: float, after: str, step: int
) -> None:
    fits(line, number, f"{int(number) + step}{after}")
