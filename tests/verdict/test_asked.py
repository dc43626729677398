"""Builds as people type and paste them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import UsageError
from tocsin.verdict.asked import asked


@pytest.mark.parametrize(
    ("text", "build"),
    [
        ("15.1.2176.9", "15.1.2176.9"),
        ("15.01.2176.009", "15.1.2176.9"),
        (" 15.2.1748 ", "15.2.1748"),
        ("v15.2.1118.7", "15.2.1118.7"),
        ("Version 15.2.1118.7", "15.2.1118.7"),
        ("14.03.0513.000", "14.3.513.0"),
    ],
)
def test_a_build_is_understood_in_every_spelling(text: str, build: str) -> None:
    assert (build, None) == (asked(text).text, asked(text).note)


@pytest.mark.parametrize(
    "text", ["Version 15.1 (Build 2106.2)", "15.1 (Build 2106.2)", "Version 15.1 (Build 32106.2)"]
)
def test_what_exchange_shows_of_itself_counts_for_three_parts_only(text: str) -> None:
    found = asked(text)
    assert "15.1.2106" == found.text
    assert found.note is not None
    assert "ExSetup.exe" in found.note


@pytest.mark.parametrize(
    "text",
    ["", "foo", "15.1", "15", "15.1.2176.9.1", "15.1.x.9", "15,1,2176,9", "\uff11\uff15.1.2176.9"],
)
def test_what_is_no_build_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match=r"15\.1\.2176\.9"):
        asked(text)


@pytest.mark.parametrize("text", ["1.2.3.4", "8.3.485.1", "16.0.1.2", "0.0.0.1"])
def test_a_build_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no build of Exchange Server"):
        asked(text)


@given(st.text(max_size=40))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        assert len(asked(text).number) in {3, 4}
    except UsageError:
        return
