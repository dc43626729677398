from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.report import results
from tests.report.results import at, host
from tocsin.model.grade import Assurance
from tocsin.model.result import CoverageEntry, HostResult, PackVerdict
from tocsin.report import calendar
from tocsin.report.calendar import State


def source(first: str, last: str, *gaps: tuple[str, str], problems: int = 0) -> CoverageEntry:
    return CoverageEntry(
        kind="iis",
        files=1,
        events=1,
        first=at(first),
        last=at(last),
        gaps=tuple((at(start), at(end)) for start, end in gaps),
        problems=problems,
    )


def pack(first: str, last: str, *missing: str) -> PackVerdict:
    return PackVerdict(
        pack="proxylogon",
        level=None,
        assurance=Assurance.PARTIAL,
        window=(at(first), at(last)),
        needed=missing,
        missing=missing,
        not_applicable=None,
    )


def drawn(one: HostResult) -> calendar.Calendar:
    chart = calendar.draw(one)
    assert chart is not None
    return chart


def states(chart: calendar.Calendar, row: int = 0) -> list[tuple[State, str, str]]:
    return [
        (run.state, run.first.isoformat()[5:], run.last.isoformat()[5:])
        for run in chart.rows[row].runs
    ]


def test_nothing_gives_no_drawing() -> None:
    assert calendar.draw(host()) is None
    assert calendar.draw(host(coverage=results.coverage()[-1:])) is None


def test_a_gap_has_whole_days_and_edges() -> None:
    chart = drawn(
        host(
            coverage=(
                source(
                    "2021-03-01T10:00:00",
                    "2021-03-09T09:00:00",
                    ("2021-03-03T18:00:00", "2021-03-06T06:00:00"),
                ),
            )
        )
    )
    assert [
        (State.PRESENT, "03-01", "03-02"),
        (State.PARTIAL, "03-03", "03-03"),
        (State.GAP, "03-04", "03-05"),
        (State.PARTIAL, "03-06", "03-06"),
        (State.PRESENT, "03-07", "03-09"),
    ] == states(chart)


def test_a_gap_from_midnight_takes_its_first_day_whole() -> None:
    gap = ("2021-03-02T00:00:00", "2021-03-04T06:00:00")
    chart = drawn(host(coverage=(source("2021-03-01T00:00:00", "2021-03-05T00:00:00", gap),)))
    assert (State.GAP, "03-02", "03-03") == states(chart)[1]


def test_what_is_before_the_first_row_is_outside_and_no_gap() -> None:
    early = source("2021-02-01T00:00:00", "2021-03-01T00:00:00")
    late = source("2021-02-20T00:00:00", "2021-03-01T00:00:00")
    chart = drawn(host(coverage=(early, late)))
    assert (State.OUTSIDE, "02-01", "02-19") == states(chart, 1)[0]


def test_a_source_that_was_needed_and_never_came_has_a_row() -> None:
    chart = drawn(
        host(
            coverage=(source("2021-03-01T00:00:00", "2021-03-05T00:00:00"),),
            packs=(pack("2021-03-01T00:00:00", "2021-03-05T00:00:00", "ecp_server"),),
        )
    )
    assert [("ecp_server", True, "not there"), ("iis", False, "")] == [
        (row.name, row.needed, row.note) for row in chart.rows
    ]
    assert [(State.MISSING, "03-01", "03-05")] == states(chart)


def test_what_is_needed_is_missing_only_in_the_time_that_matters() -> None:
    chart = drawn(
        host(
            coverage=(source("2021-03-04T00:00:00", "2021-03-20T00:00:00"),),
            packs=(pack("2021-03-01T00:00:00", "2021-03-25T00:00:00", "iis"),),
        )
    )
    assert [
        (State.MISSING, "03-01", "03-03"),
        (State.PRESENT, "03-04", "03-20"),
        (State.MISSING, "03-21", "03-25"),
    ] == states(chart)


def test_a_source_of_which_a_sub_log_is_needed_serves_it() -> None:
    chart = drawn(
        host(
            coverage=(
                source("2021-03-04T00:00:00", "2021-03-06T00:00:00"),
                msgspec.structs.replace(
                    source("2021-03-01T00:00:00", "2021-03-06T00:00:00"), kind="httpproxy:ecp"
                ),
            ),
            packs=(pack("2021-03-01T00:00:00", "2021-03-06T00:00:00", "httpproxy"),),
        )
    )
    needed = {row.name: row.needed for row in chart.rows}
    assert {"httpproxy:ecp": True, "iis": False} == needed


def test_the_window_is_drawn_even_where_no_source_reaches() -> None:
    chart = drawn(
        host(
            coverage=(source("2021-03-01T00:00:00", "2021-03-05T00:00:00"),),
            packs=(pack("2021-01-03T00:00:00", "2021-03-09T00:00:00"),),
        )
    )
    assert ("2021-01-03", "2021-03-09") == (chart.first.isoformat(), chart.last.isoformat())
    assert calendar.LEFT == chart.brackets[0].x


def test_years_before_the_window_do_not_squeeze_it() -> None:
    chart = drawn(
        host(
            coverage=(source("2009-01-01T00:00:00", "2021-03-05T00:00:00"),),
            packs=(pack("2021-01-03T00:00:00", "2021-03-05T00:00:00"),),
        )
    )
    assert "2020-12-04" == chart.first.isoformat()
    assert chart.cut


def test_many_days_share_columns() -> None:
    chart = drawn(host(coverage=(source("2020-01-01T00:00:00", "2021-03-05T00:00:00"),)))
    assert 4 == chart.days_per_column
    assert not chart.cut


def test_unreadable_places_are_counted_at_the_end_of_the_row() -> None:
    chart = drawn(
        host(coverage=(source("2021-03-01T00:00:00", "2021-03-05T00:00:00", problems=1234),))
    )
    assert "1,234 ⚠" == chart.rows[0].note


@given(
    st.datetimes(), st.timedeltas(timedelta(0), timedelta(days=3_000_000)), st.integers(0, 2**40)
)
def test_any_span_can_be_drawn(start: datetime, length: timedelta, seconds: int) -> None:
    first = at(start.isoformat())
    room = at("9999-12-31T23:59:59") - first
    last = first + min(length, max(room, timedelta(0)))
    gap = (first, first + min(timedelta(seconds=seconds), last - first))
    entry = CoverageEntry(
        kind="k", files=1, events=1, first=first, last=last, gaps=(gap,), problems=0
    )
    chart = drawn(host(coverage=(entry,)))
    runs = chart.rows[0].runs
    assert 130 >= len(runs)
    assert 1 > abs(sum(run.width for run in runs) - (chart.right - chart.left))
