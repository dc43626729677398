from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.samples.mail.rows import _cell, _guid, stamp
from tocsin.samples.mail.wording import local_part


def test_times_are_utc_with_milliseconds() -> None:
    assert "2021-03-02T21:02:29.450Z" == stamp(1_614_718_949_450)


@given(st.text())
def test_a_cell_is_quoted_so_that_csv_gives_it_back(text: str) -> None:
    cell = _cell(text)
    assert text == (cell[1:-1].replace('""', '"') if cell[:1] == '"' else cell)
    assert cell[:1] == '"' or not {",", '"'} & set(cell)


@given(st.integers(0, 100), st.integers(0, 2**50), st.integers(0, 100), st.integers(0, 2**50))
def test_no_two_messages_have_one_id(one: int, first: int, other: int, second: int) -> None:
    assert ((one, first) == (other, second)) == (_guid(one, first) == _guid(other, second))


def test_no_two_people_have_one_name() -> None:
    names = [local_part(number) for number in range(12_000)]
    assert len(names) == len(set(names))
