"""What ties rows together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.findings.keys import client_of, keys_of, page_of, plain_address

NOBODY: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:51234", "192.0.2.7"),
        ("2001:DB8::7", "2001:db8::7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("::1", None),
        ("127.0.0.1", None),
        ("fe80::1234:5678%3", None),
        ("10.7x.xx.2x", None),
        ("", None),
        ("not an address", None),
    ],
)
def test_an_address_has_one_form_and_this_machine_has_none(text: str, address: str | None) -> None:
    assert address == plain_address(text)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_addresses(text: str) -> None:
    found = plain_address(text)
    assert found is None or found == plain_address(found)


@pytest.mark.parametrize(
    ("values", "page"),
    [
        ({"url_path": "/owa/auth/Sample.ASPX"}, "sample.aspx"),
        ({"file_path": r"C:\inetpub\wwwroot\aspnet_client\a.ashx"}, "a.ashx"),
        ({"file_path": "C:/t/owa/1/2/ohyes.aspx.f5dba9b9.compiled"}, "ohyes.aspx"),
        ({"url_path": "/owa/auth/x.aspx/logon.js"}, "x.aspx"),
        ({"url_path": "/aspnet_client/.aspx"}, ".aspx"),
        ({"url_path": "/ecp/y.js"}, None),
        ({"url_path": "/owa/"}, None),
        ({"file_path": r"C:\Windows\System32\cmd.exe"}, None),
        ({}, None),
    ],
)
def test_the_page_is_the_part_of_a_path_that_asp_net_runs(
    values: dict[str, str], page: str | None
) -> None:
    assert page == page_of(values)


def test_a_load_balancer_is_nobody() -> None:
    assert client_of({"client_ip": "10.0.0.5"}, frozenset({"10.0.0.5"})) is None


def test_behind_a_load_balancer_the_forwarded_client_counts() -> None:
    values = {"client_ip": "10.0.0.5", "forwarded_for": "192.0.2.7:4711,10.0.0.4"}
    assert "192.0.2.7" == client_of(values, frozenset({"10.0.0.5"}))


def test_a_forwarding_header_from_a_direct_client_is_not_believed() -> None:
    values = {"client_ip": "198.51.100.66", "forwarded_for": "203.0.113.9"}
    assert "198.51.100.66" == client_of(values, NOBODY)


def test_what_a_client_wrote_in_front_of_the_proxys_entry_is_not_believed() -> None:
    values = {"client_ip": "10.0.0.5", "forwarded_for": "203.0.113.9, 198.51.100.66, 10.0.0.4"}
    assert "198.51.100.66" == client_of(values, frozenset({"10.0.0.5"}))


def test_a_client_of_the_inside_behind_a_proxy_is_itself() -> None:
    values = {"client_ip": "10.0.0.5", "forwarded_for": "10.1.2.3"}
    assert "10.1.2.3" == client_of(values, frozenset({"10.0.0.5"}))


def test_only_what_a_row_has_becomes_a_key() -> None:
    values = {"canary": "c.", "request_id": "", "client_ip": "192.0.2.7", "status": "200"}
    assert {"canary": "c.", "client_ip": "192.0.2.7"} == keys_of(values, NOBODY)
