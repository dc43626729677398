"""Observers say the same of an event log, whether each record was made into a row for them or not."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts.test_observers import MAKERS, said
from tests.matching.rule_sets import pack, sigma
from tocsin.events.evtx_writer import EvtxRecord, write_evtx
from tocsin.events.format import all_formats
from tocsin.matching.passed import PassedOver
from tocsin.matching.rules import Seen, load_rules
from tocsin.matching.scan import Observer, Pass, Period
from tocsin.matching.tally import Tally
from tocsin.model.artefact import Artefact
from tocsin.model.path import EvidencePath

EVTX = all_formats()["evtx"]
START = datetime(2021, 3, 3, tzinfo=UTC)
RULES = load_rules(
    [
        pack(
            sigma(
                "logon",
                {"EventID": 4624, "TargetUserName": "eve"},
                logsource={"product": "windows", "service": "security"},
            )
        )
    ]
)
RECORDS = st.builds(
    lambda channel, event_id, hours, user: EvtxRecord(
        channel=channel,
        provider="P",
        event_id=event_id,
        time=START + timedelta(hours=hours),
        record_id=1,
        computer="EX01.harbour.example",
        data=(("TargetUserName", user),),
    ),
    st.sampled_from(("Security", "System", "Application")),
    st.sampled_from((4624, 4625, 7036)),
    st.integers(-(10**6), 10**5),
    st.sampled_from(("eve", "adam")),
)


def passed_through(data: bytes, *, in_full: bool) -> tuple[list[Observer], Tally, Seen]:
    observers = [made() for made in MAKERS.values() if PassedOver.suffices([made()], EVTX)]
    tally, seen = Tally(), Seen()
    Pass(
        artefact=Artefact(path=EvidencePath.plain("x.evtx"), format="evtx", size_bytes=len(data)),
        form=replace(EVTX, choose=None) if in_full else EVTX,
        rules=RULES,
        period=Period(),
        observers=observers,
        tally=tally,
        seen=seen,
    ).over(io.BytesIO(data))
    return observers, tally, seen


@given(records=st.lists(RECORDS, min_size=30, max_size=70), cut=st.integers(0, 3000))
@settings(max_examples=settings().max_examples // 4)
def test_observers_say_the_same_of_records_that_are_passed_over(
    records: list[EvtxRecord], cut: int
) -> None:
    numbered = [replace(one, record_id=place) for place, one in enumerate(records, start=1)]
    data = write_evtx(numbered)
    data = data[: len(data) - cut]
    observers, tally, seen = passed_through(data, in_full=False)
    wanted, all_kept, all_seen = passed_through(data, in_full=True)
    assert [said(one) for one in wanted] == [said(one) for one in observers]
    assert all_kept.matches == tally.matches
    assert all_seen.missing() == seen.missing()


def test_most_observers_of_a_hunt_need_no_rows_of_an_event_log() -> None:
    needing = {name for name, made in MAKERS.items() if not PassedOver.suffices([made()], EVTX)}
    assert {"NameCollector"} == needing
