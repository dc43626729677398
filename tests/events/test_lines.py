from __future__ import annotations

import io
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.lines import (
    HEAD_BYTES,
    MAX_LINE_BYTES,
    Lines,
    count_data_lines,
    encoding_of,
    head_text,
    read_rows,
)
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from tocsin.events.format import Row


def lines_of(data: bytes) -> list[tuple[int, str] | Problem]:
    return list(Lines(io.BytesIO(data), "a.log"))


def texts(data: bytes) -> list[str]:
    return [line[1] for line in lines_of(data) if not isinstance(line, Problem)]


class Told:
    """A stream that says what it is told to say, and remembers nothing."""

    def __init__(self, more: Callable[[int], bytes]) -> None:
        self._more = more

    def read(self, size: int = -1) -> bytes:
        return self._more(size)


def told(more: Callable[[int], bytes]) -> BinaryIO:
    stream: BinaryIO = Told(more)  # type: ignore[assignment]  # all of it that Lines uses
    return stream


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_are_numbered_from_one_whatever_ends_them(end: bytes) -> None:
    assert [(1, "one"), (2, ""), (3, "three")] == lines_of(end.join([b"one", b"", b"three"]))


def test_a_bare_cr_inside_a_file_with_lf_is_part_of_its_line() -> None:
    assert ["one\rstill one", "two"] == texts(b"one\rstill one\ntwo\n")


def test_what_python_calls_a_line_end_is_none() -> None:
    text = "a\u2028b\u0085c\x0bd\x0ce\x1cf"
    assert [text] == texts(text.encode())


def test_a_byte_order_mark_is_dropped_from_any_line() -> None:
    assert ["one", "two"] == texts(b"\xef\xbb\xbfone\r\n\xef\xbb\xbftwo\r\n")


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_with_and_without_a_byte_order_mark(codec: str) -> None:
    assert ["First line", "Zürich"] == texts("First line\r\nZürich\r\n".encode(codec))


def test_a_line_that_is_not_utf_8_is_latin_1_and_its_neighbours_stay_utf_8() -> None:
    assert ["é", "é", "é"] == texts("é\n".encode() + "é\n".encode("latin-1") + "é\n".encode())


def test_nul_bytes_alone_are_not_utf_16() -> None:
    assert "utf-8" == encoding_of(b"\0" * 4096)
    assert "utf-8" == encoding_of(b"")


def test_a_head_that_ends_inside_a_character_is_text_all_the_same() -> None:
    assert head_text(b"\xef\xbb\xbfgr\xc3\xbc\xc3").startswith("grü")
    assert head_text("#Fields".encode("utf-16")) == "#Fields"


@pytest.mark.parametrize(("size", "kept"), [(MAX_LINE_BYTES, True), (MAX_LINE_BYTES + 1, False)])
def test_a_line_of_the_limit_is_read_and_one_byte_more_is_not(size: int, kept: bool) -> None:
    before, long, after = lines_of(b"before\n" + b"x" * size + b"\nafter")
    assert (1, "before") == before
    assert (3, "after") == after
    if kept:
        assert (2, "x" * size) == long
    else:
        assert isinstance(long, Problem)
        assert (2, ProblemCode.LINE_TOO_LONG) == (long.line, long.code)


@pytest.mark.parametrize("extra", [0, 1, 2, HEAD_BYTES])
def test_the_limit_does_not_depend_on_where_chunks_end(extra: int) -> None:
    data = b"y" * extra + b"\n" + b"x" * (MAX_LINE_BYTES - 1) + b"\r\nafter\n"
    assert [1, 2, 3] == [line[0] for line in lines_of(data) if not isinstance(line, Problem)]


