"""Exchange's comma-separated logs, read as HttpProxy and ECP logs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.events.reading import codes, events, one
from tocsin.events.exchange_csv import (
    build_of,
    column_names,
    header_names,
    log_type,
    split_quoted,
    unquoted_tail,
)
from tocsin.model.problem import ProblemCode

NAMES = "DateTime,RequestId,Protocol,UrlStem,AnchorMailbox,HttpStatus"
ROW = "2021-03-03T06:49:46.210Z,4711,Ecp,/ecp/y.js,ServerInfo~h/x,241"
BLOCK = (
    "#Software: Microsoft Exchange Server",
    "#Version: 15.01.2106.002",
    "#Log-type: HttpProxy Logs",
    "#Date: 2021-03-03T06:00:00.000Z",
    f"#Fields: {NAMES}",
)


def log(*lines: str) -> str:
    return "\r\n".join(lines) + "\r\n"


@pytest.mark.parametrize(
    "lines",
    [
        (NAMES, *BLOCK, ROW),
        (*BLOCK, NAMES, ROW),
        ("\ufeff" + NAMES, *BLOCK, ROW),
        ("\ufeff" + BLOCK[0], *BLOCK[1:], NAMES, ROW),
        (*BLOCK, ROW),
        (NAMES, ROW),
    ],
)
def test_the_header_may_stand_before_or_after_the_block(lines: tuple[str, ...]) -> None:
    event = one("httpproxy", log(*lines))
    assert datetime(2021, 3, 3, 6, 49, 46, 210_000, tzinfo=UTC) == event.time
    assert ROW == event.text
    assert "ServerInfo~h/x" == event.fields["AnchorMailbox"]
    assert "241" == event.fields["HttpStatus"]


def test_a_header_that_comes_again_is_no_row_and_counts_as_a_line() -> None:
    first, second = events("httpproxy", log(NAMES, *BLOCK, ROW, NAMES, *BLOCK, "", ROW))
    assert (7, 15) == (first.place, second.place)


def test_columns_are_found_by_name_after_a_header_that_changes() -> None:
    _, second = events(
        "httpproxy",
        log(*BLOCK, ROW, "#Fields: DateTime,HttpStatus,UrlStem", "2021-03-03T07:00:00Z,200,/owa/"),
    )
    assert ("200", "/owa/") == (second.fields["HttpStatus"], second.fields["UrlStem"])


def test_empty_and_double_names_lose_nothing() -> None:
    assert ("DateTime", "A", "#3", "A#2", "A#3") == column_names("DateTime, A ,,A,A")
    event = one(
        "httpproxy", log("DateTime,TargetServer,,TargetServer", "2021-03-03T07:00:00Z,a,b,c")
    )
    assert {"TargetServer": "a", "#3": "b", "TargetServer#2": "c"} == {
        name: value for name, value in event.fields.items() if name not in {"DateTime", "Build"}
    }


@pytest.mark.parametrize(
    ("line", "values", "closed"),
    [
        ('a,"b,c",d', ["a", "b,c", "d"], True),
        ('a,"say ""b"", c",d', ["a", 'say "b", c', "d"], True),
        ('"",""', ["", ""], True),
        ('a,b"c,d', ["a", 'b"c', "d"], True),
        ('a,"b"c,d', ["a", '"b"c', "d"], True),
        ('a,"b,c', ["a", "b,c"], False),
        ('a,"b""', ["a", 'b"'], False),
        ('"', [""], False),
        ("a,,", ["a", "", ""], True),
    ],
)
def test_quotes_are_read_as_in_rfc_4180(line: str, values: list[str], closed: bool) -> None:
    assert (values, closed) == split_quoted(line)


@given(st.lists(st.text(alphabet="a\", '", max_size=6), min_size=1, max_size=6))
def test_what_was_quoted_is_read_back(values: list[str]) -> None:
    line = ",".join('"' + value.replace('"', '""') + '"' for value in values)
    assert (values, True) == split_quoted(line)


def test_a_megabyte_behind_an_open_quote_is_told_quickly() -> None:
    values, closed = split_quoted('a,"' + "x," * 2**19)
    assert (2, False) == (len(values), closed)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((*BLOCK, ROW[:40]), ProblemCode.TRUNCATED),
        ((*BLOCK, ROW + ",more"), ProblemCode.FIELD_COUNT),
        ((*BLOCK, ROW.replace("/ecp", '"/ecp')), ProblemCode.BAD_QUOTING),
        ((ROW,), ProblemCode.NO_HEADER),
        ((*BLOCK, ",,,,,"), ProblemCode.BAD_TIME),
        ((*BLOCK, "never,,,-,,"), ProblemCode.BAD_TIME),
    ],
)
def test_what_does_not_fit_the_header_is_a_problem(
    lines: tuple[str, ...], code: ProblemCode
) -> None:
    assert [code] == codes("httpproxy", log(*lines))


def test_an_open_quote_in_the_last_line_of_a_file_is_a_cut() -> None:
    cut = ROW.replace("/ecp", '"/ecp')
    assert [None, ProblemCode.TRUNCATED] == codes("httpproxy", log(*BLOCK, ROW) + cut)


def test_empty_fields_behind_the_last_column_are_no_damage() -> None:
    assert "241" == one("httpproxy", log(*BLOCK, ROW + ",,")).fields["HttpStatus"]


def test_a_time_that_cannot_be_read_leaves_an_event_without_time() -> None:
    event = one("httpproxy", log(*BLOCK, ROW.replace("2021-03-03T", "03.03.2021 ")))
    assert event.time is None
    assert "/ecp/y.js" == event.fields["UrlStem"]


@pytest.mark.parametrize(
    ("raw", "value", "closed"),
    [
        ("a,b", "a,b", True),
        ('"a,""b"""', 'a,"b"', True),
        ('a,""b""', 'a,"b"', True),
        ('"a,""b', 'a,"b', False),
        ('"a""', 'a"', False),
        ('"', "", False),
        ('"a"b', '"a"b', True),
        ("", "", True),
    ],
)
def test_a_free_text_takes_the_rest_of_the_line(raw: str, value: str, closed: bool) -> None:
    assert (value, closed) == unquoted_tail(raw)


