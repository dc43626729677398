from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.events.reading import codes, events, one
from tocsin.events.formats.test_proxylogon import FORMAT
from tocsin.events.times import utc
from tocsin.model.path import EvidencePath
from tocsin.model.problem import ProblemCode

ANYWHERE = EvidencePath.plain("upload/x.txt")
HEADER = '"DateTime","RequestId","ClientIPAddress","AnchorMailbox","HttpStatus"'
ROW = '"2021-03-03T06:49:46.210Z","4711","198.51.100.23","ServerInfo~a]@h:444/ecp/x?msExchEcpCanary=AbC.&s=Y#","241"'
TYPE = "#TYPE Selected.System.Management.Automation.PSCustomObject"


def test_an_exported_row_has_the_names_of_the_httpproxy_log() -> None:
    event = one("test_proxylogon", f"{TYPE}\r\n{HEADER}\r\n{ROW}\r\n", path="x.csv")
    assert datetime(2021, 3, 3, 6, 49, 46, 210_000, tzinfo=UTC) == event.time
    assert {
        "client_ip": "198.51.100.23",
        "request_id": "4711",
        "canary": "AbC.",
        "anchor": "ServerInfo~a]@h:444/ecp/x?msExchEcpCanary=AbC.&s=Y#",
        "status": "241",
    } == FORMAT.values(event)


@pytest.mark.parametrize(
    ("name", "stream", "host"),
    [
        ("MAIL01-Cve-2021-26855.csv", "cve-2021-26855", "MAIL01"),
        ("mx-01-Cve-2021-27065-ResetVDir.csv", "cve-2021-27065", "mx-01"),
        ("MAIL01-LogAgeDays.csv", "logagedays", "MAIL01"),
        ("MAIL01-other.csv", "other", "MAIL01"),
        ("notes.txt", "", None),
    ],
)
def test_the_files_name_says_what_was_searched_and_where(
    name: str, stream: str, host: str | None
) -> None:
    event = one("test_proxylogon", f"{HEADER}\r\n{ROW}\r\n", path=f"Desktop/{name}")
    assert (stream, host) == (event.stream, FORMAT.values(event).get("host"))


def test_a_printed_table_is_read_line_by_line() -> None:
    first, second = events(
        "test_proxylogon",
        "\nDateTime                 AnchorMailbox\n"
        "--------                 -------------\n"
        "2021-03-03T06:44:34.294Z ServerInfo~a]@EXC01.LOCAL:444/mapi/emsmdb/?#   \n"
        "2021-03-03T06:44:37.622Z ServerInfo~a]@EXC01.LOCAL:444/ecp/proxyLogo...\n\n",
        path="x.txt",
    )
    assert "ServerInfo~a]@EXC01.LOCAL:444/mapi/emsmdb/?#" == first.fields["AnchorMailbox"]
    assert "Truncated" not in first.fields
    assert "true" == second.fields["Truncated"]
    assert datetime(2021, 3, 3, 6, 44, 37, 622_000, tzinfo=UTC) == second.time


def test_a_printed_row_without_an_anchor_has_no_such_field() -> None:
    event = one("test_proxylogon", "2021-03-02T21:04:11.002Z -\r\n")
    assert {"DateTime": "2021-03-02T21:04:11.002Z"} == {
        name: value for name, value in event.fields.items() if name != "ComputerName"
    }


def test_a_canary_that_the_console_cut_joins_nothing() -> None:
    event = one(
        "test_proxylogon", "2021-03-03T06:44:37.622Z ServerInfo~a]@h/x?msExchEcpCanary=Ab...\n"
    )
    assert "canary" not in FORMAT.values(event)


def test_a_message_over_several_lines_keeps_its_computer_on_each() -> None:
    found = events(
        "test_proxylogon",
        '"TimeCreated","MachineName","Message"\r\n'
        '"2021-03-03T06:44:37.622Z","MAIL01","Watson report\r\n'
        'System.InvalidCastException: cannot cast ""a"" to ""b""\r\n'
        '  at X.Y()"\r\n'
        '"2021-03-03T07:44:37.622Z","MAIL01","second"\r\n',
        path="x.csv",
    )
    assert [
        "Watson report",
        'System.InvalidCastException: cannot cast "a" to "b"',
        "at X.Y()",
        "second",
    ] == [event.fields["Message"] for event in found]
    assert {"MAIL01"} == {event.fields["MachineName"] for event in found}
    first, second = utc("2021-03-03T06:44:37.622Z"), utc("2021-03-03T07:44:37.622Z")
    assert [first, first, first, second] == [event.time for event in found]


def test_an_open_message_does_not_swallow_the_rows_after_it() -> None:
    found = events(
        "test_proxylogon",
        '"TimeCreated","MachineName","Message"\r\n"2021-03-03T06:44:37.622Z","MAIL01","open\r\n'
        f"{HEADER}\r\n{ROW}\r\n",
    )
    assert "241" == found[1].fields["HttpStatus"]


def test_paths_and_sentences_are_kept_as_such() -> None:
    path, sentence = events(
        "test_proxylogon",
        "D:\\Exchange\\Logging\\ECP\\Server\\ECPServer20210303-1.LOG\r\n"
        "  [CVE] Suspicious activity found in ECP logs!\r\n",
        path="out.log",
    )
    assert r"D:\Exchange\Logging\ECP\Server\ECPServer20210303-1.LOG" == path.fields["Path"]
    assert "[CVE] Suspicious activity found in ECP logs!" == sentence.fields["Message"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (ROW[:60], ProblemCode.FIELD_COUNT),
        ('"2021-03-03T06:49:46.210Z","4711"', ProblemCode.TRUNCATED),
        (ROW + ',"more"', ProblemCode.FIELD_COUNT),
    ],
)
def test_an_exported_row_that_does_not_fit_is_a_problem(row: str, code: ProblemCode) -> None:
    assert [code, None] == codes("test_proxylogon", f"{HEADER}\r\n{row}\r\n{ROW}\r\n")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (f"{TYPE}\n{HEADER}\n", True),
        ("2021-03-03T06:44:34.294Z ServerInfo~a]@h:444/mapi/emsmdb/?#\n", True),
        ("ProxyLogon Status: Exchange Server MAIL01\n  Nothing suspicious detected\n", True),
        ("C:\\X\\Logging\\OABGeneratorLog\\a.log\n", True),
        ('"Oabgen","Ecp","AutodProxy"\n"21,5","30,1",""\n', True),
        ("DateTime,RequestId,Protocol,UrlStem,AnchorMailbox,ProxyAction\n", False),
        ("nothing of the kind\n", False),
    ],
)
def test_exports_and_printouts_are_recognised(head: str, expected: bool) -> None:
    assert expected is FORMAT.recognise(head.encode(), ANYWHERE)


@pytest.mark.parametrize("filler", [" ", "\t ", "- ", "a ", "\\"])
def test_a_megabyte_of_anything_is_told_quickly(filler: str) -> None:
    text = "2021-03-03T06:44:34.294Z x" + filler * (2**20 // len(filler) - 40) + "y"
    assert 1 == len(events("test_proxylogon", text))
    assert FORMAT.recognise(filler.encode() * 2**15 + b"\n" * 2**15, ANYWHERE) is False
