"""The file version of a program, against a reader that others trust."""

from __future__ import annotations

import pefile  # type: ignore[import-untyped]  # it has no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.version_resource import NoVersionError, file_version
from tocsin.events.version_writer import write_versioned

part = st.integers(min_value=0, max_value=65535)


@given(parts=st.tuples(part, part, part, part))
def test_any_version_is_read_as_it_was_written(parts: tuple[int, ...]) -> None:
    version = ".".join(map(str, parts))
    found = file_version(write_versioned(version))
    assert (version, version) == (found.file, found.product)


def test_pefile_reads_the_same() -> None:
    fixed = pefile.PE(data=write_versioned("15.2.1118.7")).VS_FIXEDFILEINFO[0]
    numbers = (fixed.FileVersionMS, fixed.FileVersionLS)
    assert (15 << 16 | 2, 1118 << 16 | 7) == numbers


@given(data=st.binary(max_size=2000))
def test_other_bytes_have_no_version(data: bytes) -> None:
    with pytest.raises(NoVersionError):
        file_version(b"MZ" + data)


@given(at=st.integers(min_value=0, max_value=1023), value=st.integers(0, 255))
def test_a_damaged_byte_never_raises_anything_else(at: int, value: int) -> None:
    data = bytearray(write_versioned("15.1.2106.13"))
    data[at] = value
    try:
        file_version(bytes(data))
    except NoVersionError:
        return


@given(length=st.integers(min_value=0, max_value=600))
def test_a_file_that_was_cut_has_no_version(length: int) -> None:
    with pytest.raises(NoVersionError):
        file_version(write_versioned("15.1.2106.13")[:length])
