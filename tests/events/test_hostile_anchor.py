"""Forged anchors that wear a mask: the rules see what Exchange saw."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.anchor import FIELD, RAW_FIELD, plain_anchor, unmask

HOST = "ServerInfo~a]@mail:444"
PLAIN = f"{HOST}/ecp/proxyLogon.ecp?#"


@pytest.mark.parametrize(
    "path",
    [
        "/ecp/proxyLogon.ecp?#",
        "/e%63p/%70roxyLogon.ecp?#",
        "/e%2563p/proxyLogon.ecp?#",
        "/ecp/./proxyLogon.ecp?#",
        "/ecp//proxyLogon.ecp?#",
        "/ecp/default.flt/../proxyLogon.ecp?#",
        "/ecp/x/%2e%2e/proxyLogon.ecp?#",
        "\\ecp\\proxyLogon.ecp?#",
        "/../../ecp/proxyLogon.ecp?#",
        "%2Fecp%2FproxyLogon.ecp?#",
    ],
)
def test_every_mask_comes_off(path: str) -> None:
    assert plain_anchor(HOST + path) == PLAIN


@pytest.mark.parametrize(
    ("anchor", "plain"),
    [
        ("ServerInfo~mail01.example.test", "ServerInfo~mail01.example.test"),
        ("ServerInfo~localhost/ecp/default.flt?", "ServerInfo~localhost/ecp/default.flt?"),
        ("ServerInfo~a/x?y=../%7a\\", "ServerInfo~a/x?y=../z\\"),
        ("ServerInfo~a/..", "ServerInfo~a/"),
    ],
)
def test_what_wears_none_stays_as_it_is(anchor: str, plain: str) -> None:
    assert plain == plain_anchor(anchor)


def test_what_the_log_says_is_kept_beside_it() -> None:
    raw = f"{HOST}/e%63p/x"
    fields = {FIELD: raw}
    unmask(fields)
    assert {FIELD: f"{HOST}/ecp/x", RAW_FIELD: raw} == fields


@pytest.mark.parametrize("anchor", ["Smtp~a%40b@example.test", "Url-Cookie-ServerInfo", ""])
def test_no_other_anchor_is_touched(anchor: str) -> None:
    fields = {FIELD: anchor}
    unmask(fields)
    assert {FIELD: anchor} == fields


@pytest.mark.parametrize("part", ["%25", "../", "/./", "\\", "%", "a/../"])
def test_no_anchor_is_slow(part: str) -> None:
    started = time.process_time()
    unmask({FIELD: HOST + "/" + part * 200_000})
    assert time.process_time() - started < 2


@given(st.text(alphabet="/\\.%25efc?#~]@a", max_size=60))
def test_no_anchor_breaks_it_and_plain_is_plain(text: str) -> None:
    once = plain_anchor(f"ServerInfo~{text}")
    assert once.startswith("ServerInfo~")
