"""What each type of correlation means, one window at a time."""

from __future__ import annotations

import pytest

from tests.matching.sigma.correlation.correlating import (
    Row,
    correlation,
    fired,
    outcome_of,
    plan_of,
    rows,
)


def test_so_many_rows_within_the_timespan_fire_once_and_all_of_them_are_told() -> None:
    three = correlation("event_count", "a", condition={"gte": 3})
    assert [] == fired(three, *rows("a", 0, 1))
    assert [(0, 2, 3)] == fired(three, *rows("a", 0, 1, 2))
    assert [(0, 9, 6)] == fired(three, *rows("a", 0, 1, 2, 3, 8, 9))


def test_both_ends_of_the_timespan_belong_to_it() -> None:
    two = correlation("event_count", "a", condition={"gte": 2})
    assert [(0, 10, 2)] == fired(two, *rows("a", 0, 10))
    assert [] == fired(two, *rows("a", 0, 10.000001))


def test_a_window_may_begin_anywhere() -> None:
    three = correlation("event_count", "a", condition={"gte": 3})
    assert [(8, 15, 3)] == fired(three, *rows("a", 0, 8, 12, 15))


def test_rows_that_fired_are_used_up_and_the_next_window_begins_after_them() -> None:
    three = correlation("event_count", "a", condition={"gte": 3})
    assert [(0, 10, 11), (11, 20, 10)] == fired(three, *rows("a", *range(21)))
    assert [(0, 2, 3)] == fired(three, *rows("a", 0, 1, 2, 11, 12))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"gt": 2}, True),
        ({"gt": 3}, False),
        ({"gte": 3}, True),
        ({"gte": 4}, False),
        ({"lt": 4}, True),
        ({"lt": 3}, False),
        ({"lte": 3}, True),
        ({"lte": 2}, False),
        ({"eq": 3}, True),
        ({"eq": 2}, False),
        ({"neq": 2}, True),
        ({"neq": 3}, False),
        ({"gt": 2, "lte": 3}, True),
        ({"gt": 3, "lte": 9}, False),
        ({"gte": 2.5}, True),
    ],
)
def test_the_rows_of_a_whole_window_are_compared(
    condition: dict[str, int], expected: bool
) -> None:
    document = correlation("event_count", "a", condition=condition)
    assert ([(0, 2, 3)] if expected else []) == fired(document, *rows("a", 0, 1, 2))


def test_half_a_window_is_not_one_that_had_few_rows() -> None:
    few = correlation("event_count", "a", condition={"lt": 3})
    assert [] == fired(few, *rows("a", *range(9)))
    assert [(0, 5, 2)] == fired(few, *rows("a", 0, 5))


def test_groups_are_counted_apart() -> None:
    document = correlation("event_count", "a", condition={"gte": 2}, group_by=["User", "Host"])
    plan = plan_of(many=document)
    outcome = outcome_of(
        plan,
        [
            Row("a", 0, {"User": "bob", "Host": "x"}),
            Row("a", 1, {"User": "bob", "Host": "y"}),
            Row("a", 2, {"User": "eve", "Host": "x"}),
            Row("a", 3, {"User": "Bob", "Host": "X"}),
        ],
    )
    assert [(("User", "Bob"), ("Host", "X"))] == [one.group for one in outcome.firings]


def test_a_row_without_the_group_s_field_is_left_out_and_told() -> None:
    document = correlation("event_count", "a", condition={"gte": 2}, group_by=["User"])
    outcome = outcome_of(plan_of(many=document), rows("a", 0, 1, 2))
    assert [] == outcome.firings
    assert [
        "many: 3 rows without a field to group by could not be correlated."
    ] == outcome.limits()


def test_a_row_without_a_time_is_left_out_and_told() -> None:
    document = correlation("event_count", "a", condition={"gte": 2})
    outcome = outcome_of(plan_of(many=document), [Row("a", None), Row("a", 1)])
    assert [] == outcome.firings
    assert ["a: 1 row without a time could not be correlated."] == outcome.limits()


def test_several_rules_are_counted_together_and_a_row_that_two_match_once() -> None:
    document = correlation("event_count", "a", "b", condition={"gte": 3})
    assert [(0, 2, 3)] == fired(document, Row("a", 0), Row("b", 1), Row("b", 2))
    twice = [Row("a", 0, place=1), Row("b", 0, place=1), Row("b", 1, place=2)]
    assert [] == fired(document, *twice)
    assert [(0, 2, 3)] == fired(document, *twice, Row("a", 2, place=3))


