"""The engine against the slow and obvious: every stretch of time is tried, anew each time."""

from __future__ import annotations

import statistics
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matching.sigma.correlation.correlating import (
    START,
    Row,
    correlation,
    hits_of,
    outcome_of,
    plan_of,
)
from tocsin.matching.sigma.correlation.engine import correlate
from tocsin.matching.sigma.correlation.hits import Hits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from tocsin.matching.sigma.correlation.link import Plan

TIMESPAN = 5
RULES = "abc"
COMPARE: dict[str, Callable[[Any, int], bool]] = {
    "lt": lambda number, bound: number < bound,
    "lte": lambda number, bound: number <= bound,
    "gt": lambda number, bound: number > bound,
    "gte": lambda number, bound: number >= bound,
    "eq": lambda number, bound: number == bound,
    "neq": lambda number, bound: number != bound,
}

all_rows = st.lists(
    st.builds(
        lambda rule, second, user, number: Row(
            rule, second, {"User": user, **({} if number is None else {"Bytes": str(number)})}
        ),
        st.sampled_from(RULES),
        st.integers(0, 20),
        st.sampled_from(["bob", "eve"]),
        st.none() | st.integers(-3, 9),
    ),
    max_size=14,
)


def longest_run(rows: Sequence[Row]) -> int:
    """The most rules that can be put in the order of `RULES` with times that do not fall."""
    best = 0
    for length in range(1, len(RULES) + 1):
        for chosen in combinations(RULES, length):
            times = [sorted(row.second or 0 for row in rows if row.rule == one) for one in chosen]
            now: float = -1
            for one in times:
                now = next((time for time in one if time >= now), 1e9)
            if now < 1e9:
                best = length
    return best


def numbers(rows: Sequence[Row]) -> list[int]:
    return [int(row.fields["Bytes"]) for row in rows if "Bytes" in row.fields]


def percentile(rows: Sequence[Row]) -> Fraction:
    values = sorted(numbers(rows))
    place = Fraction(30, 100) * (len(values) - 1)
    low = values[int(place)]
    high = values[min(int(place) + 1, len(values) - 1)]
    return low + (place - int(place)) * (high - low)


MEASURES: dict[str, Callable[[Sequence[Row]], Any]] = {
    "event_count": len,
    "value_count": lambda rows: len(set(numbers(rows))),
    "temporal": lambda rows: len({row.rule for row in rows}),
    "temporal_ordered": longest_run,
    "value_sum": lambda rows: sum(numbers(rows)),
    "value_avg": lambda rows: Fraction(sum(numbers(rows)), len(numbers(rows))),
    "value_median": lambda rows: Fraction(statistics.median(numbers(rows))),
    "value_percentile": percentile,
}


def slow(
    rows: Sequence[Row], holds: Callable[[Sequence[Row]], bool]
) -> list[tuple[float, float, int]]:
    """Until nothing is left: the first whole window in which the condition holds."""
    left = sorted(rows, key=lambda row: row.second or 0)
    found = []
    while left:
        starts = sorted({row.second or 0 for row in left})
        stretches = [
            [row for row in left if start <= (row.second or 0) <= start + TIMESPAN]
            for start in starts
        ]
        whole = [
            one
            for one in stretches
            if not any(
                len(other) > len(one) and all(row in other for row in one) for other in stretches
            )
        ]
        firing = next((one for one in whole if holds(one)), None)
        if firing is None:
            break
        found.append((firing[0].second or 0, firing[-1].second or 0, len(firing)))
        left = [row for row in left if (row.second or 0) > (firing[-1].second or 0)]
    return found


def told(plan: Plan, rows: Sequence[Row]) -> list[tuple[str, float, float, int]]:
    return [
        (
            dict(one.group)["User"],
            (one.first - START).total_seconds(),
            (one.last - START).total_seconds(),
            one.count,
        )
        for one in outcome_of(plan, rows).firings
    ]


