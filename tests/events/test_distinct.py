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
