import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mft import PyMftParser

from tocsin.events.mft_writer import MftEntry, write_mft

AT = datetime(2021, 3, 3, 6, 12, 44, tzinfo=UTC)
ENTRIES = (
    MftEntry(entry=30, name="inetpub", created=AT, is_directory=True),
    MftEntry(entry=31, name="wwwroot", parent=30, created=AT, is_directory=True),
    MftEntry(entry=32, name="Übung.aspx", parent=31, created=AT, content=b"hello", in_use=False),
    MftEntry(entry=33, name="big.log", parent=31, created=AT, size_bytes=5_000_000_000),
)


def read(data: bytes) -> dict[int, tuple[str, int]]:
    """What an independent reader finds: path and size by entry."""
    return {
        entry.entry_id: (entry.full_path, entry.file_size)
        for entry in PyMftParser(io.BytesIO(data)).entries()
    }


def test_an_independent_reader_finds_every_path_and_size() -> None:
    found = read(write_mft(ENTRIES))

    assert ("inetpub/wwwroot/Übung.aspx", 5) == found[32]
    assert ("inetpub/wwwroot/big.log", 5_000_000_000) == found[33]
    assert {0, 5, 30, 31, 32, 33} == found.keys()


def test_the_table_has_a_place_for_every_number() -> None:
    data = write_mft(ENTRIES)

    assert 34 * 1024 == len(data)
    assert bytes(1024) == data[6 * 1024 : 7 * 1024]


def test_an_entry_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="entry 6 does not fit"):
        write_mft([MftEntry(entry=6, name="x" * 255, created=AT, content=bytes(600))])


@given(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="/\\\0"),
        min_size=1,
        max_size=60,
    ),
    st.binary(max_size=300),
)
def test_any_name_and_content_is_well_formed(name: str, content: bytes) -> None:
    found = read(write_mft([MftEntry(entry=6, name=name, created=AT, content=content)]))

    assert len(content) == found[6][1]
