from __future__ import annotations

import random
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.collect.deflating import LEVEL, deflated
from tocsin.evidence.collection import Limits

MIB = 2**20
ROW = b"2021-03-03 04:05:06 10.0.0.1 GET /owa/auth/logon.aspx - 443 - 203.0.113.66 200 0 0 15\r\n"


def packed(blocks: list[bytes], workers: int = 2) -> bytes:
    with ThreadPoolExecutor(workers) as pool:
        return b"".join(deflated(blocks, pool, workers))


@given(st.lists(st.binary(max_size=200)), st.integers(1, 4))
def test_any_blocks_come_out_as_one_stream(blocks: list[bytes], workers: int) -> None:
    assert b"".join(blocks) == zlib.decompress(packed(blocks, workers), -15)


def test_nothing_is_a_stream_too() -> None:
    assert b"" == zlib.decompress(packed([]), -15)


def test_the_bytes_do_not_depend_on_the_number_of_processors() -> None:
    dice = random.Random(1)
    blocks = [dice.randbytes(500) * 2000 for _ in range(9)]
    assert packed(blocks, 1) == packed(blocks, 2) == packed(blocks, 4)


def test_little_is_lost_against_packing_in_one_go() -> None:
    dice = random.Random(1)
    text = b"".join(ROW.replace(b"15\r", b"%d\r" % dice.randrange(9999)) for _ in range(60_000))
    blocks = [text[at : at + MIB] for at in range(0, len(text), MIB)]
    assert len(packed(blocks)) < 1.05 * len(zlib.compress(text, LEVEL))


@pytest.mark.parametrize("block", [bytes(MIB), ROW * (MIB // len(ROW))])
def test_what_packs_too_well_never_looks_like_a_bomb(block: bytes) -> None:
    limits = Limits()
    out = plain = 0
    inflater = zlib.decompressobj(-15)
    with ThreadPoolExecutor(2) as pool:
        for data in deflated([block] * 150, pool, 2):
            out += len(data)
            plain += len(inflater.decompress(data))
            assert plain <= max(limits.ratio_from_bytes, limits.ratio * out)
    assert 150 * len(block) == plain
