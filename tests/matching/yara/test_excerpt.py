"""What a rule found is shown so that it can be read, and cannot run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.matching.yara.excerpt import excerpt


@pytest.mark.parametrize(
    ("data", "found", "shown"),
    [
        (b"one\ntwo needle three\r\nfour", b"needle", "two needle three"),
        (b"<% ev(x) %>", b"ev", "\u2039% ev\u2768x) %>"),
        (b"a" * 100 + b"needle" + b"b" * 100, b"needle", "a" * 24 + "needle" + "b" * 66),
        ("one\ntwo needle".encode("utf-16-le"), "needle".encode("utf-16-le"), "two needle"),
        (b"MZ\x90\x00\x03\x00\x00\x00\x04\x00", b"\x90\x00\x03", "90 00 03 00 00 00 04 00"),
        ("caf\u00e9 needle \u20ac".encode(), b"needle", "caf\u00e9 needle \u20ac"),
        (b"\n\nneedle", b"\nneedle", "needle"),
        (b"a\x00\x01\x02needle\x07x", b"needle", "a needle x"),
    ],
)
def test_the_line_around_what_was_found_is_shown(data: bytes, found: bytes, shown: str) -> None:
    assert shown == excerpt(data, data.index(found), len(found))


@given(st.binary(max_size=300), st.integers(0, 300), st.integers(0, 300))
def test_whatever_lies_there_is_short_and_on_one_line_and_printable(
    data: bytes, offset: int, length: int
) -> None:
    shown = excerpt(data, offset, length)
    assert len(shown) <= 96
    assert shown.isprintable() or any(ord(one) > 0xFF for one in shown)
    assert not set("<(\n\r\0\x1b") & set(shown)
