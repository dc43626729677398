"""Cutting lines with arrays gives the values that the line reader gives."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.bulk_cutting import Block, Shape, cut
from tocsin.events.exchange_csv import split_quoted, unquoted_tail

LETTERS = '",,""a-ü\r'
QUOTED = Shape(separator=b",", has_quotes=True, beyond_ascii=True)
LINES = st.lists(st.text(LETTERS, max_size=12), min_size=1, max_size=5)
VALUES = st.text('",aü\N{CJK UNIFIED IDEOGRAPH-4E00} ', max_size=5)


def block(lines: list[str]) -> Block:
    data = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
    codes = np.frombuffer(data, np.uint8)
    feeds = np.flatnonzero(codes == ord("\n"))
    marks = np.flatnonzero((codes == ord("\n")) | (codes == ord(",")))
    return Block(
        data=data,
        codes=codes,
        starts=np.concatenate([[0], feeds[:-1] + 1]),
        ends=feeds - (codes[np.maximum(feeds - 1, 0)] == ord("\r")),
        feeds=feeds,
        marks=marks,
        feeds_at=np.flatnonzero(codes[marks] == ord("\n")),
    )


def values(lines: list[str], width: int, shape: Shape) -> dict[int, list[str]]:
    """The values of plain lines, by the lines' indexes."""
    given_block = block(lines)
    plain, cuts, quotes = cut(given_block, width, shape)
    found: dict[int, list[str]] = {}
    for at, line in enumerate(plain.tolist()):
        begins = [int(given_block.starts[line]), *(cuts[at, :-1] + 1).tolist()]
        ends = [*cuts[at, :-1].tolist(), int(given_block.ends[line])]
        texts = [given_block.data[a:b].decode() for a, b in zip(begins, ends, strict=True)]
        assert sum(text.count('"') for text in texts) == (0 if quotes is None else quotes[at])
        found[line] = [
            text[1:-1].replace('""', '"') if text[:1] == '"' else text for text in texts
        ]
    return found


@given(lines=LINES, width=st.integers(1, 4))
def test_plain_lines_have_the_values_that_splitting_them_gives(
    lines: list[str], width: int
) -> None:
    found = values(lines, width, QUOTED)
    for line, cells in found.items():
        assert split_quoted(lines[line].removesuffix("\r")) == (cells, True)


@given(lines=LINES, width=st.integers(2, 4))
def test_the_last_column_takes_what_is_left(lines: list[str], width: int) -> None:
    found = values(lines, width, QUOTED._replace(tail=True))
    for line, cells in found.items():
        *given_cells, tail = lines[line].removesuffix("\r").split(",", width - 1)
        assert not any(cell[:1] == '"' for cell in given_cells)
        assert [*given_cells, unquoted_tail(tail)[0]] == cells
        assert unquoted_tail(tail)[1]


@given(rows=st.lists(st.tuples(st.just("2"), VALUES, VALUES), min_size=1, max_size=4))
def test_what_is_written_after_the_standard_is_plain(rows: list[tuple[str, str, str]]) -> None:
    lines = [",".join(written(value) for value in row) for row in rows]
    assert dict(enumerate(map(list, rows))) == values(lines, 3, QUOTED)


def written(value: str) -> str:
    if '"' in value or "," in value:
        return '"' + value.replace('"', '""') + '"'
    return value


def test_letters_that_may_be_taken_for_ascii_make_a_line_odd() -> None:
    lines = ["a,ü", "a,ß", "a,\N{KELVIN SIGN}", "a,\N{LATIN SMALL LETTER DOTLESS I}", "a,b"]
    assert [0, 4] == list(values(lines, 2, QUOTED))
    assert [4] == list(values(lines, 2, QUOTED._replace(beyond_ascii=False)))


def test_a_block_that_is_no_utf_8_has_no_plain_line_beyond_ascii() -> None:
    assert [2] == list(values(["a,ü", "a,\udcff", "a,b", "a\0,b"], 2, QUOTED))


def test_many_letters_that_may_be_taken_for_ascii_cost_all_lines_beyond_it() -> None:
    lines = ["a,ü", *(f"a,{chr(0x660 + digit)}" for digit in range(9)), "a,b"]
    assert [10] == list(values(lines, 2, QUOTED))
