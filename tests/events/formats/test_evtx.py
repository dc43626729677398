import io
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.evtx_frames import FILE_HEADER_BYTES, RECORDS_START, frames
from tocsin.events.evtx_writer import EvtxRecord, write_evtx
from tocsin.events.format import Row
from tocsin.events.formats.evtx import FORMAT
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.model.problem import Problem, ProblemCode

ARTEFACT = Artefact(path=EvidencePath.plain("Logs/x.evtx"), format="evtx", size_bytes=0)
RECORD = EvtxRecord(
    channel="Application",
    provider="P",
    event_id=7,
    time=datetime(2021, 3, 3, tzinfo=UTC),
    record_id=1,
    computer="EX01",
    data=((None, "some text"),),
)
FIVE = write_evtx(replace(RECORD, record_id=number) for number in range(11, 16))


def parse(data: bytes) -> list[Row]:
    return list(FORMAT.parse(io.BytesIO(data), ARTEFACT))


def events(rows: list[Row]) -> list[Event]:
    return [row for row in rows if isinstance(row, Event)]


def problems(rows: list[Row]) -> list[Problem]:
    return [row for row in rows if isinstance(row, Problem)]


def place_of(number: int) -> int:
    """Where in `FIVE` the record with this number begins."""
    (frame,) = [f for f in frames(FIVE[FILE_HEADER_BYTES:]) if f.record_id == number]
    return FILE_HEADER_BYTES + frame.offset


def test_a_management_event_says_cmdlet_and_parameters() -> None:
    event = events(parse(FORMAT.sample))[0]

    assert datetime(2021, 3, 3, 6, 12, 43, 901000, tzinfo=UTC) == event.time
    assert "MSExchange Management" == event.stream
    assert 4711 == event.place
    assert {
        "event_id": "1",
        "host": "EX01.contoso.test",
        "user": "contoso.test/Users/Administrator",
        "process_id": "4242",
        "cmdlet": "Get-Mailbox",
        "parameters": '-Identity "anna"',
    } == FORMAT.values(event)


def test_process_creation_has_the_same_columns_as_sysmon() -> None:
    event = events(parse(FORMAT.sample))[1]

    values = FORMAT.values(event)

    assert r"C:\Windows\System32\cmd.exe" == values["process"]
    assert ("0x1f4c", "0x9b0") == (values["process_id"], values["parent_process_id"])


def test_a_record_that_cannot_be_decoded_is_a_problem_with_its_number() -> None:
    data = bytearray(FIVE)
    at = place_of(13) + 24
    data[at : at + 40] = b"\xff" * 40

    rows = parse(bytes(data))

    assert [11, 12, 14, 15] == [event.place for event in events(rows)]
    (problem,) = problems(rows)
    assert (13, ProblemCode.BAD_RECORD) == (problem.line, problem.code)
    assert f"offset {at - 24}" in problem.detail


def test_records_behind_a_broken_chain_are_still_read() -> None:
    """The library alone stops at the first size that is wrong."""
    data = bytearray(FIVE)
    at = place_of(12)
    data[at + 4 : at + 8] = b"\xff\xff\xff\x7f"

    rows = parse(bytes(data))

    assert [11, 13, 14, 15] == [event.place for event in events(rows)]
    assert [12] == [problem.line for problem in problems(rows)]
    assert all(event.fields["Data_0"] == "some text" for event in events(rows))


def test_records_behind_a_lost_first_one_are_read() -> None:
    """They refer to names that the first one spells out: those stay where they are."""
    data = bytearray(FIVE)
    data[place_of(11)] = 0

    rows = parse(bytes(data))

    assert isinstance(rows[0], Problem)
    assert [12, 13, 14, 15] == [event.place for event in events(rows)]


def test_damaged_headers_of_file_and_chunk_lose_nothing() -> None:
    data = bytearray(FIVE)
    data[8:100] = b"\xee" * 92
    data[FILE_HEADER_BYTES + 8 : FILE_HEADER_BYTES + RECORDS_START] = b"\xee" * 504

    assert [11, 12, 13, 14, 15] == [event.place for event in events(parse(bytes(data)))]


@pytest.mark.parametrize("missing", [1, 30, 200])
def test_a_truncated_file_gives_its_whole_records_and_says_so(missing: int) -> None:
    end = place_of(15) + 200

    rows = parse(FIVE[: end - missing])

    assert [11, 12, 13, 14] == [event.place for event in events(rows)]
    assert [ProblemCode.TRUNCATED] == [problem.code for problem in problems(rows)]


