"""Combinations of values are numbered as a dictionary would number them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.events import distinct
from tocsin.events.bulk import Rows, read_bulk
from tocsin.events.distinct import Distinct, hashes
from tocsin.events.format import all_formats
from tocsin.model.artefact import Artefact
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    import pytest

HEAD = b"#Fields: date time cs-method cs-uri-stem cs(User-Agent) sc-status\n"
VALUES = st.text("ab/", min_size=1, max_size=30)


def rows_of(cells: list[tuple[str, str, str]]) -> Rows:
    """Plain rows with these methods, stems and agents, behind enough others."""
    form = all_formats()["iis"]
    assert form.bulk is not None
    filler = "".join(
        "2021-03-03 00:00:00 GET /filler/filler/filler agent 200\n" for _ in range(60)
    )
    lines = "".join(
        f"2021-03-03 00:00:00 {method} {stem}/long/enough/to/be/plain/rows {agent} 200\n"
        for method, stem, agent in cells
    )
    artefact = Artefact(path=EvidencePath.plain("x.log"), format="iis", size_bytes=0)
    data = io.BytesIO(HEAD + (filler + lines).encode())
    (rows,) = (
        one
        for one in read_bulk(data, artefact, form.bulk.reader(artefact))
        if isinstance(one, Rows)
    )
    return rows


@settings(deadline=None)
@given(cells=st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=40))
def test_rows_have_the_same_number_where_their_values_are_the_same(
    cells: list[tuple[str, str, str]],
) -> None:
    rows = rows_of(cells)
    table = Distinct(["cs-method", "cs(User-Agent)", "none"])
    numbers, fresh = table.number(rows)
    expected: dict[tuple[str, str], int] = {}
    kept = [rows.event(row).fields for row in range(len(rows.plain))]
    keys = [(one["cs-method"], one["cs(User-Agent)"]) for one in kept]
    assert [expected.setdefault(key, len(expected)) for key in keys] == numbers.tolist()
    assert [keys.index(key) for key in expected] == fresh
    assert len(expected) == len(table)
    again, none = table.number(rows)
    assert numbers.tolist() == again.tolist()
    assert none == []


def test_a_part_of_the_rows_is_numbered_alike() -> None:
    rows = rows_of([("GET", "a", "b"), ("PUT", "a", "b"), ("GET", "a", "c")])
    table = Distinct(["cs-method"])
    all_numbers, _ = table.number(rows)
    some = np.array([len(rows.plain) - 2, len(rows.plain) - 1])
    numbers, fresh = table.number(rows, some)
    assert all_numbers[some].tolist() == numbers.tolist()
    assert fresh == []


def test_values_that_run_into_each_other_differ() -> None:
    rows = rows_of(
        [("ab", "c", "d"), ("a", "bc", "d"), ("abcdefgh", "i", "d"), ("abcdefghi", "", "d")]
    )
    keys = hashes(rows, ["cs-method", "cs-uri-stem"])
    assert len(set(keys[-4:].tolist())) == 4


def _turned(word: int) -> int:
    """A step that anybody can undo: the one that stood before the secrets were used until 2026."""
    word ^= word >> 32
    word = word * 0x9E3779B97F4A7C15 % 2**64
    return word ^ word >> 29


def test_nobody_can_make_values_that_are_taken_for_the_same() -> None:
    """Two differences of 2**63 cancel, whatever odd numbers they are multiplied by."""
    pairs = (("Cr)?*|s'", "`].Ai+f~"), ("oZcJd)b~", "Nq|*%zo'"))
    for pair in pairs:
        one, other = (_turned(int.from_bytes(word.encode(), "little")) for word in pair)
        assert 2**63 == one ^ other
    made = [("GET", "x", "".join(words)) for words in zip(*pairs, strict=True)]
    numbers, _ = Distinct(["cs-method", "cs(User-Agent)"]).number(rows_of(made))
    assert numbers[-2] != numbers[-1]


def test_rows_that_say_nothing_are_numbered_too() -> None:
    rows = rows_of([])
    table = Distinct(["none"])
    numbers, fresh = table.number(rows)
    assert [0] * len(rows.plain) == numbers.tolist()
    assert [0] == fresh
    assert len(table) == 1


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.sampled_from((0, 1, 5, 2**63)))
def test_differences_do_not_cancel(one: int, other: int, step: int) -> None:
    words = np.array([[one, other], [(one + step) % 2**64, (other + step) % 2**64]], np.uint64)
    first, second = (distinct._hidden(words[:, at].copy(), "word", at) for at in (0, 1))
    total = first + second
    assert (step == 0) == bool(total[0] == total[1])


def test_what_is_full_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "MOST", 2)
    rows = rows_of([("GET", "a", "b"), ("PUT", "a", "b")])
    table = Distinct(["cs-method"])
    before, _ = table.number(rows)
    assert table.is_full
    table.forget()
    after, fresh = table.number(rows)
    assert before.tolist() == after.tolist()
    assert len(fresh) == 2
