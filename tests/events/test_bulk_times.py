"""Times of many rows at once are those that one row would have, and nothing else is a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.bulk_times import Clock, microseconds, times_us

TIME = re.compile(r"\d\d:\d\d:\d\d", re.ASCII)
clocks = st.one_of(
    st.times().map(lambda time: f"{time:%H:%M:%S}"),
    st.from_regex(r"[0-9]{2}:[0-9]{2}:[0-9]{2}", fullmatch=True),
    st.text("0123456789:/?;-ao\x00 \x7f", min_size=6, max_size=10),
)
dates = st.one_of(
    st.dates().map(lambda day: f"{day:%Y-%m-%d}"),
    st.from_regex(r"[0-9]{4}-[01][0-9]-[0-3][0-9]", fullmatch=True),
    st.text("0123456789-/:a ", min_size=8, max_size=12),
)


def slowly(date: str, time: str, fraction: str = "000") -> int:
    """What one row's time is, by the standard library; -1 where it is none."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", date) is None or TIME.fullmatch(time) is None:
        return -1
    try:
        told = datetime.fromisoformat(f"{date}T{time}.{fraction}").replace(tzinfo=UTC)
    except ValueError:
        return -1
    return microseconds(told) if told.year >= 1970 else -1


def in_bulk(clock: Clock, lines: list[list[str]]) -> list[int]:
    """The times of rows with these values, which are separated by LFs here."""
    data = b"".join("\n".join((*line, "")).encode() for line in lines)
    codes = np.frombuffer(data, np.uint8)
    cuts = np.flatnonzero(codes == ord("\n")).reshape(len(lines), -1)
    starts = np.concatenate([[0], cuts[:-1, -1] + 1])
    return [int(time) for time in times_us(clock, codes, starts, cuts, cuts[:, -1])]


@given(st.lists(st.tuples(dates, clocks), min_size=1, max_size=40))
def test_a_date_and_a_time_are_read_as_the_standard_library_does(
    several: list[tuple[str, str]],
) -> None:
    lines = [["x", date, time] for date, time in several]
    expected = [slowly(date, time) for date, time in several]
    assert expected == in_bulk(Clock(date=1, time=2), lines)


@given(st.lists(st.tuples(dates, clocks, st.integers(0, 999)), min_size=1, max_size=40))
def test_a_moment_is_read_as_the_standard_library_does(
    several: list[tuple[str, str, int]],
) -> None:
    lines = [[f"{date}T{time}.{fraction:03}Z", "x"] for date, time, fraction in several]
    expected = [slowly(date, time, f"{fraction:03}") for date, time, fraction in several]
    assert expected == in_bulk(Clock(moment=0), lines)


@given(st.lists(clocks, min_size=1, max_size=40), dates)
def test_a_time_of_a_day_that_the_file_has_is_read_as_the_standard_library_does(
    several: list[str], day: str
) -> None:
    expected = [slowly(day, time) for time in several]
    assert expected == in_bulk(Clock(day=day, time=1), [["x", time] for time in several])
