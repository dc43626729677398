"""What every log format must fulfil, checked over the whole registry.

The law: a data unit is a row or a problem, exactly one of the two, and nothing else is either.
"""

from __future__ import annotations

import io
import re
import time
from collections import defaultdict
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings

from tests.contracts.trickle import trickle
from tests.events.mutations import DAMAGE, Damage
from tocsin.events.format import Column, ColumnType, Format, Row, Unit, all_formats
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem

COLUMNS_PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "columns.md"
# The columns of an event depend on its channel, and a sample of every channel would be no sample.
SHOWN_IN_PART = {"evtx", "events_json"}

NAMES = list(all_formats())
LINE_NAMES = [name for name, form in all_formats().items() if form.unit is Unit.LINE]
# By name: a failing example prints its arguments, and the sample of a binary format is large.
per_format = pytest.mark.parametrize("name", NAMES)
per_line_format = pytest.mark.parametrize("name", LINE_NAMES)


def form_of(name: str) -> Format:
    return all_formats()[name]


def artefact(form: Format, data: bytes = b"") -> Artefact:
    path = EvidencePath.plain(form.sample_path)
    return Artefact(path=path, format=form.name, size_bytes=len(data))


def parsed(form: Format, data: bytes) -> list[Row]:
    return list(form.parse(io.BytesIO(data), artefact(form, data)))


@cache
def sample_events(name: str) -> tuple[Event, ...]:
    form = form_of(name)
    return tuple(row for row in parsed(form, form.sample) if isinstance(row, Event))


# What a format says of itself.


def test_there_are_formats() -> None:
    assert {"iis", "httpproxy"} <= all_formats().keys()


@per_format
def test_a_format_is_named_like_its_file(name: str) -> None:
    assert name == form_of(name).name


@per_format
def test_a_format_says_what_it_is_and_where_the_facts_come_from(name: str) -> None:
    form = form_of(name)
    assert form.title
    assert form.paths
    assert form.log_sources
    assert len(form.reference) > 20


@per_format
def test_the_sample_lies_where_the_format_lies(name: str) -> None:
    form = form_of(name)
    path = EvidencePath.plain(form.sample_path)
    assert any(path.matches(pattern) for pattern in form.paths)


@per_format
def test_the_sample_is_recognised_by_its_content(name: str) -> None:
    form = form_of(name)
    assert form.recognise(form.sample[:65536], EvidencePath.plain(form.sample_path))


@per_format
def test_no_other_format_at_this_place_recognises_the_sample(name: str) -> None:
    form = form_of(name)
    path = EvidencePath.plain(form.sample_path)
    others = [
        other.name
        for other in all_formats().values()
        if other.name != name
        and any(path.matches(pattern) for pattern in other.paths)
        and other.recognise(form.sample[:65536], path)
    ]
    assert [] == others


@per_line_format
def test_no_other_text_format_recognises_the_sample_anywhere(name: str) -> None:
    """Files come renamed and out of their folders; then only the content tells."""
    form = form_of(name)
    nowhere = EvidencePath.plain("upload/file.txt")
    others = [
        other.name
        for other in all_formats().values()
        if other.name != name
        and other.unit is Unit.LINE
        and other.recognise(form.sample[:65536], nowhere)
    ]
    assert [] == others


@per_format
def test_an_empty_file_and_noise_are_not_recognised(name: str) -> None:
    form = form_of(name)
    nowhere = EvidencePath.plain("upload/file.bin")
    assert not form.recognise(b"\0" * 4096, nowhere)
    assert not form.recognise(b"\x93\x1f\x00 nothing that any log says \xff\n" * 99, nowhere)


# What a format makes of its sample.


@per_format
def test_the_sample_has_rows_and_no_problems(name: str) -> None:
    form = form_of(name)
    rows = parsed(form, form.sample)
    assert [] == [row for row in rows if isinstance(row, Problem)]
    assert rows


@per_format
def test_the_sample_obeys_the_law(name: str) -> None:
    form = form_of(name)
    rows = parsed(form, form.sample)
    if form.unit is not Unit.DOCUMENT:
        assert form.count(form.sample) == len(rows)


@per_format
def test_rows_are_well_formed(name: str) -> None:
    form = form_of(name)
    check_rows(form, parsed(form, form.sample))


@per_format
def test_the_sample_shows_every_column(name: str) -> None:
    """Of several sources for one column, one is enough: which is there depends on the set-up."""
    form = form_of(name)
    shown = {column for event in sample_events(name) for column in form.values(event)}
    if name not in SHOWN_IN_PART:
        assert set() == {column.name for column in form.columns} - shown
    assert shown


@per_format
def test_the_samples_values_have_the_type_of_their_column(name: str) -> None:
    form = form_of(name)
    types = {column.name: column.type for column in form.columns}
    odd = [
        (column, value)
        for event in sample_events(name)
        for column, value in form.values(event).items()
        if not fits(types[column], value)
    ]
    assert [] == odd


