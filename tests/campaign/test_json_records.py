from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.campaign.json_heads import head_paths
from tocsin.campaign.json_records import (
    MAX_RECORD_BYTES,
    Damage,
    Record,
    is_lines,
    objects,
)
from tocsin.model.problem import ProblemCode

OBJECTS = st.lists(
    st.dictionaries(
        st.text(max_size=5),
        st.recursive(
            st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
            max_leaves=8,
        ),
        max_size=4,
    ),
    max_size=5,
)  # fmt: skip


def read(data: bytes) -> list[Record]:
    return list(objects(io.BytesIO(data)))


def codes(data: bytes) -> list[ProblemCode | None]:
    """The code of each record, None where it is an object."""
    return [one.code if isinstance(one, Damage) else None for one in read(data)]


@given(values=OBJECTS)
def test_lines_an_array_and_documents_in_a_row_hold_the_same_records(
    values: list[dict[str, object]],
) -> None:
    as_lines = "".join(json.dumps(value) + "\n" for value in values)
    assert values == read(as_lines.encode())
    assert values == read(json.dumps(values).encode())
    assert values == read(json.dumps(values, indent=2, ensure_ascii=False).encode())
    assert values == read("".join(json.dumps(value, indent=1) for value in values).encode())


@given(values=OBJECTS, step=st.integers(1, 9))
def test_where_the_chunks_end_makes_no_difference(
    values: list[dict[str, object]], step: int
) -> None:
    class Short(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            return super().read(step)

    data = json.dumps(values, indent=2).encode()
    assert values == list(objects(Short(data)))


def test_a_string_longer_than_a_chunk_is_read() -> None:
    value = {"a": "x" * 2**20, "b": '"{['}
    assert [value, value] == read(json.dumps([value, value]).encode())


def test_each_damage_is_one_record_and_costs_no_other() -> None:
    good = b'{"a": 1}'
    assert [None, ProblemCode.BAD_RECORD, None] == codes(good + b"\n{oops}\n" + good + b"\n")
    assert [None, ProblemCode.BAD_RECORD, None] == codes(b"[" + good + b",{oops}," + good + b"]")
    assert [None, ProblemCode.BAD_RECORD, None] == codes(b"[" + good + b", 7 ," + good + b"]")
    assert [None, ProblemCode.TRUNCATED] == codes(b"[" + good + b',{"a": ')
    assert [None, ProblemCode.TRUNCATED] == codes(good + b'\n{"a": ')


def test_a_damage_keeps_its_web_shell() -> None:
    (damage,) = read(b'[{"tag": "exchange;webshell", }]')
    assert isinstance(damage, Damage)
    assert ("web_shell",) == damage.evidence


def test_a_record_without_end_stops_reading_within_bounds() -> None:
    assert [ProblemCode.LINE_TOO_LONG] == codes(b'[{"a": "' + b"x" * (MAX_RECORD_BYTES + 2**20))
    assert [None, ProblemCode.LINE_TOO_LONG] == codes(
        b'{"a":1}\n' + b"x" * (MAX_RECORD_BYTES + 2**20)
    )


def test_a_line_that_is_too_long_costs_only_itself_and_keeps_its_web_shell() -> None:
    good, long = b'{"a":1}\n', b'{"a": "' + b"x" * (MAX_RECORD_BYTES + 2**21) + b'webshell"}\n'
    found = read(good + long + good + long)
    assert [None, ProblemCode.LINE_TOO_LONG] * 2 == [getattr(one, "code", None) for one in found]
    assert [("web_shell",)] * 2 == [one.evidence for one in found if isinstance(one, Damage)]


def test_what_is_not_read_after_an_endless_record_is_looked_through_for_a_web_shell() -> None:
    (damage,) = read(b'[{"a": "' + b"x" * (3 * MAX_RECORD_BYTES) + b'"}, {"tag": "webshell"}]')
    assert isinstance(damage, Damage)
    assert ("web_shell",) == damage.evidence


@pytest.mark.parametrize("data", [b"", b"\n\n", b" \0\0", b"[]", b"[\n]\n"])
def test_nothing_is_no_record(data: bytes) -> None:
    assert [] == read(data)


def test_lines_are_told_from_a_document_over_several_lines() -> None:
    assert is_lines(b'{"a":1}\n{"b":2}\n')
    assert is_lines(b'{"a":\n{"b":2}\n')
    assert not is_lines(b'{\n"a": {"b":1}\n}\n')
    assert not is_lines(b'[{"a":1},\n{"b":2}\n]')


def test_the_keys_of_a_record_are_told_though_it_is_cut_off() -> None:
    head = b'[{"a": "x", "b": {"c": [{"d": "y"}, {"e": 1}], "f": "z'
    assert {"a": "x", "b": "", "b.c": "", "b.c.d": "y", "b.c.e": "", "b.f": ""} == head_paths(head)
    assert {"a": ""} == head_paths(b'{"a": {}}{"b": 1}')


@pytest.mark.parametrize("odd", [b"\xff", b"\x01", b"\\ud83d", b"\t"])
def test_text_that_strict_json_refuses_costs_no_record(odd: bytes) -> None:
    assert [None] == codes(b'{"data": "a' + odd + b'b"}\n')
    assert [None] == codes(b'[{"data": "a' + odd + b'b"}]')
