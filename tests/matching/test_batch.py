"""An observer that takes batches is shown the rows that reading one by one gives."""

from __future__ import annotations

import io
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tocsin.events import lines
from tocsin.events.bulk_times import moment
from tocsin.events.format import all_formats
from tocsin.matching.rules import Seen, load_rules
from tocsin.matching.scan import Observer, Pass, Period
from tocsin.matching.tally import Tally
from tocsin.matching.watching import Watch
from tocsin.model.artefact import Artefact
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tocsin.events.format import Format
    from tocsin.matching.batch import Batch
    from tocsin.model.event import Event
    from tocsin.model.problem import Problem

FORM = all_formats()["message_tracking"]
COLUMNS = ("event-id", "message-subject", "sender-address", "tenant-id", "no-such-column")
HEADER = b"#Fields: date-time,event-id,message-subject,sender-address,tenant-id\r\n"
ROWS = (
    b"2021-03-02T21:02:29.450Z,RECEIVE,minutes,a@example.org,\r\n",
    b'2021-03-02T21:02:29.451Z,RECEIVE,"Re: minutes, ""final""",b@example.org,-\r\n',
    "2021-03-02T21:02:29.452Z,SEND,Übersicht,c@example.org,7\r\n".encode(),
    "2021-03-02T21:02:29.453Z,SEND,Grüße,d@example.org,7\r\n".encode(),
    b'2021-03-02T21:02:29.454Z,FAIL,"half,e@example.org\r\n',
    b"2021-03-02,SEND,no time,f@example.org,\r\n",
    b'2021-03-02T21:02:29.455Z,"DELIVER","",g@example.org,\r\n',
)
LOG = HEADER + b"".join(ROWS) * 300


class Alone(Observer):
    """Takes rows one by one."""

    def __init__(self) -> None:
        self.seen: Counter[tuple[datetime | None, frozenset[tuple[str, str]]]] = Counter()
        self.batches = 0

    def row(self, artefact: Artefact, form: Format, kind: str, event: Event) -> None:
        del artefact, form, kind
        self.take(event.time, {k: v for k, v in event.fields.items() if k in COLUMNS})

    def problem(self, kind: str, problem: Problem) -> None:
        """Not counted here."""

    def absorb(self, later: Alone) -> None:
        self.seen.update(later.seen)

    def take(self, time: datetime | None, fields: dict[str, str]) -> None:
        self.seen[time, frozenset(fields.items())] += 1


class Batched(Alone):
    """Takes rows in batches."""

    def watches(self, form: Format) -> Sequence[Watch]:
        del form
        return (Watch(batches=True),)

    def batch(self, batch: Batch) -> None:
        self.batches += 1
        for row in range(len(batch.times_us)):
            self.take(moment(batch.times_us[row]), batch.fields(row, COLUMNS))


class Finding(Batched):
    """Takes the rows with one word in one column, as the docstring of `Batch` shows."""

    def batch(self, batch: Batch) -> None:
        numbers, firsts = batch.different(("event-id",))
        wanted = np.array([text == "RECEIVE" for text in batch.texts("event-id", firsts)])
        for row in np.flatnonzero(wanted[numbers]).tolist():
            self.take(moment(batch.times_us[row]), batch.fields(row, COLUMNS))


def watched(observer: Alone) -> Alone:
    path = EvidencePath.plain(FORM.sample_path)
    Pass(
        artefact=Artefact(path=path, format=FORM.name, size_bytes=len(LOG)),
        form=FORM,
        rules=load_rules(()),
        period=Period(),
        observers=(observer,),
        tally=Tally(),
        seen=Seen(),
    ).over(io.BytesIO(LOG))
    return observer


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "HEAD_BYTES", 20_000)
    monkeypatch.setattr(lines, "CHUNK_BYTES", 20_000)


def test_batches_and_lone_rows_are_all_rows() -> None:
    batched = watched(Batched())
    assert watched(Alone()).seen == batched.seen
    assert batched.batches > 1


def test_rows_are_found_by_the_values_of_a_column() -> None:
    found = watched(Finding()).seen
    alone = watched(Alone()).seen
    received = {key: n for key, n in alone.items() if ("event-id", "RECEIVE") in key[1]}
    assert received == {key: n for key, n in found.items() if key in received}


def test_different_values_are_numbered_as_they_are_met() -> None:
    met: set[tuple[str, ...]] = set()

    class Numbering(Batched):
        def batch(self, batch: Batch) -> None:
            numbers, firsts = batch.different(("event-id", "tenant-id"))
            assert sorted(firsts) == firsts
            assert list(range(len(firsts))) == numbers[firsts].tolist()
            met.update(
                zip(batch.texts("event-id", firsts), batch.texts("tenant-id", firsts), strict=True)
            )

    watched(Numbering())
    # A dash and nothing are different values, and say the same.
    assert {("RECEIVE", ""), ("SEND", "7"), ("DELIVER", "")} == met