def fits(kind: ColumnType, value: str) -> bool:
    match kind:
        case ColumnType.INTEGER:
            return re.fullmatch(r"-?\d+|0x[0-9a-fA-F]+", value) is not None
        case ColumnType.ADDRESS:
            return re.fullmatch(r"[0-9A-Fa-f.:]+(%\w+)?", value) is not None
        case ColumnType.TIME:
            return re.match(r"\d{4}-\d\d-\d\d", value) is not None
        case _:
            return bool(value)


# What the columns are called.


def all_columns() -> list[tuple[str, Column]]:
    return [(form.name, column) for form in all_formats().values() for column in form.columns]


def test_one_column_name_has_one_type_and_unit_in_every_format() -> None:
    meanings: dict[str, set[tuple[str, str | None]]] = defaultdict(set)
    for _, column in all_columns():
        meanings[column.name].add((column.type.value, column.unit))
    assert {} == {name: kinds for name, kinds in meanings.items() if len(kinds) > 1}


def test_every_pattern_takes_one_group_out() -> None:
    odd = [
        (name, column.pattern)
        for name, column in all_columns()
        if column.pattern is not None and re.compile(column.pattern).groups < 1
    ]
    assert [] == odd


def test_no_pattern_takes_long_over_a_hostile_value() -> None:
    """A megabyte of the pattern's own words is where a careless one needs minutes."""
    slow = []
    for name, column in all_columns():
        for word in re.findall(r"[\w =:/-]{3,}", column.pattern or ""):
            text = word * (2**20 // len(word))
            started = time.process_time()
            column.value(Event(time=None, place=1, fields={column.source: text}, text=""))
            if time.process_time() - started > 2:
                slow.append((name, column.name, word))
    assert [] == slow


def test_a_unit_stands_in_the_name_or_is_none() -> None:
    odd = [
        (name, column.name, column.unit)
        for name, column in all_columns()
        if column.unit is not None and not column.name.endswith(f"_{column.unit}")
    ]
    assert [] == odd


def test_every_column_is_on_the_reference_page_with_its_type_and_no_other_is() -> None:
    text = COLUMNS_PAGE.read_text(encoding="utf-8")
    page = {
        (name, kind, unit or None)
        for name, kind, unit in re.findall(
            r"^\| `(\w+)` \| (\w+) \| (\w*) ?\| ", text, flags=re.MULTILINE
        )
    }
    assert {(c.name, c.type.value, c.unit) for _, c in all_columns()} == page


# What a format makes of damage.


@per_format
@settings(max_examples=60)
@given(damage=DAMAGE)
@example(damage=Damage(()))
def test_damage_is_a_row_or_a_problem_never_nothing(name: str, damage: Damage) -> None:
    form = form_of(name)
    data = damage.applied(form.sample)
    rows = parsed(form, data)
    if form.unit is Unit.DOCUMENT:
        assert rows
    else:
        assert form.count(data) == len(rows)
    check_rows(form, rows)


def check_rows(form: Format, rows: list[Row]) -> None:
    for row in rows:
        if isinstance(row, Problem):
            assert form.sample_path == row.artefact
            assert row.detail
            continue
        assert row.time is None or row.time.utcoffset() == timedelta(0)
        assert all(isinstance(value, str) for value in row.fields.values())
        assert {} == {name: value for name, value in row.fields.items() if value in {"", "-"}}
        form.values(row)


@per_format
@settings(max_examples=25)
@given(damage=DAMAGE)
def test_the_same_bytes_give_the_same_rows(name: str, damage: Damage) -> None:
    form = form_of(name)
    data = damage.applied(form.sample)
    assert parsed(form, data) == parsed(form, data)


@per_format
@settings(max_examples=25)
@given(damage=DAMAGE)
def test_recognising_never_raises(name: str, damage: Damage) -> None:
    form = form_of(name)
    head = damage.applied(form.sample)[:65536]
    assert form.recognise(head, EvidencePath.plain("x")) in {True, False}


@per_line_format
@settings(max_examples=25)
@given(damage=DAMAGE)
def test_short_reads_change_nothing(name: str, damage: Damage) -> None:
    form = form_of(name)
    data = damage.applied(form.sample)
    slow = list(form.parse(trickle(data, step=7), artefact(form, data)))
    assert parsed(form, data) == slow


@per_line_format
@settings(max_examples=25)
@given(damage=DAMAGE)
def test_places_are_lines_of_the_file_in_order(name: str, damage: Damage) -> None:
    form = form_of(name)
    data = damage.applied(form.sample)
    places = [row.place if isinstance(row, Event) else row.line for row in parsed(form, data)]
    numbers = [place for place in places if place is not None]
    assert sorted(set(numbers)) == numbers
    assert not numbers or numbers[0] >= 1


@per_format
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_stream_that_fails_is_a_problem_of_the_file(name: str, share: float) -> None:
    form = form_of(name)
    data = form.sample
    stream = trickle(data, step=64, fails_at=int(len(data) * share))
    rows = list(form.parse(stream, artefact(form, data)))
    assert any(isinstance(row, Problem) for row in rows)
