"""Reading in bulk gives the rows and problems that reading line by line gives."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.events import bulk, lines
from tocsin.events.bulk import FEWEST, READ_FIRST, Rows, read_bulk
from tocsin.events.bulk_times import moment
from tocsin.events.format import all_formats
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem

if TYPE_CHECKING:
    from tocsin.events.format import Format, Row

FORMS = [form for form in all_formats().values() if form.bulk is not None]
ODD_LINES = (
    b"",
    b"   ",
    b"#Comment",
    b"#Date: 2021-03-04 00:00:00",
    b"#Fields:",
    b"\xef\xbb\xbf#Version: 15.01.2106.002",
    b"not a row",
    b"2021-03-03",
    b"\0\0\0",
    b"- - - - - -",
    b",,,,,,",
)
PIECES = (
    b"",
    b"-",
    b" ",
    b",",
    b'"',
    b'""',
    b',"",',
    b',"a ""b"", c",',
    b"\r",
    b"\0",
    "ü".encode(),
    "ß".encode(),
    "\N{KELVIN SIGN}".encode(),
    b"\xff",
    b"%41",
    b"2021-13-45",
    b"24:00:00",
)


def artefact(form: Format) -> Artefact:
    path = EvidencePath.plain(form.sample_path)
    return Artefact(path=path, format=form.name, size_bytes=0)


def head_and_plain_row(form: Format) -> tuple[list[bytes], bytes]:
    """The lines of the sample before its first row, and that row without quotes."""
    given_lines = form.sample.rstrip(b"\r\n").split(b"\r\n")
    first = next(at for at, line in enumerate(given_lines) if line[:1].isdigit())
    return given_lines[:first], re.sub(rb'"([^",]*)[^"]*"', rb"\1", given_lines[first])


def slowly(form: Format, data: bytes) -> list[Row]:
    return list(form.parse(io.BytesIO(data), artefact(form)))


def in_bulk(form: Format, data: bytes) -> tuple[list[Row], int]:
    """The rows, and how many of them were read in bulk."""
    assert form.bulk is not None
    where = artefact(form)
    found: list[Row] = []
    together = 0
    for item in read_bulk(io.BytesIO(data), where, form.bulk.reader(where)):
        if not isinstance(item, Rows):
            found.append(item)
            continue
        times = dict(zip(item.plain.tolist(), item.times_us().tolist(), strict=True))
        for line in sorted([*item.plain.tolist(), *item.odd.tolist()]):
            row = item.read(line)
            if line in times:
                together += 1
                assert isinstance(row, Event)
                if times[line] >= 0:
                    assert moment(times[line]) == row.time
                columns = [(name, item.column(name)) for name in item.names]
                at = item.plain.tolist().index(line)
                cut = {
                    name: item.text(int(place[0][at]), int(place[1][at]))
                    for name, place in columns
                    if place is not None
                }
                kept = {name: value for name, value in cut.items() if value not in ("", "-")}
                same = {*item.names} - {*form.bulk.derived, "AnchorMailbox"}
                assert {k: v for k, v in row.fields.items() if k in same} == {
                    k: v for k, v in kept.items() if k in same
                }
            if row is not None:
                found.append(row)
    return found, together


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_most_rows_of_a_plain_log_are_read_in_bulk(form: Format) -> None:
    head, plain = head_and_plain_row(form)
    data = b"\r\n".join([*head, *[plain] * 200]) + b"\r\n"
    rows, together = in_bulk(form, data)
    assert slowly(form, data) == rows
    assert together >= 200 - READ_FIRST - 2 * FEWEST


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_rows_with_quotes_around_values_are_read_in_bulk(form: Format) -> None:
    head, plain = head_and_plain_row(form)
    where = artefact(form)
    assert form.bulk is not None
    if not form.bulk.reader(where).shape.has_quotes:
        return
    before, _, last = plain.rpartition(b",")
    quoted = before + b',"%b, ""%b"""' % (last, last)
    data = b"\r\n".join([*head, *[quoted] * 200]) + b"\r\n"
    rows, together = in_bulk(form, data)
    assert slowly(form, data) == rows
    assert together >= 200 - READ_FIRST - 2 * FEWEST


