"""W3C logs, read as IIS logs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.events.reading import codes, events, one
from tocsin.events.w3c import field_names
from tocsin.model.problem import ProblemCode

FIELDS = "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken"
ROW = "2021-03-05 03:06:27 192.0.2.10 GET /owa/auth/x.aspx a=b 443 - 198.51.100.23 Mozilla/5.0+(X) - 200 0 0 133"


def iis(*lines: str) -> str:
    return "\r\n".join(lines) + "\r\n"


def changed(old: str, new: str) -> str:
    assert old in ROW
    return iis(FIELDS, ROW.replace(old, new))


def test_a_row_is_its_named_fields_without_the_empty_ones() -> None:
    event = one("iis", iis(FIELDS, ROW))
    assert datetime(2021, 3, 5, 3, 6, 27, tzinfo=UTC) == event.time
    assert (2, ROW) == (event.place, event.text)
    assert {
        "date": "2021-03-05",
        "time": "03:06:27",
        "s-ip": "192.0.2.10",
        "cs-method": "GET",
        "cs-uri-stem": "/owa/auth/x.aspx",
        "cs-uri-query": "a=b",
        "s-port": "443",
        "c-ip": "198.51.100.23",
        "cs(User-Agent)": "Mozilla/5.0+(X)",
        "sc-status": "200",
        "sc-substatus": "0",
        "sc-win32-status": "0",
        "time-taken": "133",
    } == event.fields


def test_fields_may_change_in_the_middle_of_a_file() -> None:
    first, second = events(
        "iis",
        iis(
            FIELDS,
            ROW,
            "#Software: Microsoft Internet Information Services 10.0",
            "#Fields: date time c-ip sc-status",
            "2021-03-05 04:00:00 203.0.113.7 302",
        ),
    )
    assert ("198.51.100.23", "200") == (first.fields["c-ip"], first.fields["sc-status"])
    assert ("203.0.113.7", "302") == (second.fields["c-ip"], second.fields["sc-status"])


def test_a_name_that_comes_twice_is_numbered() -> None:
    event = one("iis", iis("#Fields: date time c-ip c-ip", "2021-03-05 04:00:00 ::1 ::2"))
    assert ("::1", "::2") == (event.fields["c-ip"], event.fields["c-ip#2"])


@pytest.mark.parametrize(
    ("old", "new", "column", "value"),
    [
        (" - 198", "  EXAMPLE\\anna 198", "cs-username", "EXAMPLE\\anna"),
        (" - 198", " EXAMPLE\\anna von a 198", "cs-username", "EXAMPLE\\anna von a"),
        ("(X) -", "(X; like Gecko) -", "cs(User-Agent)", "Mozilla/5.0+(X; like Gecko)"),
        ("(X) -", "(X) https://h/a b", "cs(Referer)", "https://h/a b"),
        ("a=b", "a=b c d", "cs-uri-query", "a=b c d"),
    ],
)
def test_raw_spaces_are_given_back_to_the_only_column_that_can_have_them(
    old: str, new: str, column: str, value: str
) -> None:
    event = one("iis", changed(old, new))
    assert value == event.fields[column]
    assert "200" == event.fields["sc-status"]
    assert "198.51.100.23" == event.fields["c-ip"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (" GET ", " G E T "),  # no column of free text can take it
        ("200 0 0 133", "200 0 0 133 7"),  # one field more than the header
    ],
)
def test_a_surplus_that_no_column_can_have_is_a_problem(old: str, new: str) -> None:
    assert [ProblemCode.FIELD_COUNT] == codes("iis", changed(old, new))


def test_of_a_surplus_that_two_columns_could_have_only_the_rest_is_read() -> None:
    """An intruder who adds a blank must not turn his request into damage that no rule sees."""
    fields = "#Fields: date time cs-uri-stem cs(User-Agent) cs(Cookie) sc-status"
    row = one("iis", iis(fields, "2021-03-05 04:00:00 /owa/auth/x.aspx a b c 200"))
    assert {"date", "time", "cs-uri-stem", "sc-status"} == row.fields.keys()


def test_a_row_that_ends_early_is_truncated() -> None:
    assert [ProblemCode.TRUNCATED, None] == codes("iis", iis(FIELDS, ROW[:60], ROW))
    assert [None, ProblemCode.TRUNCATED] == codes("iis", iis(FIELDS, ROW) + ROW[:25])


def test_a_row_that_lost_a_field_in_its_middle_is_not_called_truncated() -> None:
    assert [ProblemCode.FIELD_COUNT] == codes("iis", changed(" GET", ""))


def test_a_row_before_any_header_is_a_problem() -> None:
    assert [ProblemCode.NO_HEADER, None] == codes("iis", iis(ROW, FIELDS, ROW))


def test_an_empty_fields_line_ends_the_header() -> None:
    assert [None, ProblemCode.NO_HEADER] == codes("iis", iis(FIELDS, ROW, "#Fields:", ROW))


def test_a_time_that_cannot_be_read_leaves_an_event_without_time() -> None:
    event = one("iis", changed("03:06:27", "03:66:27"))
    assert event.time is None
    assert "03:66:27" == event.fields["time"]


def test_a_row_with_neither_time_nor_value_is_a_problem() -> None:
    empty = " ".join(["-"] * 15)
    assert [ProblemCode.BAD_TIME] == codes("iis", iis(FIELDS, empty))


TIME_ONLY = "#Fields: time c-ip sc-status"


def test_without_a_date_column_the_day_is_that_of_the_date_line() -> None:
    first, second = events(
        "iis",
        iis(
            "#Date: 2021-03-04 00:00:00",
            TIME_ONLY,
            "03:06:27 ::1 200",
            "#Date: 2021-03-05 00:00:00",
            "03:06:27 ::1 200",
        ),
    )
    assert datetime(2021, 3, 4, 3, 6, 27, tzinfo=UTC) == first.time
    assert datetime(2021, 3, 5, 3, 6, 27, tzinfo=UTC) == second.time


@pytest.mark.parametrize("name", ["u_ex210304.log", "ex210304.log", "u_ex21030407_x.log"])
def test_without_a_date_line_the_day_is_that_of_the_files_name(name: str) -> None:
    event = one("iis", iis(TIME_ONLY, "03:06:27 ::1 200"), path=f"W3SVC1/{name}")
    assert datetime(2021, 3, 4, 3, 6, 27, tzinfo=UTC) == event.time


def test_without_any_day_there_is_no_time() -> None:
    assert one("iis", iis(TIME_ONLY, "03:06:27 ::1 200"), path="W3SVC1/iis.log").time is None


def test_a_line_of_spaces_a_megabyte_long_is_told_quickly() -> None:
    assert [ProblemCode.FIELD_COUNT] == codes("iis", iis(FIELDS, "2021-03-05 " + "a " * 400_000))


def test_field_names_are_those_of_all_headers() -> None:
    assert {"date", "time", "c-ip"} == field_names(
        "#Fields: date time\r\n#fields:\ttime c-ip \r\n"
    )
