"""Coverage comes from the times in the rows, never from those of the files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.format import all_formats
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem, ProblemCode
from tocsin.verdict.coverage import CoverageTaker, Source

DAY = datetime(2021, 3, 1, tzinfo=UTC)
FORM = all_formats()["iis"]


def taken(times: list[datetime | None], *, file: str = "u_ex.log") -> CoverageTaker:
    taker = CoverageTaker()
    artefact = Artefact(path=EvidencePath.plain(file), format="iis", size_bytes=1)
    for place, time in enumerate(times, 1):
        event = Event(time=time, place=place, fields={}, text="", stream="frontend")
        taker.row(artefact, FORM, "iis:frontend", event)
    return taker


def source(times: list[datetime | None]) -> Source:
    return taken(times).taken().sources["iis:frontend"]


def hours(*numbers: int) -> list[datetime | None]:
    return [DAY + timedelta(hours=number) for number in numbers]


def test_first_and_last_are_those_of_the_rows_in_any_order() -> None:
    found = source(hours(5, 1, 9))
    assert (DAY + timedelta(hours=1), DAY + timedelta(hours=9)) == (found.first, found.last)


def test_a_day_and_more_without_a_row_is_a_gap() -> None:
    found = source(hours(0, 1, 60))
    assert ((DAY + timedelta(hours=2), DAY + timedelta(hours=60)),) == found.gaps


def test_a_night_without_a_row_is_no_gap() -> None:
    assert () == source(hours(0, 12, 24, 36)).gaps


def test_a_row_without_a_time_counts_and_covers_nothing() -> None:
    found = source([None])
    assert (1, None) == (found.events, found.first)


def test_a_damaged_time_does_not_stretch_the_coverage() -> None:
    found = source([*hours(1), datetime(1601, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)])
    assert found.first == found.last == DAY + timedelta(hours=1)


def test_a_window_before_the_first_row_is_missed() -> None:
    found = source(hours(48, 49, 72))
    window = (DAY, DAY + timedelta(hours=72))
    assert ((DAY, DAY + timedelta(hours=48)),) == found.misses(window)


def test_a_window_inside_the_rows_is_covered() -> None:
    found = source(hours(*range(0, 100, 5)))
    assert () == found.misses((DAY + timedelta(hours=20), DAY + timedelta(hours=60)))


def test_a_source_without_rows_misses_everything() -> None:
    window = (DAY, DAY + timedelta(hours=72))
    assert (window,) == source([None]).misses(window)


def test_a_problem_without_a_line_loses_the_file() -> None:
    taker = taken(hours(1))
    whole = Problem(artefact="b.log", line=None, code=ProblemCode.UNREADABLE, detail="gone")
    line = Problem(artefact="b.log", line=3, code=ProblemCode.BAD_TIME, detail="no time")
    taker.problem("iis", whole)
    taker.problem("iis", line)
    found = taker.taken().sources["iis"]
    assert (2, 1, 1) == (found.problems, found.lost, found.files)


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=60), st.integers(0, 1500))
def test_what_is_missed_never_holds_a_row(numbers: list[int], start: int) -> None:
    found = source(hours(*numbers))
    window = (DAY + timedelta(hours=start), DAY + timedelta(hours=start + 300))
    for low, high in found.misses(window):
        assert not [n for n in numbers if low < DAY + timedelta(hours=n) < high]
        assert high - low > timedelta(hours=24)
