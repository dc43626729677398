"""How far an intruder's ways overlap with those of groups, and what that is worth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.findings.overlap import CHANCE, TRIES, Ways
from tocsin.knowledge.groups import Group

SEEN = tuple(f"T{number}" for number in range(1000, 1040))


def group(number: int, techniques: tuple[str, ...]) -> Group:
    return Group(id=f"G{number}", name=f"Group {number}", aliases=(), techniques=techniques)


EVERYBODY = ("T1000", "T1001")
GROUPS = tuple(
    group(number, (*EVERYBODY, *SEEN[2 + 4 * number : 6 + 4 * number])) for number in range(9)
)
WAYS = Ways(GROUPS, SEEN)


def test_what_everybody_does_tells_next_to_nothing() -> None:
    common = WAYS.scores(EVERYBODY)
    rare = WAYS.scores(SEEN[2:4])
    assert common[0].nats < rare[0].nats
    assert "G0" == rare[0].group.id
    assert 9 == WAYS.shared_by("T1000")
    assert 1 == WAYS.shared_by(SEEN[2])


def test_a_long_list_does_not_win_by_its_length() -> None:
    ways = Ways([group(1, SEEN[:8]), group(2, SEEN)], SEEN)
    best = ways.scores(SEEN[:8])[0]
    assert ("G1", 1.0) == (best.group.id, best.share)


def test_techniques_that_no_rule_can_see_do_not_count() -> None:
    assert WAYS.scores(SEEN[2:6]) == WAYS.scores([*SEEN[2:6], "T9999"])


def test_a_group_of_which_nothing_can_be_seen_is_never_first() -> None:
    ways = Ways([group(1, ("T9999",)), group(2, SEEN[:5])], SEEN)
    assert "G2" == ways.scores(SEEN[:3])[0].group.id


@given(st.sets(st.sampled_from(SEEN), max_size=20))
def test_a_share_is_a_part_of_one_and_what_is_shared_was_seen(seen: set[str]) -> None:
    for score in WAYS.scores(seen):
        assert 0 <= score.share <= 1.000001
        assert set(score.shared) == seen & set(score.group.techniques)


def test_the_same_calibration_comes_out_each_time() -> None:
    assert Ways(GROUPS, SEEN).calibrated(6) == WAYS.calibrated(6)


@pytest.mark.parametrize("size", [4, 8])
def test_chance_reaches_the_threshold_as_seldom_as_is_said(size: int) -> None:
    worth = WAYS.calibrated(size)
    dice = np.random.default_rng(7)
    _, nats = WAYS.best(WAYS.chance_sets(size, dice))
    assert np.count_nonzero(nats > worth.threshold) / TRIES < CHANCE + 0.02


def test_sets_have_the_size_that_was_asked_for() -> None:
    dice = np.random.default_rng(7)
    assert {5} == set(WAYS.chance_sets(5, dice).sum(axis=1).tolist())
    _, held = WAYS.sets_of_groups(5, dice)
    assert {5} == set(held.sum(axis=1).tolist())


def test_a_set_that_no_group_could_fill_names_nobody() -> None:
    worth = WAYS.calibrated(30)
    assert (0.0, 0.0) == (worth.right_first, worth.right_of_named)
