from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.evidence.archives import LOG, ZipMember, raw_zip, saved
from tocsin.evidence.manifest import HashingStream, sha256_of
from tocsin.evidence.open import open_collection

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.evidence.collection import Member


def members(source: Path) -> list[Member]:
    return list(open_collection(source).members())


def test_a_member_has_the_hash_that_any_tool_gives(tmp_path: Path) -> None:
    with open_collection(saved(tmp_path, LOG)) as collection:
        (member,) = collection.members()
        digest = sha256_of(member)
    assert (len(LOG), hashlib.sha256(LOG).hexdigest()) == (digest.size_bytes, digest.sha256)


def test_lines_are_read_and_hashed_at_once() -> None:
    stream = HashingStream(io.BytesIO(LOG))
    assert LOG.splitlines(keepends=True) == list(stream)
    assert hashlib.sha256(LOG).hexdigest() == stream.finish().sha256


def test_other_digests_are_taken_where_they_are_asked_for() -> None:
    stream = HashingStream(io.BytesIO(LOG), others=("sha1", "md5"))
    digests = {name: hashlib.new(name, LOG).hexdigest() for name in ("md5", "sha1")}
    assert digests == stream.finish().others


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(0, 700_000)),
        st.tuples(st.just("seek"), st.integers(0, 900_000)),
        st.tuples(st.just("readline"), st.just(0)),
    ),
    max_size=8,
)


@given(moves=MOVES)
def test_however_a_reader_moves_each_byte_is_hashed_once(moves: list[tuple[str, int]]) -> None:
    content = b"".join(b"%d\n" % number for number in range(100_000))
    plain = io.BytesIO(content)
    heard: list[int] = []
    stream = HashingStream(io.BytesIO(content), heard.append)
    for name, value in moves:
        if name == "seek":
            assert plain.seek(value) == stream.seek(value)
        elif name == "read":
            assert plain.read(value) == stream.read(value)
        else:
            assert plain.readline() == stream.readline()
    digest = stream.finish()

    assert hashlib.sha256(content).hexdigest() == digest.sha256
    assert len(content) == digest.size_bytes == sum(heard)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_the_same_holds_over_a_member_that_is_unpacked_meanwhile(
    tmp_path: Path, moves: list[tuple[str, int]]
) -> None:
    content = b"".join(b"%d\n" % number for number in range(100_000))
    plain = io.BytesIO(content)
    source = saved(tmp_path, raw_zip(ZipMember(name=b"x", data=content)).all())
    with open_collection(source) as collection:
        (member,) = collection.members()
        with HashingStream(member.open()) as stream:
            for name, value in moves:
                if name == "seek":
                    assert plain.seek(value) == stream.seek(value)
                elif name == "read":
                    assert plain.read(value) == stream.read(value)
                else:
                    assert plain.readline() == stream.readline()
            assert hashlib.sha256(content).hexdigest() == stream.finish().sha256


def test_a_reader_that_stops_at_once_costs_no_hash() -> None:
    stream = HashingStream(io.BytesIO(LOG))
    assert hashlib.sha256(LOG).hexdigest() == stream.finish().sha256


def test_damage_is_told_when_the_hash_is_asked_for_and_lines_before_it_are_read(
    tmp_path: Path,
) -> None:
    source = saved(tmp_path, raw_zip(ZipMember(name=b"x", crc=1)).all())
    with open_collection(source) as collection:
        (member,) = collection.members()
        with HashingStream(member.open()) as stream:
            assert LOG.splitlines(keepends=True) == list(stream)
            with pytest.raises(OSError, match="checksum"):
                stream.finish()
            assert len(LOG) == stream.hashed_bytes


def test_closing_closes_what_was_wrapped() -> None:
    inner = io.BytesIO(LOG)
    with HashingStream(inner):
        assert not inner.closed
    assert inner.closed
