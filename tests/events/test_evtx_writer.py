import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from evtx import PyEvtxParser
from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.evtx_frames import CHUNK_BYTES, FILE_HEADER_BYTES
from tocsin.events.evtx_writer import EvtxRecord, write_evtx

RECORD = EvtxRecord(
    channel="MSExchange Management",
    provider="MSExchange CmdletLogs",
    event_id=6,
    time=datetime(2021, 3, 3, 6, 12, 43, 901234, tzinfo=UTC),
    record_id=41,
    computer="EX01.contoso.test",
    level=2,
    user_sid="S-1-5-18",
    data=(("Näme & <x>", 'a "b" <c>\n\N{GRINNING FACE}'), ("Empty", "")),
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


def read(data: bytes) -> list[dict[str, object]]:
    """What the library reads, with every checksum verified."""
    parser = PyEvtxParser(io.BytesIO(data), 1, None, validate_checksums=True)
    return [orjson.loads(record["data"])["Event"] for record in parser.records_json()]  # type: ignore[index]  # the library's stubs give Any | None


def test_an_independent_reader_finds_every_value() -> None:
    (event,) = read(write_evtx([RECORD]))

    assert event == {
        "#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
        "System": {
            "Provider": {"#attributes": {"Name": "MSExchange CmdletLogs"}},
            "EventID": "6",
            "Level": "2",
            "TimeCreated": {"#attributes": {"SystemTime": "2021-03-03T06:12:43.901234Z"}},
            "EventRecordID": "41",
            "Channel": "MSExchange Management",
            "Computer": "EX01.contoso.test",
            "Security": {"#attributes": {"UserID": "S-1-5-18"}},
        },
        "EventData": {"Näme & <x>": 'a "b" <c>\n\N{GRINNING FACE}', "Empty": ""},
    }


def test_a_time_in_another_zone_is_written_as_utc() -> None:
    east = replace(RECORD, time=datetime(2021, 3, 3, 8, tzinfo=timezone(timedelta(hours=2))))

    (event,) = read(write_evtx([east]))

    system = event["System"]
    assert isinstance(system, dict)
    assert system["TimeCreated"] == {"#attributes": {"SystemTime": "2021-03-03T06:00:00.000000Z"}}


def test_many_records_go_into_as_many_chunks_as_needed() -> None:
    data = write_evtx(replace(RECORD, record_id=number) for number in range(1, 501))

    assert len(data) > FILE_HEADER_BYTES + CHUNK_BYTES
    assert (len(data) - FILE_HEADER_BYTES) % CHUNK_BYTES == 0
    ids = [event["System"]["EventRecordID"] for event in read(data)]  # type: ignore[index]  # JSON is not typed
    assert [str(number) for number in range(1, 501)] == ids


def test_a_file_without_records_is_a_header() -> None:
    assert len(write_evtx([])) == FILE_HEADER_BYTES


@pytest.mark.parametrize("length", [31_000, 70_000])
def test_a_record_that_fits_no_chunk_is_refused(length: int) -> None:
    two = (("a", "x" * length), ("b", "y" * length))

    with pytest.raises(ValueError, match="does not fit into a chunk"):
        write_evtx([replace(RECORD, data=two)])


@given(st.lists(st.tuples(st.none(), TEXT), min_size=2, max_size=8))
def test_any_text_comes_back_in_its_order(data: list[tuple[None, str]]) -> None:
    (event,) = read(write_evtx([replace(RECORD, data=data)]))

    assert event["EventData"] == {"Data": {"#text": [text for _, text in data]}}
