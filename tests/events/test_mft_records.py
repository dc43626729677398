import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.mft_records import filetime, read_record, record_size
from tocsin.events.mft_writer import MftEntry, write_mft

AT = datetime(2021, 3, 3, 6, 12, 44, 123456, tzinfo=UTC)
LATER = datetime(2021, 3, 4, tzinfo=UTC)
ENTRY = MftEntry(
    entry=6,
    name="sample.aspx",
    parent=9,
    parent_sequence=3,
    sequence=7,
    created=AT,
    modified=LATER,
    name_created=LATER,
    content=b"hello",
    in_use=False,
)


def record(entry: MftEntry = ENTRY) -> bytearray:
    return bytearray(write_mft([entry])[-1024:])


def test_a_record_gives_name_folder_times_and_small_content() -> None:
    found = read_record(bytes(record()))

    assert (7, False, False, 0) == (found.sequence, found.in_use, found.is_directory, found.base)
    assert found.name is not None
    assert ("sample.aspx", 9, 3) == (
        found.name.name,
        found.name.parent,
        found.name.parent_sequence,
    )
    assert found.times is not None
    assert (AT, LATER) == (filetime(found.times[0]), filetime(found.times[1]))
    assert LATER == filetime(found.name.times[0])
    assert (5, b"hello") == (found.size_bytes, found.content)


def test_the_size_of_content_elsewhere_is_read() -> None:
    large = MftEntry(entry=6, name="x", created=AT, size_bytes=2**40)

    found = read_record(bytes(record(large)))

    assert (2**40, None) == (found.size_bytes, found.content)


def test_a_torn_write_is_refused() -> None:
    damaged = record()
    damaged[510] ^= 1

    with pytest.raises(ValueError, match="sector 1"):
        read_record(bytes(damaged))


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (0, b"BAAD", "damaged by the system"),
        (0, b"XXXX", "no record"),
        (6, b"\x09\x00", "fix-ups"),
        (56 + 4, struct.pack("<I", 0), "does not fit"),
        (56 + 4, struct.pack("<I", 2**31), "does not fit"),
        (56 + 16, struct.pack("<I", 9999), "value"),
        (24, struct.pack("<I", 56), "no end"),
    ],
)
def test_damage_is_refused_with_its_reason(at: int, value: bytes, message: str) -> None:
    damaged = record()
    damaged[at : at + len(value)] = value

    with pytest.raises(ValueError, match=message):
        read_record(bytes(damaged))


@pytest.mark.parametrize(
    ("stated", "expected"), [(1024, 1024), (4096, 4096), (0, 1024), (1000, 1024), (2**31, 1024)]
)
def test_the_size_of_records_is_what_the_first_one_states(stated: int, expected: int) -> None:
    first = record()
    struct.pack_into("<I", first, 28, stated)

    assert expected == record_size(bytes(first))


def test_the_size_of_records_of_something_else_is_the_usual_one() -> None:
    assert 1024 == record_size(b"FILE")
    assert 1024 == record_size(bytes(100))


@pytest.mark.parametrize(
    ("value", "expected"), [(0, None), (2**64 - 1, None), (132592255641234560, AT)]
)
def test_times_that_no_calendar_has_are_none(value: int, expected: datetime | None) -> None:
    assert expected == filetime(value)


@given(st.lists(st.tuples(st.integers(4, 1023), st.integers(0, 255)), max_size=20))
def test_any_damage_is_read_or_refused(changes: list[tuple[int, int]]) -> None:
    damaged = record()
    for at, value in changes:
        damaged[at] = value
    try:
        read_record(bytes(damaged))
    except ValueError as error:
        assert str(error)  # noqa: PT017 - being refused is one of two right answers
