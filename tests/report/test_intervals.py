from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.report.intervals import wilson


@given(st.integers(1, 10**6).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_holds_the_share_and_stays_within_all(drawn: tuple[int, int]) -> None:
    found, of = drawn
    low, high = wilson(found, of)
    assert 0 <= low <= found / of <= high <= 1
    assert low < high


@given(st.integers(0, 50), st.integers(50, 100))
def test_the_interval_of_the_opposite_is_the_opposite(found: int, of: int) -> None:
    low, high = wilson(found, of)
    assert pytest.approx((1 - high, 1 - low)) == wilson(of - found, of)


def test_published_examples_come_out() -> None:
    """Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I."""
    assert pytest.approx((0.2553, 0.3662), abs=5e-5) == wilson(81, 263)
    assert pytest.approx((0.0624, 0.1605), abs=5e-5) == wilson(15, 148)
    assert pytest.approx((0.0, 0.1611), abs=5e-5) == wilson(0, 20)
    assert pytest.approx((0.0061, 0.1718), abs=5e-5) == wilson(1, 29)
