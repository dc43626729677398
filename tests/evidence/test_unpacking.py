from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tocsin.evidence.damage import MemberError
from tocsin.evidence.unpacking import Codec, unpacked
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Callable

PACKERS: dict[Codec, Callable[[bytes], bytes]] = {
    Codec.GZIP: gzip.compress,
    Codec.BZIP2: bz2.compress,
    Codec.XZ: lzma.compress,
    Codec.ZSTD: zstandard.ZstdCompressor(write_checksum=True).compress,
}
CODECS = st.sampled_from(list(Codec))


@given(CODECS, st.lists(st.binary(max_size=2_000), min_size=1, max_size=4), st.integers(1, 5_000))
def test_streams_in_a_row_come_out_as_one_whatever_the_step(
    codec: Codec, parts: list[bytes], step: int
) -> None:
    packed = b"".join(PACKERS[codec](part) for part in parts)
    with unpacked(io.BytesIO(packed), codec) as stream:
        out = b""
        while chunk := stream.read(step):
            out += chunk
    assert b"".join(parts) == out


@pytest.mark.parametrize("codec", Codec)
def test_a_cut_off_stream_gives_what_is_there_and_says_truncated(codec: Codec) -> None:
    data = os.urandom(2_000_000)
    packed = PACKERS[codec](data)
    out = b""
    with unpacked(io.BytesIO(packed[: len(packed) * 3 // 4]), codec) as stream:
        with suppress(MemberError):
            while chunk := stream.read1(1_000):
                out += chunk
        with pytest.raises(MemberError) as caught:
            stream.read1(1_000)
    assert ProblemCode.TRUNCATED is caught.value.code
    assert data[: len(out)] == out
    assert len(out) > 500_000


@pytest.mark.parametrize("codec", Codec)
def test_damage_says_bad_member_and_stays(codec: Codec) -> None:
    packed = bytearray(PACKERS[codec](b"line\n" * 100_000 + os.urandom(100_000)))
    middle = len(packed) // 2
    packed[middle : middle + 2_000] = b"\xff" * 2_000
    with unpacked(io.BytesIO(bytes(packed)), codec) as stream:
        with suppress(MemberError):
            while stream.read1(10_000):
                pass
        with pytest.raises(MemberError) as caught:
            stream.read1(10_000)
    assert ProblemCode.BAD_MEMBER is caught.value.code


@given(CODECS, st.binary(max_size=500))
def test_any_bytes_end_in_content_or_in_an_error_of_ours(codec: Codec, data: bytes) -> None:
    with unpacked(io.BytesIO(data), codec) as stream:
        try:
            stream.read()
        except MemberError as error:
            assert error.code in (ProblemCode.BAD_MEMBER, ProblemCode.TRUNCATED)  # noqa: PT017 both ways are right


def test_an_xz_file_that_asks_for_gigabytes_of_memory_is_refused() -> None:
    packed = lzma.compress(b"x", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 3 * 2**29}])
    with unpacked(io.BytesIO(packed), Codec.XZ) as stream, pytest.raises(MemberError):
        stream.read()


def test_a_zstd_frame_that_asks_for_gigabytes_of_memory_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=31)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = packer.compress(b"x") + packer.flush()
    with unpacked(io.BytesIO(packed), Codec.ZSTD) as stream, pytest.raises(MemberError):
        stream.read()
