from __future__ import annotations

import pytest

from tests.report.results import at
from tocsin.cli import times
from tocsin.errors import UsageError


def test_a_date_alone_means_its_beginning_and_its_end() -> None:
    assert at("2021-03-03T00:00:00") == times.since("2021-03-03")
    assert at("2021-03-04T00:00:00") == times.until("2021-03-03")


def test_a_time_is_taken_as_it_is() -> None:
    assert at("2021-03-03T04:05:06") == times.until("2021-03-03T04:05:06Z")
    assert at("2021-03-03T04:05:06") == times.since("2021-03-03T04:05:06")


def test_an_offset_is_turned_into_utc() -> None:
    assert at("2021-03-03T03:05:06") == times.since("2021-03-03T04:05:06+01:00")


def test_nothing_given_is_no_limit() -> None:
    assert times.since(None) is None
    assert times.until(None) is None


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "03.03.2021", "2021-13-01", "0001-01-01T00:00:00+23:59", "9999-12-31"],
)
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match=r"--until: .*write 2021-03-03"):
        times.until(text)


def test_a_period_without_a_moment_is_refused() -> None:
    with pytest.raises(UsageError, match="--since must be before --until"):
        times.in_order(at("2021-03-03T00:00:00"), at("2021-03-03T00:00:00"))
    times.in_order(None, at("2021-03-03T00:00:00"))
