"""Large text logs in stretches: every way to cut one gives the rows of the whole."""

from __future__ import annotations

import copy
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.events import lines, stretches
from tocsin.events.bulk import Rows, read_bulk
from tocsin.events.format import all_formats
from tocsin.events.stretches import Stretch, can_be_cut, survey
from tocsin.model.artefact import Artefact
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from tocsin.events.bulk import BulkReader
    from tocsin.events.format import Row

BULK = sorted(name for name, form in all_formats().items() if form.bulk is not None)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretches of a few lines."""
    monkeypatch.setattr(lines, "CHUNK_BYTES", 100)
    monkeypatch.setattr(lines, "HEAD_BYTES", 64)
    monkeypatch.setattr(lines, "STRETCH_CHUNKS", 2)
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 2000)
    monkeypatch.setattr(stretches, "HEAD_BYTES", 64)


def reader_of(name: str, data: bytes) -> tuple[Artefact, BulkReader]:
    form = all_formats()[name]
    path = EvidencePath.plain(form.sample_path)
    artefact = Artefact(path=path, format=name, size_bytes=len(data))
    assert form.bulk is not None
    return artefact, form.bulk.reader(artefact)


def rows(name: str, data: bytes, stretch: Stretch | None = None) -> list[Row]:
    """All rows and problems, from one stretch or from the whole."""
    artefact, reader = reader_of(name, data)
    stream = io.BytesIO(data)
    place = None
    if stretch is not None:
        place, reader = stretch.place, copy.copy(stretch.reader)
        stream.seek(place.at)
    found: list[Row] = []
    for item in read_bulk(stream, artefact, reader, only=place):
        if isinstance(item, Rows):
            read = (item.read(line) for line in range(len(item.starts)))
            found += [row for row in read if row is not None]
        else:
            found.append(item)
    return found


def cut(name: str, data: bytes) -> list[Stretch]:
    artefact, reader = reader_of(name, data)
    found: list[Stretch] = []
    survey(io.BytesIO(data), artefact, reader, found.append)
    return found


def damaged(name: str) -> st.SearchStrategy[bytes]:
    """Lines of the sample in any order, with headers in the middle, blanks and long lines."""
    own = all_formats()[name].sample.split(b"\n")
    others = [
        b"",
        b"\r",
        b"#",
        b"x",
        b"1",
        b"#Date: 2021-03-09 00:00:00",
        b"\xef\xbb\xbf#Fields: a b",
    ]
    odd = [*others, b"2" * 150, b"3" * 1990, b"4" * 2500, b"5" * 5000, b'6,"', b"\xff\x00"]
    return st.lists(st.sampled_from([*own, *own, *odd]), max_size=40).map(
        lambda more: b"\n".join([*own[:6], *more])
    )


@pytest.mark.parametrize("name", BULK)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_the_stretches_have_the_rows_of_the_whole(name: str, data: st.DataObject) -> None:
    text = data.draw(damaged(name))
    if lines.encoding_of(text[:64]) != "utf-8":
        return
    pieces = [row for one in cut(name, text) for row in rows(name, text, one)]
    assert rows(name, text) == pieces


@pytest.mark.parametrize("name", BULK)
def test_a_long_log_has_many_stretches(name: str) -> None:
    sample = all_formats()[name].sample.replace(b"\r\n", b"\n") * 20
    found = cut(name, sample)
    assert len(sample) // 400 <= len(found)
    assert [True] * (len(found) - 1) + [False] == [one.place.is_bounded for one in found]
    assert [True] + [False] * (len(found) - 1) == [one.place.is_first for one in found]
    for one in found[1:]:
        assert sample[: one.place.at].count(b"\n") == one.place.lines
        assert b"\n"[0] == sample[one.place.at - 1]


def test_a_log_of_headers_alone_is_cut_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "MOST_HEADERS", 10)
    found = cut("iis", b"#Date: 2021-03-09 00:00:00\n" * 1000)
    assert [True, False] == [one.place.is_bounded for one in found]


def test_what_is_small_or_written_otherwise_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "CHUNK_BYTES", 100)
    monkeypatch.setattr(stretches, "STRETCH_CHUNKS", 2)
    assert can_be_cut(b"#a\n", 265)
    assert not can_be_cut(b"#a\n", 264)
    assert not can_be_cut(b"#a\r1\r", 10**6)
    assert not can_be_cut("#a\n".encode("utf-16"), 10**6)