def test_an_endless_line_takes_no_memory() -> None:
    left = 64 * 2**20

    def more(size: int) -> bytes:
        nonlocal left
        given = min(size, left)
        left -= given
        return b"x" * given

    tracemalloc.start()
    try:
        [problem] = list(Lines(told(more), "a.log"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(problem, Problem)
    assert ProblemCode.LINE_TOO_LONG == problem.code
    assert peak < 8 * 2**20


def test_a_last_line_without_an_end_is_marked_as_cut() -> None:
    seen = []
    lines = Lines(io.BytesIO(b"one\ntwo"), "a.log")
    for line in lines:
        assert not isinstance(line, Problem)
        seen.append((line[1], lines.cut))
    assert [("one", False), ("two", True)] == seen


def test_a_failing_stream_gives_what_came_before_and_a_problem_of_the_file() -> None:
    parts = iter([b"one\ntw"])

    def more(_size: int) -> bytes:
        for part in parts:
            return part
        raise OSError("checksum is wrong")

    first, second, problem = list(Lines(told(more), "a.log"))
    assert ((1, "one"), (2, "tw")) == (first, second)
    assert isinstance(problem, Problem)
    assert (None, ProblemCode.UNREADABLE) == (problem.line, problem.code)
    assert "checksum is wrong" in problem.detail


class Echo:
    """A format whose rows are all lines but ``bad``."""

    def row(self, number: int, text: str, *, last: bool) -> Row | None:
        if text.startswith("#"):
            return None
        if text == "bad":
            code = ProblemCode.TRUNCATED if last else ProblemCode.FIELD_COUNT
            return Problem(artefact="a.log", line=number, code=code, detail="bad")
        return Event(time=None, place=number, fields={"text": text}, text=text)


def echoed(data: bytes) -> list[Row]:
    path = EvidencePath.plain("a.log")
    artefact = Artefact(path=path, format="echo", size_bytes=len(data))
    return list(read_rows(io.BytesIO(data), artefact, Echo()))


def test_blank_lines_are_no_rows_and_still_count_as_lines() -> None:
    rows = echoed(b"\n \t\r\n\xef\xbb\xbf\nrow\n")
    assert [4] == [row.place for row in rows if isinstance(row, Event)]
    assert 1 == len(rows)


def test_nul_padding_after_a_row_is_dropped() -> None:
    [row] = echoed(b"row\0\0\0\0")
    assert isinstance(row, Event)
    assert "row" == row.text


@pytest.mark.parametrize("padding", [b"\0", b"\0" * 5000, b" \0 \0"])
def test_nul_padding_alone_is_one_problem_of_encoding(padding: bytes) -> None:
    row, problem = echoed(b"row\n" + padding)
    assert isinstance(row, Event)
    assert isinstance(problem, Problem)
    assert (2, ProblemCode.ENCODING) == (problem.line, problem.code)


def test_a_bad_row_with_nul_bytes_is_blamed_on_them() -> None:
    [problem] = echoed(b"bad\0\0")
    assert isinstance(problem, Problem)
    assert ProblemCode.ENCODING == problem.code


def test_only_the_last_line_without_an_end_is_last() -> None:
    problems = echoed(b"bad\nbad")
    assert [ProblemCode.FIELD_COUNT, ProblemCode.TRUNCATED] == [
        problem.code for problem in problems if isinstance(problem, Problem)
    ]


PIECES = st.lists(
    st.sampled_from(
        [b"row", b"bad", b"#x", b"\n", b"\r", b"\r\n", b"\0", b"\xef\xbb\xbf", b"\xff", b" "]
    )
)


@given(PIECES.map(b"".join))
def test_every_line_that_counts_is_a_row_or_a_problem(data: bytes) -> None:
    assert count_data_lines(data) == len(echoed(data))


@given(st.text(alphabet=st.sampled_from("ab#\r\n \0é"), max_size=40), st.sampled_from([16, 8]))
def test_the_law_holds_in_utf_16_and_utf_8(text: str, bits: int) -> None:
    data = text.encode(f"utf-{bits}")
    assert count_data_lines(data) == len(echoed(data))