def test_different_values_are_counted_without_regard_to_case() -> None:
    document = correlation("value_count", "a", condition={"gte": 3, "field": "User"})
    users = ("bob", "BOB", "eve", "bob")
    same = [Row("a", second, {"User": user}) for second, user in enumerate(users)]
    assert [] == fired(document, *same)
    assert [(0, 4, 5)] == fired(document, *same, Row("a", 4, {"User": "ann"}))


def test_several_fields_are_one_value_together_and_a_row_that_lacks_one_brings_none() -> None:
    document = correlation("value_count", "a", condition={"gte": 3, "field": ["User", "Host"]})
    pairs = [Row("a", 0, {"User": "b", "Host": "x"}), Row("a", 1, {"User": "b", "Host": "y"})]
    assert [] == fired(document, *pairs, Row("a", 2, {"User": "c"}))
    assert [(0, 2, 3)] == fired(document, *pairs, Row("a", 2, {"User": "c", "Host": "x"}))


def test_no_value_at_all_is_not_few_values() -> None:
    document = correlation("value_count", "a", condition={"lt": 3, "field": "User"})
    outcome = outcome_of(plan_of(many=document), rows("a", 0, 1))
    assert [] == outcome.firings
    assert ["many: 2 rows without a value could not be measured."] == outcome.limits()


def test_rules_that_match_together_fire_in_whatever_order() -> None:
    document = correlation("temporal", "a", "b", "c")
    assert [(0, 2, 3)] == fired(document, Row("c", 0), Row("a", 1), Row("b", 2))
    assert [] == fired(document, Row("c", 0), Row("a", 1), Row("a", 2))
    assert [] == fired(document, Row("c", 0), Row("a", 1), Row("b", 11))


def test_some_of_the_rules_are_enough_where_the_condition_says_so() -> None:
    document = correlation("temporal", "a", "b", "c", condition={"gte": 2})
    assert [(0, 1, 2)] == fired(document, Row("c", 0), Row("a", 1))
    assert [] == fired(document, Row("c", 0), Row("c", 1))


def test_one_row_may_be_what_two_rules_saw() -> None:
    document = correlation("temporal", "a", "b")
    plan = plan_of(many=document)
    found = outcome_of(plan, [Row("a", 0, place=1), Row("b", 0, place=1)]).firings
    assert [(1, (("a", 1), ("b", 1)))] == [(one.count, one.rules) for one in found]


def test_rules_in_order_fire_only_in_order() -> None:
    document = correlation("temporal_ordered", "a", "b", "c")
    assert [(0, 2, 3)] == fired(document, Row("a", 0), Row("b", 1), Row("c", 2))
    assert [] == fired(document, Row("a", 0), Row("c", 1), Row("b", 2))
    assert [(0, 4, 5)] == fired(document, *(Row(r, s) for s, r in enumerate("cabbc")))


def test_rows_of_the_same_time_are_in_order() -> None:
    document = correlation("temporal_ordered", "a", "b", "c")
    assert [(5, 5, 3)] == fired(document, Row("c", 5), Row("b", 5), Row("a", 5))


def test_a_part_of_the_order_is_enough_where_the_condition_says_so() -> None:
    document = correlation("temporal_ordered", "a", "b", "c", condition={"gte": 2})
    assert [(0, 2, 3)] == fired(document, Row("b", 0), Row("a", 1), Row("c", 2))
    assert [] == fired(document, Row("c", 0), Row("b", 1), Row("a", 2))


def test_a_condition_may_name_rules() -> None:
    document = correlation("temporal", "a", "b", "c", condition="a and (b or not c)")
    assert [(0, 1, 2)] == fired(document, Row("a", 0), Row("b", 1))
    assert [(0, 0, 1)] == fired(document, Row("a", 0))
    assert [] == fired(document, Row("a", 0), Row("c", 1))
    assert [(0, 2, 3)] == fired(document, Row("a", 0), Row("c", 1), Row("b", 2))


def test_what_must_not_come_is_waited_for_until_the_window_is_over() -> None:
    document = correlation("temporal", "a", "b", "c", condition="a and b and not c")
    assert [] == fired(document, Row("a", 0), Row("b", 1), Row("c", 10))
    assert [(0, 1, 2)] == fired(document, Row("a", 0), Row("b", 1), Row("c", 12))


