from __future__ import annotations

import pytest

from tests.events.reading import one
from tocsin.events.formats.iis import FORMAT
from tocsin.model.path import EvidencePath

ANYWHERE = EvidencePath.plain("upload/some.log")


def row(fields: str, values: str) -> str:
    return f"#Fields: date time {fields}\r\n2021-03-05 03:06:27 {values}\r\n"


@pytest.mark.parametrize(
    ("path", "fields", "values", "stream"),
    [
        ("W3SVC1/u_ex210305.log", "s-port", "443", "frontend"),
        ("W3SVC1/u_ex210305.log", "s-port", "444", "backend"),
        ("W3SVC2/u_ex210305.log", "s-port", "444", "backend"),
        ("W3SVC2/u_ex210305.log", "sc-status", "200", "backend"),
        ("logs/w3svc2/u_ex210305.log", "sc-status", "200", "backend"),
        ("u_ex210305.log", "sc-status", "200", "frontend"),
        ("u_ex210305.log", "s-sitename sc-status", "W3SVC2 200", "backend"),
        ("W3SVC21/u_ex210305.log", "sc-status", "200", "frontend"),
    ],
)
def test_the_site_is_told_by_port_folder_or_name(
    path: str, fields: str, values: str, stream: str
) -> None:
    assert (
        stream == one("iis", row(fields, values), path=f"C:/inetpub/logs/LogFiles/{path}").stream
    )


@pytest.mark.parametrize(
    ("query", "request_id"),
    [
        ("&CorrelationID=<empty>;&cafeReqId=4711-a;", "4711-a"),
        ("a=b&cafeReqId=4711-a&c=d", "4711-a"),
        ("&cafeReqId=4711-a;&encoding=;", "4711-a"),
        ("&CorrelationID=<empty>;", None),
    ],
)
def test_the_request_id_is_taken_from_the_query(query: str, request_id: str | None) -> None:
    event = one("iis", row("cs-uri-query", query))
    assert request_id == event.fields.get("cafeReqId")
    assert request_id == FORMAT.values(event).get("request_id")


@pytest.mark.parametrize(
    ("field", "value", "address"),
    [
        ("X-Forwarded-For", "198.51.100.23", "198.51.100.23"),
        ("X-Forwarded-For", "198.51.100.23,+10.0.0.7", "198.51.100.23"),
        ("x-forwarded-for", "198.51.100.23:50123", "198.51.100.23"),
        ("OriginalIP", "2001:db8::23", "2001:db8::23"),
        ("cs(X-Forwarded-For)", "[2001:db8::23]:50123", "2001:db8::23"),
    ],
)
def test_the_first_forwarded_address_is_the_clients(field: str, value: str, address: str) -> None:
    event = one("iis", row(f"c-ip {field}", f"10.0.0.1 {value}"))
    assert ("10.0.0.1", address) == (
        FORMAT.values(event)["client_ip"],
        FORMAT.values(event)["forwarded_for"],
    )


def test_the_canary_is_taken_from_the_query() -> None:
    event = one("iis", row("cs-uri-query", "schema=X&msExchEcpCanary=AbC-1.&ActID=7e"))
    assert ("AbC-1.", "7e") == (
        FORMAT.values(event)["canary"],
        FORMAT.values(event)["activity_id"],
    )


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"#Software: Microsoft Internet Information Services 8.5\r\n", True),
        (b"#Fields: date time cs-method cs-uri-stem\r\n", True),
        (b"#Software: Microsoft HTTP API 2.0\r\n#Fields: date c-ip cs-method s-reason\r\n", False),
        (b"192.0.2.1, -, 3/5/2021, 3:06:27, W3SVC1, MAIL01\r\n", False),
    ],
)
def test_only_w3c_logs_of_iis_are_recognised(head: bytes, expected: bool) -> None:
    assert expected is FORMAT.recognise(head, ANYWHERE)
