"""Correlations that stand on correlations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.matching.sigma.correlation.correlating import (
    START,
    Row,
    correlation,
    outcome_of,
    plan_of,
    rows,
)

if TYPE_CHECKING:
    from tocsin.matching.sigma.correlation.link import Plan

GUESSES = correlation("event_count", "a", condition={"gte": 3}, group_by=["User"])


def guessed_then_in(timespan: str = "10s") -> Plan:
    return plan_of(
        broken=correlation(
            "temporal_ordered", "guesses", "b", group_by=["User"], timespan=timespan
        ),
        guesses=GUESSES,
    )


def of(rule: str, plan: Plan, all_rows: list[Row]) -> list[tuple[float, float, int]]:
    return [
        ((one.first - START).total_seconds(), (one.last - START).total_seconds(), one.count)
        for one in outcome_of(plan, all_rows).firings
        if one.rule == rule
    ]


def test_a_chain_fires_on_the_rows_that_its_parts_stand_on() -> None:
    bob = [*rows("a", 0, 1, 2, User="bob"), *rows("b", 3, User="bob")]
    assert [(0, 3, 4)] == of("broken", guessed_then_in(), bob)
    assert [] == of("broken", guessed_then_in(), [*bob[:3], *rows("b", 3, User="eve")])
    assert [] == of("broken", guessed_then_in(), [*rows("b", 0, User="bob"), *bob[:3]])


def test_what_happens_amid_a_flood_is_seen() -> None:
    flood = rows("a", *range(100), User="bob")
    assert [(35, 55, 22)] == of("broken", guessed_then_in(), [*flood, *rows("b", 55, User="bob")])


def test_a_short_chain_over_a_long_window_sees_the_moment_that_fits() -> None:
    slow = rows("a", 0, 4, 8, 12, 16, 20, User="bob")
    got_in = rows("b", 17, User="bob")
    assert [(8, 17, 4)] == of("broken", guessed_then_in("1s"), [*slow, *got_in])
    assert [] == of("broken", guessed_then_in("1s"), [*slow[:4], *got_in])


def test_a_chain_that_counts_sees_each_firing_once() -> None:
    plan = plan_of(
        often=correlation("event_count", "guesses", condition={"gte": 2}, timespan="1h"),
        guesses=GUESSES,
    )
    once = rows("a", *range(9), User="bob")
    again = rows("a", *range(600, 603), User="eve")
    assert [] == of("often", plan, once)
    assert [(0, 602, 12)] == of("often", plan, [*once, *again])


def test_a_chain_may_group_by_a_field_that_its_part_does_not() -> None:
    plan = plan_of(
        broken=correlation("temporal_ordered", "guesses", "b", group_by=["User"]),
        guesses=correlation("event_count", "a", condition={"gte": 3}, group_by=["Host"]),
    )
    guesses = [Row("a", second, {"Host": "m", "User": f"u{second}"}) for second in range(4)]
    assert [(0, 5, 4)] == of("broken", plan, [*guesses, *rows("b", 5, User="u2")])
    assert [] == of("broken", plan, [*guesses, *rows("b", 5, User="u1")])


def test_aliases_reach_through_a_chain() -> None:
    plan = plan_of(
        broken=correlation(
            "temporal", "guesses", "b", group_by=["who"], aliases={"who": {"b": "Account"}}
        ),
        guesses=correlation(
            "event_count",
            "a",
            condition={"gte": 2},
            group_by=["who"],
            aliases={"who": {"a": "User"}},
        ),
    )
    assert [(0, 2, 3)] == of(
        "broken", plan, [*rows("a", 0, 1, User="bob"), *rows("b", 2, Account="BOB")]
    )


def test_three_levels_are_worked_out_whatever_their_order_in_the_file() -> None:
    plan = plan_of(
        outer=correlation("temporal", "middle", "c"),
        middle=correlation("temporal", "inner", "b"),
        inner=correlation("event_count", "a", condition={"gte": 2}),
    )
    assert ["inner", "middle", "outer"] == [step.id for step in plan.steps]
    assert [(0, 3, 4)] == of("outer", plan, [*rows("a", 0, 1), *rows("b", 2), *rows("c", 3)])


def test_a_sum_that_only_grows_is_seen_amid_its_window() -> None:
    plan = plan_of(
        then=correlation("temporal_ordered", "much", "b"),
        much=correlation("value_sum", "a", condition={"gt": 10, "field": "Bytes"}),
    )
    upload = [Row("a", second, {"Bytes": "6"}) for second in range(9)]
    assert [(0, 8, 10)] == of("then", plan, [*upload, Row("b", 2)])
    assert [] == of("then", plan, [Row("b", 0), *upload])


def test_a_chain_is_told_at_the_row_with_which_it_became_true() -> None:
    flood = rows("a", *range(20), User="bob")
    got_in = Row("b", 9.5, {"User": "bob"}, place=7)
    found = outcome_of(guessed_then_in(), [*flood, got_in]).firings
    assert [("guesses", 1002), ("broken", 7), ("guesses", 1013)] == [
        (one.rule, one.at.place) for one in found
    ]
    plan = plan_of(outer=correlation("temporal", "guesses", "c"), guesses=GUESSES)
    late = outcome_of(plan, [Row("c", 0), *rows("a", 1, 2, 3, User="bob")]).firings
    assert [("outer", 1003), ("guesses", 1003)] == [(one.rule, one.at.place) for one in late]