def test_a_condition_of_names_in_order_orders_what_it_needs() -> None:
    document = correlation("temporal_ordered", "a", "b", "c", condition="(a or b) and c")
    assert [(0, 1, 2)] == fired(document, Row("b", 0), Row("c", 1))
    assert [] == fired(document, Row("c", 0), Row("b", 1))
    assert [(0, 2, 3)] == fired(document, Row("b", 0), Row("c", 1), Row("a", 2))


def numbers(*values: str) -> list[Row]:
    return [Row("a", second, {"Bytes": value}) for second, value in enumerate(values)]


@pytest.mark.parametrize(
    ("kind", "condition", "values", "expected"),
    [
        ("value_sum", {"gt": 10}, ["4", "7"], True),
        ("value_sum", {"gt": 11}, ["4", "7"], False),
        ("value_sum", {"eq": "0.3"}, ["0.1", "0.2"], True),
        ("value_sum", {"lt": 0}, ["-5", "4.5"], True),
        ("value_sum", {"gte": 0}, ["many", "x"], False),
        ("value_sum", {"eq": 4}, ["many", "4"], True),
        ("value_avg", {"gte": 5}, ["0", "10"], True),
        ("value_avg", {"gt": 5}, ["0", "10"], False),
        ("value_avg", {"eq": 3}, ["3", "none", "3.000"], True),
        ("value_median", {"eq": 5}, ["9", "1", "5"], True),
        ("value_median", {"eq": 3}, ["9", "1", "5", "1"], True),
        ("value_percentile", {"eq": 9, "percentile": 100}, ["9", "1", "5"], True),
        ("value_percentile", {"eq": 1, "percentile": 0}, ["9", "1", "5"], True),
        ("value_percentile", {"eq": 3, "percentile": 25}, ["9", "1", "5"], True),
        ("value_percentile", {"eq": 3.8, "percentile": 70}, ["1", "5"], True),
        ("value_percentile", {"gte": 0, "percentile": 70}, ["x"], False),
    ],
)
def test_numbers_are_measured_exactly(
    kind: str, condition: dict[str, object], values: list[str], expected: bool
) -> None:
    document = correlation(kind, "a", condition={"field": "Bytes", **condition})
    assert expected == bool(fired(document, *numbers(*values)))


def test_aliases_say_which_field_a_rule_s_rows_have() -> None:
    document = correlation(
        "temporal",
        "a",
        "b",
        group_by=["inner", "Host"],
        aliases={"inner": {"a": "Source", "b": "Destination"}},
    )
    a = Row("a", 0, {"Source": "10.0.0.1", "Destination": "x", "Host": "m"})
    b = Row("b", 1, {"Source": "y", "Destination": "10.0.0.1", "Host": "m"})
    other = Row("b", 1, {"Source": "10.0.0.1", "Destination": "y", "Host": "m"})
    assert [(0, 1, 2)] == fired(document, a, b)
    assert [] == fired(document, a, other)


def test_without_a_group_all_rows_are_one() -> None:
    document = correlation("event_count", "a", condition={"gte": 2})
    assert [(0, 1, 2)] == fired(
        document, Row("a", 0, {"User": "b"}), Row("a", 1, {"User": "c"}, file="two.log")
    )


def test_a_damaged_row_makes_the_firing_unsure() -> None:
    plan = plan_of(many=correlation("event_count", "a", condition={"gte": 2}))
    sure = outcome_of(plan, rows("a", 0, 1)).firings[0]
    unsure = outcome_of(plan, [Row("a", 0, damaged=True), Row("a", 1)]).firings[0]
    assert (False, True) == (sure.damaged, unsure.damaged)


def test_the_longest_timespan_is_no_trouble() -> None:
    document = correlation("event_count", "a", condition={"gte": 2}, timespan="999999999y")
    assert [(0, 3e9, 2)] == fired(document, *rows("a", 0, 3e9))


def test_a_firing_is_at_the_row_with_which_it_became_true() -> None:
    plan = plan_of(many=correlation("temporal_ordered", "a", "b"))
    all_rows = [Row("a", 0), Row("b", 3, place=7), Row("a", 4), Row("b", 5)]
    assert [(7, 4)] == [(one.at.place, one.count) for one in outcome_of(plan, all_rows).firings]
    plan = plan_of(many=correlation("event_count", "a", condition={"lt": 9}))
    last = Row("a", 5, place=9)
    assert [9] == [one.at.place for one in outcome_of(plan, [*rows("a", 1, 2), last]).firings]
