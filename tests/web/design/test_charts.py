from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.web.design.charts import (
    NARROW,
    WIDE,
    Bar,
    Part,
    areas,
    bars,
    lines,
)
from tocsin.web.design.drawing import KINDS, round_ticks, spread, tick_words, time_ticks
from tocsin.web.design.frame import Series

START = datetime(2021, 3, 3, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"

labels = st.text(max_size=40)
values = st.one_of(st.none(), st.integers(0, 10**9))
widths = st.sampled_from([WIDE, NARROW])


def days(count: int) -> list[datetime]:
    return [START + timedelta(days=place) for place in range(count)]


@st.composite
def over_time(draw: st.DrawFn) -> tuple[list[datetime], list[Series]]:
    count = draw(st.integers(0, 12))
    steps = draw(st.lists(st.integers(1, 10**7), min_size=count, max_size=count))
    times = [START]
    for step in steps[1:]:
        times.append(times[-1] + timedelta(seconds=step))
    some = st.lists(values, min_size=count, max_size=count)
    series = draw(
        st.lists(
            st.builds(Series, kind=st.sampled_from(sorted(KINDS)), label=labels, values=some),
            max_size=4,
        )
    )
    return times[:count], series


def checked(svg: str) -> ET.Element:
    """A drawing is well formed, says what it is, needs no style and stays inside its field."""
    root = ET.fromstring(svg)  # noqa: S314 our own drawing
    assert "img" == root.get("role")
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    said = (root.get("aria-labelledby") or "").split()
    assert [SVG + "title", SVG + "desc"] == [
        one.tag for name in said for one in root.iter() if one.get("id") == name
    ]
    for one in root.iter():
        assert not {"style", "onload", "href"} & set(one.attrib)
        assert one.tag.removeprefix(SVG) in {
            *("svg", "title", "desc", "path", "text", "pattern"),
        }
    for name in re.findall(r"url\(#([^)]*)\)", svg):
        assert name in ids
    width, height = (float(part) for part in (root.get("viewBox") or "").split()[2:])
    for text in root.iter(SVG + "text"):
        assert 0 <= float(text.get("x", "-1")) <= width
        assert 0 <= float(text.get("y", "-1")) <= height
    for path in root.findall(SVG + "path"):
        spots = re.findall(r"[ML]([-0-9.]+) ([-0-9.]+)", path.get("d", ""))
        assert spots
        for x, y in spots:
            assert -0.5 <= float(x) <= width + 4.5
            assert -0.5 <= float(y) <= height + 0.5
    return root


@given(data=over_time(), title=labels, width=widths)
@settings(max_examples=150, deadline=None)
def test_shares_over_time_of_any_numbers_are_a_sound_drawing(
    data: tuple[list[datetime], list[Series]], title: str, width: int
) -> None:
    checked(areas(*data, title=title, width=width))


@given(data=over_time(), title=labels, width=widths)
@settings(max_examples=150, deadline=None)
def test_counts_over_time_of_any_numbers_are_a_sound_drawing(
    data: tuple[list[datetime], list[Series]], title: str, width: int
) -> None:
    checked(lines(*data, title=title, width=width))


parts = st.lists(
    st.builds(
        Part, kind=st.sampled_from(sorted(KINDS)), label=labels, value=st.integers(0, 10**9)
    ),
    max_size=5,
)


@given(rows=st.lists(st.builds(Bar, label=labels, parts=parts), max_size=8), width=widths)
@settings(max_examples=150, deadline=None)
def test_bars_of_any_numbers_are_a_sound_drawing(rows: list[Bar], width: int) -> None:
    checked(bars(rows, title="By sector", width=width))


def test_a_thousand_points_are_drawn_and_named_by_few_words() -> None:
    times = days(1000)
    series = [Series(kind="red", label="Red", values=range(1000))]
    for svg in (areas(times, series, title="Long"), lines(times, series, title="Long")):
        root = checked(svg)
        assert len(list(root.iter(SVG + "text"))) < 20
        assert len(svg) < 60_000


def test_labels_stand_at_the_end_of_their_bands_with_their_shares() -> None:
    series = [
        Series(kind="green", label="Green", values=[1, 3]),
        Series(kind="red", label="Red", values=[3, 1]),
    ]
    svg = areas(days(2), series, title="Hosts")
    assert ">Green 75.0 %</text>" in svg
    assert ">Red 25.0 %</text>" in svg
    assert "Green: 1 on 2021-03-03, 3 on 2021-03-04." in svg


def test_nothing_is_drawn_across_a_day_without_data() -> None:
    times = days(7)
    with_none = [Series(kind="red", label="Red", values=[5, 5, 5, None, 5, 5, 5])]
    left_out = [Series(kind="red", label="Red", values=[5] * 6)]
    for svg in (
        areas(times, with_none, title="A"),
        lines(times, with_none, title="B"),
        areas(times[:3] + times[4:], left_out, title="C"),
        lines(times[:3] + times[4:], left_out, title="D"),
    ):
        assert 1 == svg.count('class="c-gap"')
        assert "no data" in svg
    assert "No data at 1 of 7 times." in areas(times, with_none, title="A")


def test_a_day_on_which_there_was_no_host_has_no_shares() -> None:
    series = [Series(kind="red", label="Red", values=[1, 0, 1])]
    assert 1 == areas(days(3), series, title="A").count('class="c-gap"')


def test_one_point_is_a_piece_that_can_be_seen() -> None:
    svg = areas(days(1), [Series(kind="red", label="Red", values=[3])], title="One")
    band = re.search(r'class="c-red" d="M([0-9.]+) [0-9.]+L([0-9.]+) ', svg)
    assert band is not None
    assert 8 == float(band[2]) - float(band[1])


@pytest.mark.parametrize("draw", [areas, lines])
def test_no_point_says_that_there_is_no_data(draw: object) -> None:
    assert callable(draw)
    assert "No data yet" in draw([], [], title="Hosts")


def test_every_kind_but_green_has_a_hatch_so_that_colour_is_not_needed() -> None:
    rows = [
        Bar(
            label="All",
            parts=[Part(kind=kind, label=kind, value=1) for kind in sorted(KINDS)],
        )
    ]
    svg = bars(rows, title="Kinds")
    assert sorted(KINDS - {"green"}) == sorted(re.findall(r'<pattern id="\w+-(\w+)"', svg))


def test_a_bar_says_its_number_and_its_denominator() -> None:
    some = [
        Part(kind="red", label="Red", value=312),
        Part(kind="green", label="Green", value=7188),
    ]
    svg = bars([Bar(label="Health", parts=some)], title="By sector")
    assert ">312 of 7,500</text>" in svg
    assert "Health: 312 Red, 7,188 Green" in svg


def test_hostile_labels_are_text() -> None:
    hostile = '</text><script>alert("1")</script>&\u202e\0\ud800'
    row = Bar(label=hostile, parts=[Part(kind="red", label=hostile, value=1)])
    series = [Series(kind="red", label=hostile, values=[1, 2])]
    for svg in (
        bars([row], title=hostile),
        areas(days(2), series, title=hostile),
        lines(days(2), series, title=hostile),
    ):
        assert "<script" not in svg
        assert "\u202e" not in svg
        svg.encode("utf-8")
        checked(svg)


def test_the_same_numbers_give_the_same_drawing_and_others_another_name() -> None:
    def drawn(last: int) -> str:
        return lines(days(2), [Series(kind="red", label="Red", values=[1, last])], title="A")

    assert drawn(2) == drawn(2)
    names = {re.findall(r'id="(\w+)t"', drawn(last))[0] for last in range(5)}
    assert 5 == len(names)


@given(st.lists(st.floats(0, 200), max_size=8))
def test_labels_never_stand_on_another_and_keep_their_order(wanted: list[float]) -> None:
    found = spread(wanted, 16, 0, 200)
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    for before, after in pairwise(order):
        assert found[after] - found[before] > 15.9
    assert all(-0.001 <= height <= 200.001 for height in found)


@given(st.integers(0, 10**12))
def test_ticks_of_counts_are_round_and_hold_the_most(most: int) -> None:
    ticks = round_ticks(most)
    assert 0 == ticks[0]
    assert most <= ticks[-1]
    assert 2 <= len(ticks) <= 6
    assert all(
        str(tick).strip("0")[:2]
        in {"", "1", "2", "3", "4", "5", "6", "7", "8", "9", "15", "25", "75"}
        for tick in ticks
    )


@given(st.integers(0, 10**10), st.integers(2, 9))
def test_ticks_of_times_are_few_and_inside(seconds: int, most: int) -> None:
    last = START + timedelta(seconds=seconds)
    ticks = time_ticks(START, last, most)
    assert 1 <= len(ticks) <= most
    assert all(START <= tick <= last for tick in ticks)
    assert len(ticks) == len(tick_words(ticks))


def test_ticks_say_the_year_once_and_where_it_changes() -> None:
    ticks = [datetime(2020, 12, 20, tzinfo=UTC) + timedelta(days=7 * n) for n in range(4)]
    assert ["20 Dec 2020", "27 Dec", "3 Jan 2021", "10 Jan"] == tick_words(ticks)
