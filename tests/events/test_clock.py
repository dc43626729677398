from datetime import UTC, datetime, timedelta

import orjson
import pytest

from tocsin.events.clock import Clock, clock_offset, statement

WRITTEN = datetime(2021, 3, 14, 1, 40, 13, tzinfo=UTC)
FIVE_HOURS = timedelta(hours=5)


def line(offset: timedelta, host: str = "EX01", delay: float = 0.02) -> bytes:
    own = WRITTEN + offset - timedelta(seconds=delay)
    row = {
        "EventID": 11,
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "Hostname": host,
        "TimeCreated": WRITTEN.isoformat().replace("+00:00", "Z"),
        "UtcTime": own.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
    }
    return orjson.dumps(row) + b"\n"


def sysmon(offset: timedelta, host: str = "EX01") -> dict[str, str]:
    return {"Computer": host, "UtcTime": (WRITTEN + offset).strftime("%Y-%m-%d %H:%M:%S")}


@pytest.mark.parametrize(
    "offset",
    [FIVE_HOURS, -timedelta(hours=9, minutes=30), timedelta(minutes=345), timedelta(minutes=-15)],
)
def test_a_time_zone_between_sysmons_time_and_the_exporters_is_found(offset: timedelta) -> None:
    assert offset == clock_offset(line(offset) * 3)


def test_one_late_record_does_not_change_what_the_others_prove() -> None:
    late = line(timedelta(), delay=900)

    assert clock_offset(line(timedelta()) * 5 + late) is None
    assert FIVE_HOURS == clock_offset(line(FIVE_HOURS) * 5 + late)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"no json\n",
        line(timedelta()),
        line(timedelta(minutes=7)),
        line(timedelta(hours=20)),
        line(FIVE_HOURS).replace(b"UtcTime", b"Other"),
        line(FIVE_HOURS, "EX01") + line(timedelta(hours=2), "EX02"),
        line(FIVE_HOURS)[:-30],
        b'{"UtcTime": 3}\n{"UtcTime":"2021-03-14 06:40:10"}\n["UtcTime"]\n',
    ],
)
def test_nothing_is_corrected_without_proof(head: bytes) -> None:
    assert clock_offset(head) is None


def test_every_row_of_a_proven_host_is_corrected_and_says_so() -> None:
    clock = Clock.from_head(line(FIVE_HOURS, "EX01") + line(timedelta(), "EX02"))
    first = {"Computer": "EX01"}
    second = {"Computer": "EX02"}

    assert WRITTEN + FIVE_HOURS == clock.correct(WRITTEN, "2021-03-14T01:40:13Z", first)
    assert WRITTEN == clock.correct(WRITTEN, "2021-03-14T01:40:13Z", second)
    assert {
        "Computer": "EX01",
        "ClockOffsetMinutes": "300",
        "TimeCreated": "2021-03-14T01:40:13Z",
    } == first
    assert {"Computer": "EX02"} == second


def test_summer_time_in_the_middle_of_a_file_is_followed_after_three_rows() -> None:
    clock = Clock.from_head(line(FIVE_HOURS))
    summer = timedelta(hours=4)

    times = [clock.correct(WRITTEN, "", sysmon(summer)) - WRITTEN for _ in range(4)]

    assert [FIVE_HOURS, FIVE_HOURS, summer, summer] == times


def test_rows_that_disagree_among_themselves_move_nothing() -> None:
    clock = Clock.from_head(line(FIVE_HOURS))

    for hours in (4, 3, 4, 3, 4, 3):
        clock.correct(WRITTEN, "", sysmon(timedelta(hours=hours)))

    assert WRITTEN + FIVE_HOURS == clock.correct(WRITTEN, "", {"Computer": "EX01"})


def test_a_correction_beyond_the_calendar_is_not_made() -> None:
    clock = Clock.from_head(line(FIVE_HOURS))
    last = datetime.max.replace(tzinfo=UTC)

    assert last == clock.correct(last, "", {"Computer": "EX01"})


@pytest.mark.parametrize(
    ("minutes", "amount"),
    [(300, "+5 h"), (345, "+5 h 45 min"), (-570, "\N{MINUS SIGN}9 h 30 min"), (15, "+0 h 15 min")],
)
def test_the_statement_says_by_how_much(minutes: int, amount: str) -> None:
    assert (
        f"its clock is local time labelled Z; corrected by {amount} using Sysmon's UtcTime"
        == statement(minutes)
    )
