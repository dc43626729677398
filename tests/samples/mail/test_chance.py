from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tocsin.samples.mail.chance import Chance

seeds = st.text(max_size=20)


def test_a_stream_depends_on_its_seed_alone_and_is_the_same_in_every_version() -> None:
    chance = Chance("seed")
    assert [7, 50, 34, 77, 28] == [chance.number(0, 99) for _ in range(5)]


@given(seeds, st.integers(-50, 50), st.integers(0, 50))
def test_numbers_stay_between_their_ends(seed: str, low: int, width: int) -> None:
    chance = Chance(seed)
    assert all(low <= chance.number(low, low + width) <= low + width for _ in range(20))


@given(seeds, st.lists(st.integers(), unique=True), st.integers(0, 20))
def test_some_are_different_ones_of_those_that_there_are(
    seed: str, choices: list[int], count: int
) -> None:
    chosen = Chance(seed).some(choices, count)
    assert min(count, len(choices)) == len(chosen) == len(set(chosen))
    assert set(chosen) <= set(choices)


@given(seeds, st.floats(0, 100))
def test_counts_are_about_their_mean(seed: str, mean: float) -> None:
    chance = Chance(seed)
    counts = [chance.count(mean) for _ in range(200)]
    assert abs(sum(counts) / 200 - mean) <= 6 * (mean / 200) ** 0.5 + 1e-9


def test_early_ones_come_first_more_often_than_late_ones() -> None:
    chance = Chance("first")
    found = Counter(chance.first("abcde") for _ in range(2000))
    assert found["a"] > found["c"] > found["e"] > 0