@pytest.mark.parametrize("kind", MEASURES)
@given(rows=all_rows, operator=st.sampled_from(sorted(COMPARE)), bound=st.integers(0, 6))
def test_every_type_fires_where_trying_all_windows_does(
    kind: str, rows: list[Row], operator: str, bound: int
) -> None:
    rows = [row._replace(place=number) for number, row in enumerate(rows, 1)]
    condition: dict[str, object] = {operator: bound}
    if kind.startswith("value_"):
        condition["field"] = "Bytes"
    if kind == "value_percentile":
        condition["percentile"] = 30
    plan = plan_of(
        many=correlation(
            kind, *RULES, condition=condition, group_by=["User"], timespan=f"{TIMESPAN}s"
        )
    )

    def holds(window: Sequence[Row]) -> bool:
        if kind.startswith("value_") and not numbers(window):
            return False
        return COMPARE[operator](MEASURES[kind](window), bound)

    expected = [
        (user, *firing)
        for user in ("bob", "eve")
        for firing in slow([row for row in rows if row.fields["User"] == user], holds)
    ]
    assert sorted(expected) == sorted(told(plan, rows))


CONDITIONS: dict[str, Callable[[set[str]], bool]] = {
    "a and b and not c": lambda seen: {"a", "b"} <= seen and "c" not in seen,
    "a and (b or c)": lambda seen: "a" in seen and bool({"b", "c"} & seen),
    "not (not a or c) and b or c and a": lambda seen: "a" in seen and bool({"b", "c"} & seen),
    "a or b or c": bool,
    "(a or b) and (b or c)": lambda seen: bool({"a", "b"} & seen and {"b", "c"} & seen),
}


@pytest.mark.parametrize("condition", CONDITIONS)
@given(rows=all_rows)
def test_names_of_rules_fire_where_trying_all_windows_does(
    condition: str, rows: list[Row]
) -> None:
    rows = [row._replace(place=number) for number, row in enumerate(rows, 1)]
    plan = plan_of(
        many=correlation(
            "temporal", *RULES, condition=condition, group_by=["User"], timespan=f"{TIMESPAN}s"
        )
    )
    expected = [
        (user, *firing)
        for user in ("bob", "eve")
        for firing in slow(
            [row for row in rows if row.fields["User"] == user],
            lambda window: CONDITIONS[condition]({row.rule for row in window}),
        )
    ]
    assert sorted(expected) == sorted(told(plan, rows))


CHAIN = {
    "outer": correlation("temporal_ordered", "inner", "c", group_by=["User"], timespan="4s"),
    "inner": correlation("event_count", "a", "b", condition={"gte": 3}, group_by=["User"]),
    "often": correlation("event_count", "inner", condition={"gte": 2}, timespan="1m"),
}


@given(rows=all_rows, random=st.randoms(use_true_random=False))
def test_the_order_of_reading_tells_nothing(rows: list[Row], random: Random) -> None:
    plan = plan_of(**CHAIN)
    numbered = [row._replace(place=number) for number, row in enumerate(rows, 1)]
    shuffled = list(numbered)
    random.shuffle(shuffled)
    assert outcome_of(plan, numbered).firings == outcome_of(plan, shuffled).firings


@given(rows=all_rows, cut=st.integers(0, 14))
def test_what_two_processes_read_is_put_together(rows: list[Row], cut: int) -> None:
    plan = plan_of(**CHAIN)
    numbered = [row._replace(place=number) for number, row in enumerate(rows, 1)]
    merged = Hits(plan)
    merged.merge(hits_of(plan, numbered[:cut]))
    merged.merge(hits_of(plan, numbered[cut:]))
    assert outcome_of(plan, numbered) == correlate(merged)


@given(rows=all_rows)
def test_a_chain_fires_where_trying_all_moments_does(rows: list[Row]) -> None:
    numbered = [row._replace(place=number) for number, row in enumerate(rows, 1)]
    counted = [row for row in numbered if row.rule in "ab"]
    expected = set()
    for late in numbered:
        if late.rule != "c":
            continue
        same = [row for row in counted if row.fields["User"] == late.fields["User"]]
        for last in same:
            time = last.second or 0
            before = [row for row in same if time - 10 <= (row.second or 0) <= time]
            if len(before) >= 3 and time <= (late.second or 0) <= time + 4:
                expected.add(late.fields["User"])
    found = {
        dict(one.group)["User"]
        for one in outcome_of(plan_of(**CHAIN), numbered).firings
        if one.rule == "outer"
    }
    assert expected == found
