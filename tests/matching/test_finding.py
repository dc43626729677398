"""Looking for words finds the rows that reading all of them finds."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.events.test_bulk import artefact
from tocsin.events import lines
from tocsin.events.format import all_formats
from tocsin.matching import finding
from tocsin.matching.finding import rows_that_may_hold
from tocsin.matching.prefilter import Prefilter
from tocsin.matching.scan import rows_with
from tocsin.model.event import Event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.events.format import Format

FORMS = [form for form in all_formats().values() if form.bulk is not None]
WORDS = ("203.0.113.9", "shell", "k\u00f6ln", "zz")
PIECES = (
    *(word.encode() for word in WORDS),
    b"SHELL",
    "K\u00d6LN".encode(),
    "\u212a".encode(),  # the Kelvin sign is a k in lower case
    b"\xff",
    b"\0",
    b"\r",
    b'"',
    b" ",
    b",",
    b"x" * 40,
)
SPECIAL = (
    b"",
    b"#Comment zz",
    b"#Fields: date time shell",
    b"zz",
    b"\0\0",
    b"\xef\xbb\xbf#Date: zz",
)


def slowly(form: Format, data: bytes) -> list[Event]:
    return [
        row
        for row in form.parse(io.BytesIO(data), artefact(form))
        if isinstance(row, Event) and any(word in row.text.lower() for word in WORDS)
    ]


def quickly(form: Format, data: bytes) -> list[Event]:
    return list(rows_with(io.BytesIO(data), artefact(form), form, WORDS))


@st.composite
def logs(draw: st.DrawFn, form: Format) -> bytes:
    """Lines of the format's sample with words put into them, and lines that are no rows."""
    sample = form.sample.rstrip(b"\r\n").split(b"\r\n")
    made: list[bytes] = list(sample)
    for _ in range(draw(st.integers(0, 30))):
        if draw(st.integers(0, 5)) == 0:
            made.append(draw(st.sampled_from((*SPECIAL, *sample))))
            continue
        line = draw(st.sampled_from(sample))
        at = draw(st.integers(0, len(line)))
        made.append(line[:at] + draw(st.sampled_from(PIECES)) + line[at:])
    end = draw(st.sampled_from((b"\n", b"\r\n")))
    return end.join(made) + draw(st.sampled_from((b"", end)))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_the_rows_with_a_word_are_those_that_reading_all_finds(
    form: Format, data: st.DataObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "HEAD_BYTES", data.draw(st.sampled_from((64, 500, 2**16))))
    monkeypatch.setattr(lines, "CHUNK_BYTES", data.draw(st.sampled_from((64, 300, 2**20))))
    longest = data.draw(st.sampled_from((200, 2**20)))
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", longest)
    monkeypatch.setattr(finding, "MAX_LINE_BYTES", longest)
    log = data.draw(logs(form))
    assert slowly(form, log) == quickly(form, log)


def test_rows_without_a_word_are_not_looked_at() -> None:
    form = all_formats()["iis"]
    sample = form.sample.rstrip(b"\r\n").split(b"\r\n")
    row = sample[-1]
    log = b"\r\n".join([*sample, *[row] * 500, row.replace(b"/", b"/zz", 1), b""])
    found = list(rows_that_may_hold(io.BytesIO(log), artefact(form), form, ["zz"]))
    assert len(found) < 10
    assert 1 == sum(isinstance(one, Event) and "zz" in one.text for one in found)


def test_the_words_are_compiled_once_for_all_files(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Sequence[bytes]] = []

    def compiled(patterns: Sequence[bytes]) -> Prefilter:
        made.append(patterns)
        return Prefilter(patterns)

    monkeypatch.setattr(finding, "Prefilter", compiled)
    form = all_formats()["iis"]
    for words in (["once"], ["once"], ["twice"]):
        list(rows_with(io.BytesIO(form.sample), artefact(form), form, words))
    assert 2 == len(made)
