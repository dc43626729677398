"""Points: which days, and against a replay of the rows up to each day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.campaign.seen import FIXED, OPEN, UNCLEAR, at, row
from tocsin.campaign.gathering import Hosts
from tocsin.campaign.merge import merged
from tocsin.campaign.nodes import Rules
from tocsin.web.assessing.curve import MAX_POINTS, Curve, counted, end_of, is_kept, stride_of
from tocsin.web.assessing.gather import Gathering, gather

if TYPE_CHECKING:
    from tocsin.campaign.observation import Observation

CVES = ("CVE-2021-26855",)
OWNERS = {"192.0.2.1": 1, "192.0.2.2": 1, "192.0.2.3": 2}


def points(
    rows: list[Observation], stride: int = 1, since: date = date.min
) -> dict[str, tuple[int, ...]]:
    gathering = Gathering()
    curve = Curve(hosts=gathering.hosts, cves=CVES, rules=Rules(), stride=stride, since=since)
    gather(rows, gathering, curve, lambda _: None)
    return {
        f"{when:%m-%d}": (*counts["assets"].values(), *counts["organisations"].values())
        for when, counts in curve.points(OWNERS).items()
    }


def test_an_organisation_is_as_bad_as_its_worst_host() -> None:
    rows = [
        row(OPEN, 0, ip="192.0.2.1"),
        row(FIXED, 0, ip="192.0.2.2"),
        row(UNCLEAR, 0, ip="192.0.2.3"),
        row(UNCLEAR, 0, ip="192.0.2.9"),
    ]

    assert points(rows) == {"05-01": (1, 2, 1, 0, 0, 1, 1, 0, 0, 0)}


def test_a_day_without_rows_has_no_point() -> None:
    assert list(points([row(OPEN, 0), row(OPEN, 0.9), row(FIXED, 3)])) == ["05-01", "05-04"]


def test_the_last_point_is_the_newest_days_even_off_the_grid() -> None:
    rows = [row(OPEN, day) for day in range(10)]
    stride = 4
    found = list(points(rows, stride))

    assert found[-1] == "05-10"
    grid = [f"{at(day):%m-%d}" for day in range(10) if is_kept(at(day).date(), stride)]
    assert found[:-1] == [day for day in grid if day != "05-10"]


def test_days_before_are_not_made_again() -> None:
    rows = [row(OPEN, day) for day in range(5)]

    assert list(points(rows, since=date(2021, 5, 4))) == ["05-04", "05-05"]


def test_there_are_never_too_many_points() -> None:
    first = date(2021, 1, 1)
    for days in (1, 119, 120, 121, 240, 1000, 3000):
        last = first + timedelta(days=days - 1)
        stride = stride_of(first, last)
        grid = {
            day for at_ in range(days) if is_kept(day := first + timedelta(days=at_), stride)
        } | {last}
        assert len(grid) <= MAX_POINTS
    assert stride_of(first, first + timedelta(days=100)) == 1


def test_a_point_is_at_the_last_second_of_its_day() -> None:
    assert end_of(date(2021, 5, 1)) == datetime(2021, 5, 1, 23, 59, 59, tzinfo=UTC)


def test_compromised_hosts_are_among_the_red() -> None:
    assert counted({4: 2, 5: 3, 1: 1}) == {
        "red": 5,
        "yellow": 0,
        "green": 0,
        "compromised": 3,
        "vanished": 1,
    }


@given(
    st.lists(
        st.tuples(
            st.integers(0, 6), st.integers(1, 3), st.sampled_from([OPEN, FIXED, UNCLEAR, None])
        ),
        min_size=1,
        max_size=12,
    )
)
def test_each_point_is_what_the_rows_up_to_its_day_tell(
    seen: list[tuple[int, int, str | None]],
) -> None:
    rows = sorted(
        (row(build, day, ip=f"192.0.2.{last}") for day, last, build in seen),
        key=lambda one: one.time_utc or at(0),
    )
    expected = {}
    for day in sorted({day for day, _, _ in seen}):
        hosts = Hosts()
        for one in rows:
            if one.time_utc is not None and one.time_utc <= at(day):
                hosts.add(one)
        colours = [
            "vanished" if host.vanished else host.summaries[CVES[0]].colour.value
            for host in merged(hosts, CVES, on=date(2021, 5, 1))
        ]
        expected[f"{at(day):%m-%d}"] = tuple(
            colours.count(name) for name in ("red", "yellow", "green", "none", "vanished")
        )

    assert expected == {when: counts[:5] for when, counts in points(rows).items()}
