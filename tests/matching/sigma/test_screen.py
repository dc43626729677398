"""What is passed over is what nobody would have asked about: events, counts and fields agree."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.events.mutations import DAMAGE
from tests.matching.sigma.generation import File, files
from tests.matching.sigma.rule_making import loaded
from tocsin.events.chosen import Passed
from tocsin.events.format import Row, all_formats
from tocsin.matching.applied import Account
from tocsin.matching.asking import Found, rows_found
from tocsin.matching.scan import Period
from tocsin.matching.sigma import records
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from tests.events.mutations import Damage

EVTX = all_formats()["evtx"]
ARTEFACT = Artefact(path=EvidencePath.plain("x.evtx"), format="evtx", size_bytes=0)
IN_FULL = replace(EVTX, choose=None)


def told(file: File, *, in_full: bool) -> tuple[list[Found], Account]:
    rules, account = loaded(file.rules), Account()
    artefact = Artefact(
        path=EvidencePath.plain(file.path), format="evtx", size_bytes=len(file.data)
    )
    form = IN_FULL if in_full else EVTX
    return list(
        rows_found(io.BytesIO(file.data), artefact, form, rules, Period(), account)
    ), account


@given(data=st.data(), sample=st.sampled_from((1, 1, 3)))
@settings(max_examples=settings().max_examples // 2)
def test_passing_over_changes_nothing_that_is_told(data: st.DataObject, sample: int) -> None:
    file: File = data.draw(files("evtx"))
    file = replace(file, data=file.data + file.data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "FEWEST", 1)
        patch.setattr(records, "SAMPLE", sample)
        patch.setattr(records, "FIRST", 0)
        patch.setattr(records, "COMMON", 1000.0)
        found, account = told(file, in_full=False)
        wanted, in_full = told(file, in_full=True)
    assert wanted == found
    assert in_full.events == account.events
    assert (in_full.problems, in_full.examples) == (account.problems, account.examples)
    assert in_full.seen.missing() == account.seen.missing()


class Whim:
    """Wants some events, told by their number."""

    needs_times = True

    def __init__(self, first: int, wanted: str) -> None:
        self.first = first
        self._wanted = wanted

    def may_want(self, stream: str, event_id: str) -> bool:
        return f"{stream}{event_id}"[-1] in self._wanted

    def wants(self, _: str, fields: object, text: object) -> bool:
        del text
        return str(fields)[-3] in self._wanted


def chosen(data: bytes, whim: Whim) -> list[Row | Passed]:
    assert EVTX.choose is not None
    return list(EVTX.choose(io.BytesIO(data), ARTEFACT, whim))


@given(
    damage=DAMAGE,
    first=st.integers(0, 3),
    wanted=st.text(st.characters(codec="ascii"), max_size=60),
)
def test_each_record_is_a_row_a_problem_or_passed_over(
    damage: Damage, first: int, wanted: str
) -> None:
    data = damage.applied(EVTX.sample)
    rows = list(EVTX.parse(io.BytesIO(data), ARTEFACT))
    found = chosen(data, Whim(first, wanted))
    kept = [row for row in found if not isinstance(row, Passed)]
    passed = [one for one in found if isinstance(one, Passed)]
    left_out = [row for row in rows if row not in kept]
    assert all(isinstance(row, Event) for row in left_out)
    assert [row for row in rows if row in kept] == kept
    times = Counter((row.stream, row.time) for row in left_out if isinstance(row, Event))
    assert times == Counter(
        (stream, time) for one in passed for stream, found in one.times.items() for time in found
    )
    assert Counter(stream for stream, _ in times.elements()) == Counter(
        stream for one in passed for stream in Counter(one.rows).elements()
    )


def test_the_first_records_are_made_whatever_is_wanted() -> None:
    assert 2 == sum(isinstance(row, Event) for row in chosen(EVTX.sample, Whim(2, "")))
    assert 0 == sum(isinstance(row, Event) for row in chosen(EVTX.sample, Whim(0, "")))


def test_it_is_told_of_which_stream_the_last_record_was() -> None:
    (passed,) = chosen(EVTX.sample, Whim(0, ""))
    assert isinstance(passed, Passed)
    assert "Microsoft-Windows-Sysmon/Operational" == passed.last
    assert {"MSExchange Management", "Security", passed.last} == set(passed.rows)
