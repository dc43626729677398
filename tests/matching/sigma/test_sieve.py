"""What a row must hold besides the text that led to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.matching.sigma.rule_making import rule_text
from tocsin.matching.sigma.literals import Carrier, Reach, ascii_runs
from tocsin.matching.sigma.needs import needs
from tocsin.matching.sigma.read import read_documents
from tocsin.matching.sigma.sieve import sieve
from tocsin.matching.sigma.translate import translate

if TYPE_CHECKING:
    from tocsin.matching.sigma.sieve import Sieve


def made(detection: object, reach: Reach = Reach.WHOLE) -> Sieve | None:
    (document,) = read_documents(rule_text(detection))
    assert document.rule is not None
    carrier = Carrier(
        edge=b" ", runs=ascii_runs, reach=lambda _: reach, unsure=lambda run: run.isdigit()
    )
    need = needs(translate(document.rule).node, carrier)
    return None if need is None else sieve(need)


@pytest.mark.parametrize(
    ("selection", "passes", "stopped"),
    [
        ({"A|contains|all": ["one", "TWO"]}, b"one and two", b"only one"),
        ({"A": ["one", "two"], "B": "three"}, b"two three", b"one two"),
        ({"A": "on*tw?"}, b"tw on", b"on t"),
        ({"A|re": "ab(?:cd|ef)+gh?"}, b"ab ef g", b"ab xx g"),
        ({"A": 500}, b"0500", b"50 0"),
        ({"A": True}, b"true", b"false"),
    ],
)
def test_all_that_a_selection_needs_must_be_there(
    selection: object, passes: bytes, stopped: bytes
) -> None:
    found = made({"sel": selection, "condition": "sel"})
    assert found is not None
    assert found(passes)
    assert not found(stopped)


@pytest.mark.parametrize(
    "detection",
    [
        {"sel": {"A": None}, "condition": "sel"},
        {"sel": {"A|exists": False}, "condition": "sel"},
        {"sel": {"A": ["x", "-"]}, "condition": "sel"},
        {"sel": {"A": "x"}, "condition": "not sel"},
        {"sel": {"A": "x"}, "other": {"A|gt": 3}, "condition": "sel or other"},
        {"sel": {"A|re": "(?:abc)?[a-z]+"}, "condition": "sel"},
        {"sel": {"A|cidr": "10.0.0.0/8"}, "condition": "sel"},
        {"sel": ["12345"], "condition": "sel"},
    ],
)
def test_where_nothing_must_be_there_nothing_is_stopped(detection: object) -> None:
    assert made(detection) is None


def test_what_may_stand_there_otherwise_is_not_demanded() -> None:
    detection = {"sel": {"A|contains": "/a b?c/"}, "condition": "sel"}
    viewed = made(detection, Reach.VIEWED)
    assert viewed is not None
    assert viewed(b"%2fa+b c %3f")
    assert made(detection, Reach.HIDDEN) is None
