"""Exchange's set-up log."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.events.reading import codes, events
from tocsin.events.format import all_formats
from tocsin.model.problem import ProblemCode

FORM = all_formats()["setup_log"]
DONE = "The Exchange Server setup operation completed successfully."


def run(
    *parameters: str,
    version: str = "15.1.2176.2",
    end: str = DONE,
    time: str = "03/07/2021 20:15:33.0123",
) -> str:
    messages = [
        "Starting Microsoft Exchange Server 2016 Setup",
        f"Setup version: {version}.",
        *(f"Command Line Parameter Name={one}." for one in parameters),
        end,
    ]
    return "".join(f"[{time}] [0] {message}\r\n" for message in messages)


def builds(text: str) -> list[str]:
    return [value for one in events("setup_log", text) if (value := FORM.values(one).get("build"))]


def test_a_completed_upgrade_tells_the_build() -> None:
    assert ["15.1.2176.2"] == builds(run("'mode', Value='Upgrade'"))


def test_a_set_up_through_windows_and_clicks_tells_it_too() -> None:
    assert ["15.1.2176.2"] == builds(run())


def test_a_set_up_that_failed_tells_none() -> None:
    assert [] == builds(run("'mode', Value='Upgrade'", end="[ERROR] Something failed."))


@pytest.mark.parametrize(
    "parameter",
    [
        "'prepareschema', Value=''",
        "'PrepareAD', Value=''",
        "'prepareallDomains', Value=''",
        "'mode', Value='Uninstall'",
    ],
)
def test_a_run_that_installs_nothing_tells_none(parameter: str) -> None:
    assert [] == builds(run(parameter))


def test_the_next_run_begins_afresh() -> None:
    text = run("'prepareschema', Value=''") + run(
        "'mode', Value='Upgrade'", version="15.01.2242.004"
    )
    assert ["15.1.2242.4"] == builds(text)


@pytest.mark.parametrize(
    "time", ["03/07/2021 20:15:33.0123", "03.07.2021 20:15:33.0123", "03-07-2021 20.15.33.0123"]
)
def test_a_time_is_month_day_and_year_in_utc_whatever_stands_between(time: str) -> None:
    first = events("setup_log", run(time=time))[0]
    assert datetime(2021, 3, 7, 20, 15, 33, 123_000, tzinfo=UTC) == first.time


def test_a_line_of_a_longer_message_is_a_row_without_a_time() -> None:
    found = events("setup_log", run(end="[ERROR] Failed.") + "   at Example.Step()\r\n")
    assert (None, "at Example.Step()") == (found[-1].time, found[-1].fields["Message"])
    assert "ERROR" == found[-2].fields["Mark"]


def test_an_impossible_date_leaves_the_row_and_takes_its_time() -> None:
    assert [None] == [
        one.time
        for one in events("setup_log", "[13/45/2021 20:15:33.0123] [0] Exchange Server\r\n")
    ]


def test_a_line_before_any_row_is_a_problem() -> None:
    assert [ProblemCode.BAD_TIME] == codes("setup_log", "at Example.Step()\r\n")


def test_a_row_that_is_cut_is_a_problem() -> None:
    assert ProblemCode.TRUNCATED is codes("setup_log", run() + "[03/07/2021 20:1")[-1]