@st.composite
def logs(draw: st.DrawFn, form: Format) -> bytes:
    given_lines = form.sample.rstrip(b"\r\n").split(b"\r\n")
    head = [line for line in given_lines if not line[:1].isdigit()]
    rows = [line for line in given_lines if line[:1].isdigit()]
    parts: list[bytes] = list(head)
    for _ in range(draw(st.integers(1, 3))):
        line = draw(st.sampled_from(rows))
        parts += [line] * draw(st.integers(FEWEST, 3 * FEWEST))
        for _ in range(draw(st.integers(0, 5))):
            at = draw(st.integers(0, len(parts) - 1))
            whole = parts[at]
            cut = draw(st.integers(0, len(whole)))
            drop = draw(st.integers(0, 8))
            parts[at] = whole[:cut] + draw(st.sampled_from(PIECES)) + whole[cut + drop :]
        for _ in range(draw(st.integers(0, 3))):
            parts.insert(
                draw(st.integers(0, len(parts))), draw(st.sampled_from([*ODD_LINES, *head]))
            )
    end = draw(st.sampled_from([b"\n", b"\r\n", b"\r\r\n"]))
    return (
        draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
        + end.join(parts)
        + draw(st.sampled_from([b"", end, end + b"2021-03-03T"]))
    )


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)
@given(data=st.data(), chunk=st.sampled_from([700, 4096, 2**18]))
def test_any_log_gives_the_same_rows_both_ways(
    form: Format, data: st.DataObject, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = data.draw(logs(form))
    monkeypatch.setattr(lines, "CHUNK_BYTES", chunk)
    monkeypatch.setattr(lines, "HEAD_BYTES", chunk)
    rows, _ = in_bulk(form, log)
    assert slowly(form, log) == rows


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_one_carriage_return_of_several_belongs_to_the_line_end(form: Format) -> None:
    head, plain = head_and_plain_row(form)
    log = b"\r\n".join(head) + b"\r\n" + (plain + b"\r\r\n") * 200
    rows, together = in_bulk(form, log)
    assert slowly(form, log) == rows
    assert together >= 200 - READ_FIRST - 2 * FEWEST


@pytest.mark.parametrize("surplus", [0, 1, 2000])
def test_a_line_that_is_too_long_is_none_to_both(
    surplus: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may lie in a block in one piece, where it begins in the chunk before."""
    for module in (lines, bulk):
        monkeypatch.setattr(module, "MAX_LINE_BYTES", 3000)
    monkeypatch.setattr(lines, "CHUNK_BYTES", 50_000)
    form = all_formats()["iis"]
    head, plain = head_and_plain_row(form)
    long = plain.replace(b" /", b" /" + b"k" * (3000 + surplus - len(plain)), 1)
    log = b"\n".join([*head, *[plain] * 2000, long, *[plain] * 100]) + b"\n"
    rows, _ = in_bulk(form, log)
    assert slowly(form, log) == rows
    assert bool(surplus) is any(isinstance(row, Problem) for row in rows)


def test_a_stream_that_fails_ends_with_a_problem_both_ways() -> None:
    form = all_formats()["iis"]
    assert form.bulk is not None

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 0:
                raise OSError("gone")
            return super().read(size)

    *head, last = form.sample.rstrip(b"\r\n").split(b"\r\n")
    log = b"\r\n".join([*head, *[last] * 2000])
    where = artefact(form)
    slow = list(form.parse(Failing(log), where))
    fast = list(read_bulk(Failing(log), where, form.bulk.reader(where)))
    assert slow[-1] == fast[-1]
