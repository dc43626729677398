from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.composite import add_items, items


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            "S:TIME=13;S:CMD=Get-InboxRule;S:EX=",
            [("TIME", "13"), ("CMD", "Get-InboxRule"), ("EX", "")],
        ),
        ("I32:ADS.C[DC01]=1;F:ADS.AL[DC01]=1.5", [("ADS.C[DC01]", "1"), ("ADS.AL[DC01]", "1.5")]),
        ("'S:CMD=Set-X.A=''b;c''.D=''e''';S:EX=f", [("CMD", "Set-X.A='b;c'.D='e'"), ("EX", "f")]),
        ("S:URL=/a?b=c=d&e;S:EX=", [("URL", "/a?b=c=d&e"), ("EX", "")]),
        # A payload may hold the separator although nobody quoted it.
        ("S:CMD=a;b;S:EX=c", [("CMD", "a;b"), ("EX", "c")]),
        ("'S:CMD=a''';;S:EX=c", [("CMD", "a'"), ("EX", "c")]),
        # Cut in the middle of a quoted item.
        ("S:A=1;'S:CMD=Set-X.Url=''http://", [("A", "1"), ("CMD", "Set-X.Url='http://")]),
        ("'", []),
        ("''", []),
        ("", []),
        ("no item at all", []),
    ],
)
def test_items_are_taken_apart(data: str, expected: list[tuple[str, str]]) -> None:
    assert expected == list(items(data))


def test_a_payload_in_quotes_cannot_make_an_item_of_its_own() -> None:
    assert [("CMD", "x';S:EX=forged'"), ("EX", "real")] == list(
        items("'S:CMD=x'';S:EX=forged''';S:EX=real")
    )


def test_items_become_fields_and_a_taken_name_is_numbered() -> None:
    fields = {"EventId": "Request"}
    add_items(fields, "S:CMD=a;S:CMD=b;S:EventId=c;S:EX=;S:TNAME=-;S:CMD=d")
    assert {
        "EventId": "Request",
        "CMD": "a",
        "CMD#2": "b",
        "EventId#2": "c",
        "CMD#3": "d",
    } == fields


@given(st.text(alphabet="S:K=v;'\"", max_size=60))
def test_any_text_can_be_taken_apart(data: str) -> None:
    assert all(key for key, _ in items(data))


@pytest.mark.parametrize("piece", [";", "'", "''", "S:A=b;", "x;", "';'", "S:A;"])
def test_a_megabyte_of_separators_is_taken_apart_quickly(piece: str) -> None:
    fields: dict[str, str] = {}
    add_items(fields, "S:A=" + piece * (2**20 // len(piece)))
    assert len(fields) <= 2**20
