"""minisign's format: what the real thing writes is read, and nothing else is believed."""

from __future__ import annotations

import base64
import hashlib

import minisign  # type: ignore[import-untyped]  # it ships no types, and is an oracle only
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.knowledge.bundles import Signer
from tocsin.errors import KnowledgeError
from tocsin.knowledge.signature import Voucher, read_key, read_signature, verify

SIGNER = Signer()
OTHER = Signer()
CONTENT = b"facts with their sources\n" * 20


def vouched(content: bytes, signature: bytes, *signers: Signer) -> Voucher:
    keys = [signer.key for signer in signers or (SIGNER,)]
    return verify(content, read_signature(signature, "s.minisig"), keys, where="knowledge.tar")


@pytest.mark.parametrize("prehashed", [True, False])
def test_both_kinds_of_signature_are_verified(prehashed: bool) -> None:
    voucher = vouched(CONTENT, SIGNER.sign(CONTENT, prehashed=prehashed), OTHER, SIGNER)
    assert ("knowledge for tests", SIGNER.key) == (voucher.comment, voucher.key)


@pytest.mark.parametrize("prehashed", [True, False])
def test_what_another_implementation_signs_is_verified(prehashed: bool) -> None:
    pair = minisign.KeyPair.generate()
    signed = pair.secret_key.sign(CONTENT, prehash=prehashed, trusted_comment="of December")
    key = read_key(bytes(pair.public_key), "their.pub")
    voucher = verify(CONTENT, read_signature(bytes(signed), "s"), [key], where="k")
    assert "of December" == voucher.comment


@pytest.mark.parametrize("prehashed", [True, False])
def test_another_implementation_verifies_what_the_tests_sign(prehashed: bool) -> None:
    public = minisign.PublicKey.from_bytes(SIGNER.public_file())
    signature = minisign.Signature.from_bytes(SIGNER.sign(CONTENT, prehashed=prehashed))
    public.verify(CONTENT, signature)
    with pytest.raises(minisign.VerifyError):
        public.verify(CONTENT + b"x", signature)


def test_a_key_may_be_its_line_alone_and_have_the_line_ends_of_windows() -> None:
    line = SIGNER.public_file().splitlines()[1]
    assert SIGNER.key.key == read_key(line, "k").key
    assert SIGNER.key.key == read_key(SIGNER.public_file().replace(b"\n", b"\r\n"), "k").key


def test_the_id_is_printed_as_minisign_prints_it() -> None:
    key = Signer(id=bytes.fromhex("fc3ce525360116c9")).key
    assert "C916013625E53CFC" == key.name


def test_a_key_that_is_not_trusted_is_named() -> None:
    with pytest.raises(KnowledgeError, match=f"key {SIGNER.key.name}, which you do not trust"):
        vouched(CONTENT, SIGNER.sign(CONTENT), OTHER)
    with pytest.raises(KnowledgeError, match="do not trust"):
        verify(CONTENT, read_signature(SIGNER.sign(CONTENT), "s"), [], where="k")


def test_another_key_under_the_same_id_vouches_for_nothing() -> None:
    twin = Signer(id=SIGNER.id)
    with pytest.raises(KnowledgeError, match="does not fit"):
        vouched(CONTENT, twin.sign(CONTENT))
    assert SIGNER.key == vouched(CONTENT, SIGNER.sign(CONTENT), twin, SIGNER).key


def test_a_changed_trusted_comment_is_refused() -> None:
    signed = SIGNER.sign(CONTENT, comment=b"version 1").replace(b"version 1", b"version 2")
    with pytest.raises(KnowledgeError, match="trusted comment was changed"):
        vouched(CONTENT, signed)


def test_control_marks_in_a_comment_reach_no_terminal() -> None:
    voucher = vouched(CONTENT, SIGNER.sign(CONTENT, comment=b"a\x1b[31mb\xff"))
    assert "a\\x1b[31mb\\xff" == voucher.comment


@given(place=st.integers(0, len(CONTENT) - 1), flip=st.integers(1, 255), prehashed=st.booleans())
def test_no_byte_of_the_content_may_change(place: int, flip: int, prehashed: bool) -> None:
    changed = bytearray(CONTENT)
    changed[place] ^= flip
    with pytest.raises(KnowledgeError):
        vouched(bytes(changed), SIGNER.sign(CONTENT, prehashed=prehashed))


SIGNED = SIGNER.sign(CONTENT)
FREE = len(SIGNED.splitlines()[0])
"""The untrusted comment may say anything; that is its name."""


@given(place=st.integers(FREE, len(SIGNED) - 1), flip=st.integers(1, 255))
def test_no_byte_of_the_signature_may_change(place: int, flip: int) -> None:
    changed = bytearray(SIGNED)
    changed[place] ^= flip
    if changed.replace(b"\r", b"").rstrip(b"\n") == SIGNED.rstrip(b"\n"):
        return  # only how lines end
    with pytest.raises(KnowledgeError):
        vouched(CONTENT, bytes(changed))


@given(end=st.integers(0, len(SIGNED) - 2))
def test_a_cut_signature_is_refused(end: int) -> None:
    with pytest.raises(KnowledgeError):
        vouched(CONTENT, SIGNED[:end])


@given(st.binary(max_size=300))
def test_any_bytes_are_a_key_or_a_signature_or_an_error_of_ours(content: bytes) -> None:
    for read in (read_key, read_signature):
        with pytest.raises(KnowledgeError):
            read(content, "k")


def test_more_lines_and_long_files_are_refused() -> None:
    for content in (SIGNED + b"more\n", SIGNED + b"\n", SIGNED + b"x" * 20_000):
        with pytest.raises(KnowledgeError):
            read_signature(content, "s")


@pytest.mark.parametrize("kind", [b"ED", b"Xx"])
def test_a_key_of_another_kind_is_refused(kind: bytes) -> None:
    raw = kind + SIGNER.id + hashlib.sha256(b"").digest()
    with pytest.raises(KnowledgeError, match="not Ed25519"):
        read_key(base64.b64encode(raw), "k")
