from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.campaign.json_records import Damage
from tocsin.campaign.observation import WEB_SHELL
from tocsin.campaign.table import Cells, delimiter_of, header_of, records
from tocsin.events.lines import CHUNK_BYTES, HEAD_BYTES, MAX_LINE_BYTES
from tocsin.model.problem import ProblemCode

CELL = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=8)
ROWS = st.lists(st.lists(CELL, min_size=2, max_size=4), max_size=8)


def read(text: str | bytes, delimiter: str = "") -> list[Cells]:
    return list(
        records(io.BytesIO(text.encode() if isinstance(text, str) else text), "x", delimiter)
    )


@given(rows=ROWS, delimiter=st.sampled_from(",;\t|"))
def test_what_the_library_wrote_is_read_back(rows: list[list[str]], delimiter: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
        rows
    )
    assert rows == read(out.getvalue(), delimiter)


def test_a_damaged_line_between_many_costs_only_itself() -> None:
    good = 'a,"b"\n' * 20_000
    found = read(f'{good}x,"y\n{good}')
    assert 40_001 == len(found)
    damaged = found[20_000]
    assert isinstance(damaged, Damage)
    assert ProblemCode.BAD_QUOTING is damaged.code


def test_a_field_may_go_on_where_a_block_ends() -> None:
    filler = "a,b\n" * (HEAD_BYTES // 4 - 2)
    found = read(f'{filler}"x\ny\nz",w\na,b\n')
    assert [["x\ny\nz", "w"], ["a", "b"]] == found[-2:]


def test_the_web_shell_of_a_line_that_is_too_long_is_found_wherever_it_stands_in_it() -> None:
    long = "x" * (3 * MAX_LINE_BYTES)
    lines = ["a,b", f"{long};webshell", long, f"webshell{long}", f"{long}web", "shell,c", long]
    found = read("\n".join(lines))
    assert [None, True, False, True, False, None, False] == [
        bool(one.evidence) if isinstance(one, Damage) else None for one in found
    ]


@pytest.mark.parametrize("shift", range(12))
def test_a_web_shell_across_two_pieces_is_found(shift: int) -> None:
    [damage] = read("x" * (3 * CHUNK_BYTES - shift) + "web-shell" + "x" * CHUNK_BYTES)
    assert isinstance(damage, Damage)
    assert (WEB_SHELL,) == damage.evidence


@pytest.mark.parametrize("text", ["", "\n\n", "  \n\t\n", "\r\n"])
def test_blank_lines_are_no_records(text: str) -> None:
    assert [] == read(text)


def test_an_empty_record_of_several_fields_is_one() -> None:
    assert [["", "", ""]] == read(",,\n")


def test_old_macintosh_and_windows_line_ends_are_line_ends() -> None:
    assert [["a", "b"], ["1", "2"]] == read("a,b\r\n1,2\r\n") == read("a,b\r1,2\r")


def test_the_delimiter_is_what_the_first_line_has_most_of() -> None:
    assert [",", ";", "\t", "|"] == [
        delimiter_of(one) for one in ("a,b;c,d", "a;b", "a\tb", "a|b")
    ]
    assert ["a", "b;c"] == header_of(b"\n a ,b;c\nx,y\n", ",")
    assert [] == header_of(b'"open\n')