ECP = "#Fields: TimeStamp,ServerName,EventId,EventData"


def test_a_free_text_column_may_hold_commas_that_nobody_quoted() -> None:
    event = one("ecp_server", log(ECP, "2021-03-03T06:49:53.772Z,MAIL01,ECP.Request,S:CMD=a,b,c"))
    assert "a,b,c" == event.fields["CMD"]
    assert "Truncated" not in event.fields


def test_a_free_text_that_is_cut_is_still_an_event_and_says_so() -> None:
    row = "2021-03-03T06:49:53.772Z,MAIL01,ECP.Request,\"S:TIME=9;'S:CMD=Set-X.Url=''http://"
    event = one("ecp_server", log(ECP, row))
    assert ("Set-X.Url='http://", "true") == (event.fields["CMD"], event.fields["Truncated"])


def test_a_row_cut_before_its_free_text_is_truncated() -> None:
    row = "2021-03-03T06:49:53.772Z,MAIL01"
    assert [ProblemCode.TRUNCATED] == codes("ecp_server", log(ECP, row))


@pytest.mark.parametrize(
    ("version", "build"),
    [
        ("15.01.2375.007", "15.1.2375.7"),
        (" 15.02.1913.010 ", "15.2.1913.10"),
        ("15.0.0.0", None),
        ("15.01.2375", None),
        ("1.0", None),
        ("", None),
    ],
)
def test_a_version_line_names_a_build(version: str, build: str | None) -> None:
    assert build == build_of(version)


def test_the_kind_of_a_log_is_told_by_its_head() -> None:
    assert "httpproxy logs" == log_type(log(NAMES, *BLOCK))
    assert "" == log_type(ROW)
    assert {"datetime", "requestid"} < header_names(log(NAMES, *BLOCK))
    assert {"date-time", "client-ip"} == header_names(
        "#Software: x\n#Fields: date-time,client-ip\n"
    )
    assert frozenset() == header_names(ROW)
