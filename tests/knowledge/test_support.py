"""Until when a build gets updates."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.knowledge.builds import Build, all_builds
from tocsin.knowledge.support import SupportState, support


@pytest.mark.parametrize(
    ("build", "on", "expected"),
    [
        ("14.3.513.0", "2020-10-13", "supported"),
        ("14.3.513.0", "2020-10-14", "ended"),
        ("15.0.1497.48", "2023-04-11", "supported"),
        ("15.0.1497.48", "2023-04-12", "ended"),
        ("15.0.1395.10", "2019-03-01", "superseded"),
        ("15.1.2176.9", "2021-03-20", "supported"),
        ("15.1.2044.13", "2021-03-20", "superseded"),
        ("15.1.2176.14", "2021-07-20", "superseded"),
        ("15.1.2507.6", "2025-10-14", "supported"),
        ("15.1.2507.61", "2025-10-15", "extended"),
        ("15.1.2507.72", "2026-09-01", "extended"),
        ("15.1.2507.72", "2026-11-01", "ended"),
        ("15.1.2375.37", "2026-01-01", "ended"),
        ("15.2.1118.40", "2024-02-20", "supported"),
        ("15.2.1118.40", "2024-03-20", "superseded"),
        ("15.2.1258.39", "2025-10-15", "ended"),
        ("15.2.1544.33", "2026-09-01", "extended"),
        ("15.2.1748", "2026-09-01", "extended"),
        ("15.2.1748.49", "2026-11-24", "ended"),
        ("15.2.2562.17", "2026-11-24", "supported"),
        ("15.2.2562.17", "2036-01-01", "ended"),
        ("15.2.191.1", "2018-08-01", "ended"),
        ("15.2.9999.1", "2026-11-24", "unknown"),
        ("no build", "2026-11-24", "unknown"),
    ],
)
def test_the_state_of_support_on_a_day(build: str, on: str, expected: str) -> None:
    found = support(build, date.fromisoformat(on))
    assert (expected, True) == (found.state, bool(found.reason))


def test_the_end_and_the_paid_extension_are_told_apart() -> None:
    found = support("15.1.2507.72", date(2026, 9, 1))
    assert (date(2025, 10, 14), date(2026, 10, 31)) == (found.ends, found.extended_until)
    assert "2026-10" in found.reason
    assert "pay" in found.reason


def test_what_the_extension_does_not_cover_has_none() -> None:
    found = support("15.2.1258.39", date(2026, 1, 1))
    assert (date(2025, 10, 14), None) == (found.ends, found.extended_until)
    assert "CU14 and CU15 only" in found.reason


def test_support_is_another_axis_than_the_newest_update() -> None:
    """The newest build of 2013 lacks nothing that exists, and nothing more will come."""
    assert SupportState.ENDED is support("15.0.1497.48", date(2026, 1, 1)).state


@given(build=st.sampled_from(all_builds()), on=st.dates(date(2010, 1, 1), date(2040, 1, 1)))
def test_once_ended_it_stays_so(build: Build, on: date) -> None:
    if support(build.number, on).state is SupportState.ENDED:
        later = support(build.number, on.replace(year=on.year + 1, day=1)).state
        assert SupportState.ENDED is later
