from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from tocsin.samples.dice import Dice


def test_the_stream_is_the_same_in_every_version() -> None:
    dice = Dice("tocsin")
    first = [dice.number(0, 999) for _ in range(4)]
    assert [634, 442, 207, 737] == first


@given(seed=st.text(), low=st.integers(-100, 100), span=st.integers(0, 100))
def test_a_number_lies_between_its_borders(seed: str, low: int, span: int) -> None:
    assert low <= Dice(seed).number(low, low + span) <= low + span


def test_seeds_that_begin_alike_give_different_streams() -> None:
    long = "x" * 200
    assert Dice(long + "1").guid() != Dice(long + "2").guid()


@given(seed=st.text())
def test_a_guid_is_one(seed: str) -> None:
    text = Dice(seed).guid()
    assert text == str(uuid.UUID(text))


@given(seed=st.text(), choices=st.lists(st.integers(), unique=True), count=st.integers(0, 12))
def test_some_are_different_ones_in_their_order(seed: str, choices: list[int], count: int) -> None:
    taken = Dice(seed).some(choices, count)
    assert min(count, len(choices)) == len(taken)
    assert taken == [choice for choice in choices if choice in set(taken)]
