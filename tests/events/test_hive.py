"""Registry hives: what we write, both we and another reader understand; damage never loops."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from regipy.registry import RegistryHive

from tocsin.events.hive import Hive, HiveError
from tocsin.events.hive_writer import NewKey, write_hive

if TYPE_CHECKING:
    from pathlib import Path

WRITTEN = datetime(2021, 3, 4, 22, 15, tzinfo=UTC)
LEAF = NewKey(written=WRITTEN, values={"Text": "fünf", "Number": 5})
DATA = write_hive(
    NewKey(
        written=WRITTEN,
        keys={
            "First": NewKey(written=WRITTEN, keys={f"Key{n:03}": LEAF for n in range(300)}),
            "Second": LEAF,
        },
    )
)


def opened(data: bytes = DATA) -> Hive:
    return Hive(io.BytesIO(data))


def test_a_key_is_found_whatever_its_case() -> None:
    hive = opened()
    key = hive.find("FIRST\\key299")
    assert key is not None
    assert ("Key299", WRITTEN) == (key.name, key.written)
    assert {"text": "fünf", "number": "5"} == hive.values(key)


def test_a_key_that_is_not_there_is_none() -> None:
    assert opened().find("First\\Nowhere\\Below") is None


def test_another_reader_sees_the_same(tmp_path: Path) -> None:
    file = tmp_path / "SOFTWARE"
    file.write_bytes(DATA)
    hive = RegistryHive(str(file))  # type: ignore[no-untyped-call]  # it has no types
    key = hive.get_key("\\First\\Key007")  # type: ignore[no-untyped-call]  # as above
    assert {"Text": "fünf", "Number": 5} == {one.name: one.value for one in key.iter_values()}


def test_a_hive_with_changes_in_its_logs_says_so() -> None:
    data = bytearray(DATA)
    struct.pack_into("<I", data, 4, 2)
    assert (False, True) == (opened().is_dirty, opened(bytes(data)).is_dirty)


@pytest.mark.parametrize("data", [b"", b"regf", DATA[:4096], b"MZ" * 4096])
def test_what_is_no_hive_or_ends_before_its_root_is_refused(data: bytes) -> None:
    with pytest.raises(HiveError):
        opened(data)


def walked(hive: Hive) -> int:
    seen = 0
    for key in hive.subkeys(hive.root):
        hive.values(key)
        seen += 1 + sum(1 for below in hive.subkeys(key) if hive.values(below) is not None)
    return seen


@given(st.lists(st.tuples(st.integers(4096, len(DATA) - 1), st.integers(0, 255)), max_size=20))
def test_damage_never_raises_and_never_loops(changes: list[tuple[int, int]]) -> None:
    data = bytearray(DATA)
    for at, value in changes:
        data[at] = value
    try:
        hive = opened(bytes(data))
    except HiveError:
        return
    assert walked(hive) < 100_000


def test_lists_that_point_to_themselves_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.events.hive._KEYS", 1000)
    data = bytearray(DATA)
    at = data.find(b"lh\x02\x00")
    data[at : at + 2] = b"ri"
    struct.pack_into("<2I", data, at + 4, *(2 * [at - 4 - 4096]))
    hive = opened(bytes(data))
    assert 0 == walked(hive)
