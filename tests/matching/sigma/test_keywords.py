"""What of an event is shown for a rule with keywords."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tocsin.matching.sigma import plain
from tocsin.matching.sigma.keywords import Keyword, keywords_in, passages
from tocsin.model.event import Event

A, B = plain.Text(("a",)), plain.Regex("b+")


def found(keyword: Keyword, fields: dict[str, str], text: str = "") -> list[tuple[str, str]]:
    event = Event(time=datetime(2021, 3, 3, tzinfo=UTC), place=1, fields=fields, text=text)
    return list(passages((keyword,), event))


def test_keywords_that_must_not_be_there_are_left_out() -> None:
    fields = plain.FieldIs("x", (A,))
    excluded = plain.Not(plain.Anywhere(A))
    node = plain.All((plain.Any((plain.Anywhere(A), plain.Anywhere(B))), fields, excluded))
    assert (A, B) == keywords_in(node)
    assert () == keywords_in(plain.All((fields, excluded)))


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        (plain.Text(("minidump",)), "a MINIDUMP"),
        (plain.Text(("MiniDump",), cased=True), "a MiniDump"),
        (plain.Text(("mini", plain.Wild.ANY, "ump")), "a mini and a dump"),
        (plain.Text((plain.Wild.ANY,)), "anything"),
        (plain.Regex("mini.ump", "i"), "a MINIDUMP"),
        (plain.Text(("strasse",)), "Die Straße"),
    ],
)
def test_the_field_that_holds_it_is_shown(keyword: Keyword, value: str) -> None:
    assert [("M", value)] == found(keyword, {"M": value}, text=f"M={value}")


@pytest.mark.parametrize("keyword", [plain.Text(("A",), cased=True), plain.Regex("a")])
def test_case_counts_where_the_rule_says_so(keyword: Keyword) -> None:
    other = "a" if isinstance(keyword, plain.Text) else "A"
    assert [] == found(keyword, {"M": other}, text=other)


def test_only_where_no_field_holds_it_the_record_is_shown() -> None:
    assert [("", "some text")] == found(plain.Text(("text",)), {"M": "x"}, text="some text")


def test_a_long_value_is_shown_from_shortly_before() -> None:
    shown = found(plain.Text(("dump",)), {"M": "x" * 100 + "dump it"})
    assert [("M", "…" + "x" * 40 + "dump it")] == shown
