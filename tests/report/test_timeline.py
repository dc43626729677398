from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.report import results
from tests.report.results import at, finding, host
from tocsin.model.grade import Grade
from tocsin.model.result import HostResult, TimelineEntry
from tocsin.report import timeline

START = at("2021-03-03T04:00:00")


def entries(*seconds: float, source: str = "iis", found: str | None = None) -> HostResult:
    return host(
        findings=(finding(),),
        timeline=tuple(
            TimelineEntry(
                time=START + timedelta(seconds=second), source=source, summary="s", finding=found
            )
            for second in seconds
        ),
    )


def drawn(one: HostResult) -> timeline.Chart:
    chart = timeline.draw(one)
    assert chart is not None
    return chart


def test_nothing_gives_no_drawing() -> None:
    assert timeline.draw(host()) is None
    assert timeline.draw_decisive(host()) is None


def test_one_moment_stands_in_the_middle_of_the_only_stretch() -> None:
    chart = drawn(entries(0))
    assert 1 == len(chart.stretches) == len(chart.marks)
    assert timeline.WIDTH - timeline.LEFT == chart.stretches[0].width
    assert 15 > abs((timeline.LEFT + timeline.WIDTH) / 2 - chart.marks[0].x)


def test_days_of_silence_break_the_axis_and_say_how_long_they_were() -> None:
    chart = drawn(entries(0, 2, 4, 500_000, 500_003))
    assert [None, "5 d 18 h"] == [stretch.after for stretch in chart.stretches]


def test_even_steps_do_not_break_the_axis() -> None:
    assert 1 == len(drawn(entries(*range(0, 100_000, 1000))).stretches)


def test_entries_in_one_place_become_one_mark_with_their_number() -> None:
    chart = drawn(entries(*[0] * 1200, 1000))
    assert ["1,200", ""] == [mark.label for mark in sorted(chart.marks, key=lambda m: m.x)]


def test_a_mark_has_the_worst_grade_of_its_entries_and_the_worst_lies_on_top() -> None:
    chart = drawn(results.compromised())
    assert Grade.POST_EXPLOITATION == chart.marks[-1].grade
    ranks = [mark.grade.rank if mark.grade else -1 for mark in chart.marks]
    assert sorted(ranks) == ranks


def test_a_row_that_its_finding_does_not_cite_is_context() -> None:
    chart = drawn(entries(0, 1, found="plain"))
    assert [None, Grade.ATTEMPT] == [mark.grade for mark in chart.marks]


def test_an_entry_without_finding_is_drawn_too() -> None:
    assert [None] == [mark.grade for mark in drawn(entries(0)).marks]
    assert [Grade.ATTEMPT] == [mark.grade for mark in drawn(entries(0, found="plain")).marks]


def test_too_many_sources_share_the_last_lane() -> None:
    many = host(
        timeline=tuple(
            TimelineEntry(time=START, source=f"kind-{n:02}", summary="", finding=None)
            for n in range(40)
        )
    )
    chart = drawn(many)
    assert 12 == len(chart.lanes)
    assert "other sources" == chart.lanes[-1].name
    assert 40 == sum(mark.count for mark in chart.marks)


def test_the_minutes_around_the_first_success_are_drawn_apart() -> None:
    chart = timeline.draw_decisive(results.compromised())
    assert chart is not None
    assert "8 entries from 2 kinds of source" in chart.description


def test_without_success_no_minute_is_decisive() -> None:
    assert timeline.draw_decisive(entries(0, 1, 2, 90_000, found="plain")) is None


@given(
    st.lists(
        st.tuples(
            st.datetimes(min_value=at("2000-01-01T00:00:00").replace(tzinfo=None)),
            st.sampled_from(["a", "b", "c"]),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_every_entry_is_on_the_drawing_whatever_its_time(
    moments: list[tuple[object, str]],
) -> None:
    one = host(
        timeline=tuple(
            TimelineEntry(time=at(str(time)), source=source, summary="s", finding=None)
            for time, source in moments
        )
    )
    chart = drawn(one)
    assert len(moments) == sum(mark.count for mark in chart.marks)
    assert all(
        chart.left <= mark.x <= chart.width and 0 <= mark.y <= chart.height for mark in chart.marks
    )
    assert all(
        chart.left <= t.x <= chart.width for stretch in chart.stretches for t in stretch.ticks
    )
    last = chart.stretches[-1]
    assert 1 > abs(chart.width - last.x - last.width)
    assert 12 >= max(len(stretch.ticks) for stretch in chart.stretches)
