"""JSON lines of any kind, for `tocsin rules`."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.events.mutations import DAMAGE
from tocsin.events.format import LogSource, Row, all_formats
from tocsin.events.json_lines import (
    DEEPEST,
    LONGEST_NAME,
    MOST_VALUES,
    Fields,
    flattened,
    json_lines,
)
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem, ProblemCode

if TYPE_CHECKING:
    from tests.events.mutations import Damage

FORM = json_lines()
PATH = EvidencePath.plain("events.jsonl")


def parsed(data: bytes) -> list[Row]:
    artefact = Artefact(path=PATH, format=FORM.name, size_bytes=len(data))
    return list(FORM.parse(io.BytesIO(data), artefact))


def one(record: object) -> Event:
    [row] = parsed(json.dumps(record).encode())
    assert isinstance(row, Event)
    return row


def test_names_are_put_together_with_dots() -> None:
    found = flattened({"process": {"parent": {"pid": 4}, "name": "cmd.exe"}, "ok": True})
    assert {"process.parent.pid": "4", "process.name": "cmd.exe", "ok": "true"} == found
    assert {} == found.lists


def test_a_name_that_has_its_dots_already_goes_before_one_that_is_put_together() -> None:
    assert {"a.b": "flat"} == flattened({"a.b": "flat", "a": {"b": "nested"}})
    assert {"a.b": "flat"} == flattened({"a": {"b": "nested"}, "a.b": "flat"})


def test_a_list_is_one_text_and_known_one_by_one() -> None:
    found = flattened({"tags": ["a", 7, None, "", "b"], "users": [{"n": "x"}, {"n": "y"}]})
    assert {"tags": "a\n7\nb", "users.n": "x\ny"} == found
    assert {"tags": ("a", "7", "b"), "users.n": ("x", "y")} == found.lists


def test_a_list_of_one_is_that_one() -> None:
    found = flattened({"tags": ["a"], "none": [], "empty": [None, "-"]})
    assert ({"tags": "a"}, {}) == (found, found.lists)


@pytest.mark.parametrize("nothing", [None, "", "-", [], {}, [[]], {"a": None}])
def test_what_says_nothing_is_left_out(nothing: object) -> None:
    assert {} == flattened({"field": nothing})


@pytest.mark.parametrize(
    ("record", "time"),
    [
        ({"@timestamp": "2021-03-03T06:12:44Z"}, datetime(2021, 3, 3, 6, 12, 44, tzinfo=UTC)),
        ({"time": "2021-03-03T06:12:44+01:00"}, datetime(2021, 3, 3, 5, 12, 44, tzinfo=UTC)),
        ({"ts": 1614751964}, datetime(2021, 3, 3, 6, 12, 44, tzinfo=UTC)),
        ({"ts": 1614751964.5}, datetime(2021, 3, 3, 6, 12, 44, 500000, tzinfo=UTC)),
        ({"ts": 1614751964000}, datetime(2021, 3, 3, 6, 12, 44, tzinfo=UTC)),
        ({"ts": 1614751964000000}, datetime(2021, 3, 3, 6, 12, 44, tzinfo=UTC)),
        ({"ts": 1614751964000000000}, datetime(2021, 3, 3, 6, 12, 44, tzinfo=UTC)),
        (
            {"event": {"created": "2021-03-03 06:12:44"}},
            datetime(2021, 3, 3, 6, 12, 44, tzinfo=UTC),
        ),
        (
            {"time": "yesterday", "date": "2021-03-03T06:12:44Z"},
            datetime(2021, 3, 3, 6, 12, 44, tzinfo=UTC),
        ),
        ({"time": "yesterday"}, None),
        ({"time": True}, None),
        ({"time": 1e300}, None),
        ({"a": 1}, None),
    ],
)
def test_the_time_is_that_of_the_first_name_that_holds_one(
    record: dict[str, Any], time: datetime | None
) -> None:
    assert time == one(record).time


def test_a_line_that_is_no_object_is_a_problem() -> None:
    found = parsed(b'{"a":1}\n[1]\n{"a":\n7\n\n# a note\n{"b":2}\n{"cut":')
    assert [1, ("bad_record", 2), ("bad_record", 3), ("bad_record", 4), 7, ("truncated", 8)] == [
        (row.code, row.line) if isinstance(row, Problem) else row.place for row in found
    ]


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (nested(DEEPEST + 1), "within each other"),
        ({"x" * (LONGEST_NAME + 1): {str(n): {} for n in range(1000)}}, "a name of more than"),
        ({"x" * (LONGEST_NAME + 1): 1}, "a name of more than"),
        ({"x": list(range(MOST_VALUES + 1))}, "more than 4096 values"),
        ({"x": {str(n): 1 for n in range(MOST_VALUES + 1)}}, "more than 4096 values"),
    ],
    ids=["deep", "long-name-above", "long-name", "long-list", "many-names"],
)
def test_what_would_grow_beyond_bounds_is_a_problem(record: object, said: str) -> None:
    [row] = parsed(json.dumps(record).encode() + b"\n")
    assert isinstance(row, Problem)
    assert ProblemCode.BAD_RECORD is row.code
    assert said in row.detail


def test_what_is_within_bounds_is_read() -> None:
    assert "1" == flattened(nested(DEEPEST))[".".join("a" * DEEPEST)]  # type: ignore[arg-type] # a dict, by construction
    assert MOST_VALUES == len(flattened({str(n): 1 for n in range(MOST_VALUES)}))


@pytest.mark.parametrize(
    ("head", "known"),
    [
        (b'{"a":1}\n{"b":2}\n', True),
        (b'\xef\xbb\xbf{"a":1}\n', True),
        ('{"a":1}\n'.encode("utf-16"), True),
        (b'\n\nnoise\n{"a":1}\n', True),
        (b'{"a":"' + b"x" * 2**16, True),
        (b"{\n", False),
        (b'{\n  "a": 1\n}\n', False),
        (b'[{"a":1}]\n', False),
        (b"[1]\n", False),
        (b"{broken\n", False),
        (b"text\n", False),
        (b"", False),
    ],
)
def test_json_lines_are_known_by_a_line_that_is_an_object(head: bytes, known: bool) -> None:
    assert known == FORM.recognise(head, PATH)


def test_it_is_no_format_of_a_hunt() -> None:
    assert FORM.name not in all_formats()


def test_it_is_the_log_that_the_user_says() -> None:
    named = LogSource(product="windows", category="process_creation")
    assert (named,) == json_lines(named).log_sources


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(
    st.lists(st.dictionaries(st.sampled_from(["a", "a.b", "time", "ts", "b"]), JSON), max_size=5)
)
def test_every_object_is_a_row_and_all_values_are_text(records: list[dict[str, Any]]) -> None:
    data = b"".join(json.dumps(one, allow_nan=False).encode() + b"\n" for one in records if one)
    for row in parsed(data):
        assert isinstance(row, Event)
        assert isinstance(row.fields, Fields)
        assert {str} >= {type(value) for value in row.fields.values()}
        for name, values in row.fields.lists.items():
            assert "\n".join(values) == row.fields[name]


@given(DAMAGE)
def test_a_line_is_a_row_or_a_problem_whatever_happens_to_the_file(damage: Damage) -> None:
    data = damage.applied(FORM.sample * 3)
    assert FORM.count(data) == len(parsed(data))
    assert parsed(data) == parsed(data)
    assert FORM.recognise(data, PATH) in {True, False}