def test_something_else_under_the_name_is_one_problem() -> None:
    rows = parse(b"MZ" + b"\x01" * 10_000)

    assert [ProblemCode.BAD_RECORD] == [problem.code for problem in problems(rows)]
    assert 1 == len(rows)
    assert not FORMAT.recognise(b"MZ" + bytes(5000), ARTEFACT.path)


def test_a_carved_chunk_is_recognised_and_read() -> None:
    carved = FIVE[FILE_HEADER_BYTES:]

    assert FORMAT.recognise(carved, ARTEFACT.path)
    assert [11, 12, 13, 14, 15] == [event.place for event in events(parse(carved))]


def test_a_number_that_ends_the_walk_of_the_library_hides_nothing() -> None:
    largest = 2**64 - 1
    data = write_evtx(replace(RECORD, record_id=number) for number in (1, largest, 2))

    assert [1, largest, 2] == [event.place for event in events(parse(data))]


def test_a_stream_that_fails_is_a_problem_after_what_was_read() -> None:
    class Fails(io.RawIOBase):
        done = False

        def read(self, size: int = -1, /) -> bytes:
            if self.done:
                raise OSError("bad checksum")
            self.done = True
            return FIVE[:size]

    rows = list(FORMAT.parse(cast("io.BytesIO", Fails()), ARTEFACT))

    assert [ProblemCode.UNREADABLE] == [problem.code for problem in problems(rows)]


def test_a_long_record_is_cut_in_the_citation_only() -> None:
    (event,) = events(parse(write_evtx([replace(RECORD, data=((None, "x" * 20_000),))])))

    assert 16 * 1024 == len(event.text)
    assert 20_000 == len(event.fields["Data_0"])


@given(st.data())
def test_every_unit_of_a_mutated_file_is_a_row_or_a_problem(data: st.DataObject) -> None:
    mutated = bytearray(FIVE[: FILE_HEADER_BYTES + 6000])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(mutated)))
        how = data.draw(st.sampled_from(["set", "cut", "insert", "end"]))
        if how == "set":
            mutated[at : at + 2] = data.draw(st.binary(min_size=1, max_size=2))
        elif how == "cut":
            del mutated[at : at + data.draw(st.sampled_from([1, 8, 700]))]
        elif how == "insert":
            mutated[at:at] = data.draw(st.sampled_from([b"ElfChnk\0", b"**\0\0", bytes(16)]))
        else:
            del mutated[max(at, 1) :]

    assert FORMAT.count(bytes(mutated)) == len(parse(bytes(mutated)))


def test_real_logs_give_every_record_and_no_problem(corpus: Path) -> None:
    found: Counter[str] = Counter()
    for path in sorted(corpus.glob("evtx/*/*.evtx")):
        with path.open("rb") as stream:
            rows = list(FORMAT.parse(stream, ARTEFACT))
        assert FORMAT.count(path.read_bytes()) == len(rows)
        found[path.name] = len(events(rows))
        if path.name != "plaso_System2.evtx":
            assert [] == problems(rows)

    # The file ends in its third chunk, which the library alone would drop as a whole.
    assert 283 == found["plaso_System2.evtx"]
    assert 5009 == found["plaso_System.evtx"]


def test_a_real_web_shell_trace_has_its_process_columns(corpus: Path) -> None:
    path = corpus / "evtx/sbousseaden/LM_typical_IIS_webshell_sysmon_1_10_traces.evtx"
    with path.open("rb") as stream:
        rows = [row for row in FORMAT.parse(stream, ARTEFACT) if isinstance(row, Event)]

    shells = [
        FORMAT.values(row)["command_line"]
        for row in rows
        if row.fields.get("ParentImage", "").endswith("w3wp.exe")
    ]

    assert shells


def test_random_bytes_in_real_chunks_crash_nothing(corpus: Path) -> None:
    """Templates, typed values and nested elements: what our own writer does not write."""
    source = random.Random(20210302)
    data = (corpus / "evtx/benign/velociraptor_TaskScheduler.evtx").read_bytes()
    for _ in range(150):
        mutated = bytearray(data)
        for _ in range(source.choice([1, 10, 200])):
            mutated[source.randrange(FILE_HEADER_BYTES, 30_000)] = source.randrange(256)
        assert FORMAT.count(bytes(mutated)) == len(parse(bytes(mutated)))
