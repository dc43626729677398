import io
import struct
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tocsin.events.evtx_frames import (
    CHUNK_BYTES,
    FILE_HEADER_BYTES,
    FREE_SPACE_AT,
    RECORDS_START,
    Frame,
    frames,
    pieces,
    records_end,
)
from tocsin.events.evtx_writer import EvtxRecord, write_evtx

RECORD = EvtxRecord(
    channel="Application",
    provider="P",
    event_id=1,
    time=datetime(2021, 3, 3, tzinfo=UTC),
    record_id=1,
    computer="EX01",
    data=((None, "some text"),),
)


def chunk_of(records: int) -> bytearray:
    data = write_evtx(replace(RECORD, record_id=number) for number in range(1, records + 1))
    return bytearray(data[FILE_HEADER_BYTES:])


def ids(found: list[Frame]) -> list[int | None]:
    return [frame.record_id for frame in found if frame.is_record]


def test_every_record_of_a_whole_chunk_is_found() -> None:
    found = frames(bytes(chunk_of(5)))

    assert [1, 2, 3, 4, 5] == ids(found)
    assert all(frame.is_record for frame in found)


def test_a_broken_size_costs_one_record_and_is_one_unit() -> None:
    chunk = chunk_of(5)
    second = frames(bytes(chunk))[1]
    struct.pack_into("<I", chunk, second.offset + 4, 0xFFFFFFFF)

    found = frames(bytes(chunk))

    assert [1, 3, 4, 5] == ids(found)
    assert [(second.offset, 2)] == [(f.offset, f.record_id) for f in found if not f.is_record]


def test_a_lost_signature_costs_one_record_whose_number_is_not_known() -> None:
    chunk = chunk_of(3)
    chunk[RECORDS_START] = 0

    found = frames(bytes(chunk))

    assert [None, 2, 3] == [frame.record_id for frame in found]
    assert [False, True, True] == [frame.is_record for frame in found]


def test_a_damaged_header_hides_no_record() -> None:
    chunk = chunk_of(4)
    struct.pack_into("<I", chunk, FREE_SPACE_AT, 0)

    assert CHUNK_BYTES == records_end(bytes(chunk))
    assert [1, 2, 3, 4] == ids(frames(bytes(chunk)))


def test_left_overs_behind_the_end_are_not_records() -> None:
    chunk = chunk_of(2)
    end = records_end(bytes(chunk))
    first = frames(bytes(chunk))[0]
    chunk[end : end + first.size] = chunk[first.offset : first.offset + first.size]

    assert [1, 2] == ids(frames(bytes(chunk)))


@pytest.mark.parametrize("missing", [1, 100, 600])
def test_the_cut_end_of_a_chunk_is_one_unit(missing: int) -> None:
    chunk = chunk_of(5)
    end = records_end(bytes(chunk))

    found = frames(bytes(chunk[: end - missing]))

    assert [False, True] == [found[-2].cut, found[-1].cut]
    assert not found[-1].is_record


def test_a_cut_between_two_records_is_told_too() -> None:
    chunk = chunk_of(3)
    last = frames(bytes(chunk))[-1]

    found = frames(bytes(chunk[: last.offset]))

    assert [1, 2] == ids(found)
    assert found[-1].cut


def test_chunks_are_found_around_other_bytes_and_padding() -> None:
    header = write_evtx([])
    chunk = bytes(chunk_of(1))
    data = header + chunk + bytes(CHUNK_BYTES) + b"noise" + chunk + bytes(300)

    found = list(pieces(io.BytesIO(data)))

    first, noise, second = found
    assert (FILE_HEADER_BYTES, chunk) == (first.offset, first.chunk)
    assert noise.chunk is None
    assert noise.offset + noise.length == second.offset
    assert chunk == second.chunk


def test_a_file_of_nothing_but_padding_has_no_pieces() -> None:
    assert [] == list(pieces(io.BytesIO(write_evtx([]) + bytes(3 * CHUNK_BYTES))))
    assert [] == list(pieces(io.BytesIO(b"")))


def test_a_cut_file_header_is_one_piece_without_a_chunk() -> None:
    (piece,) = pieces(io.BytesIO(write_evtx([])[:1000]))

    assert (0, 1000, None) == (piece.offset, piece.length, piece.chunk)


def test_a_chunk_signature_that_two_reads_share_is_seen() -> None:
    header = write_evtx([])
    noise = b"\x01" * (CHUNK_BYTES - 3)
    data = header + noise + bytes(chunk_of(1))

    lost, piece = pieces(io.BytesIO(data))

    assert len(noise) == lost.length
    assert piece.chunk is not None
    assert [1] == ids(frames(piece.chunk))
