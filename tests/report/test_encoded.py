"""Names in base64."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.report.encoded import Encoded
from tocsin.report.redacting import Tokens

NAMES = ("anna.berg", "nordlys.example", "EX01")


def replaced(text: str) -> str:
    return Encoded(NAMES, Tokens([text])).replaced(text)


@pytest.mark.parametrize(
    "hidden",
    [
        b"whoever is Anna.Berg here",
        b"V\x01\x00T\x07WindowsC\x00A\x08KerberosL\x1eadmin@nordlys.exampleU",
        b"somebody.else@elsewhere.example",
        b"U,S-1-5-21-3057726683-376574677-2430473855-500G\x01",
        "Get-Mailbox anna.berg | fl".encode("utf-16-le"),
        b"\x00" + "net user anna.berg".encode("utf-16-le"),
    ],
    ids=["plain", "rps", "unknown-mail", "sid", "powershell", "odd"],
)
def test_a_run_that_holds_a_name_becomes_one_token(hidden: bytes) -> None:
    for encode in (b64encode, urlsafe_b64encode):
        for before in ("", "a", "ab", "abc"):
            run = encode(hidden).decode()
            assert replaced(f"?X-Rps-CAT={before}{run}&x=1") == "?X-Rps-CAT=encoded-1&x=1"


def test_what_holds_no_name_stays() -> None:
    texts = (
        "6a5b1f9e-0000-4000-8000-000000000001",
        "/owa/auth/Current/themes/resources/logon.css",
        b64encode(b"nobody is named in this text").decode(),
        "b9584028d5c47b9e90b514e6ca9761ffe0c6e02ac89d44e382cd8e16129927e8",
    )
    for text in texts:
        assert text == replaced(text)


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    assert text == replaced(text) or "encoded-" in replaced(text)


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_a_known_name_is_found_wherever_it_stands(before: bytes, behind: bytes) -> None:
    run = b64encode(before + b"anna.berg" + behind).decode()
    if len(run.rstrip("=")) >= 16:
        assert "encoded-1" == replaced(run)
