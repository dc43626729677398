"""Signatures in minisign's format: Ed25519 over a file, and over the comment that goes with it.

Source: minisign, "Minisign: signature format" and "Public key format", jedisct1.github.io/minisign
(Frank Denis); RFC 8032 for Ed25519; RFC 7693 for BLAKE2b.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tocsin.errors import KnowledgeError

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLAIN, _PREHASHED = b"Ed", b"ED"
_ID_BYTES, _KEY_BYTES, _SIGNATURE_BYTES = 8, 32, 64
_UNTRUSTED, _TRUSTED = b"untrusted comment: ", b"trusted comment: "
_LONGEST_BYTES = 16_384
"""No key or signature is longer; minisign itself stops at 8 KiB for a comment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key that may vouch for knowledge; `where` is the file that it was read from."""

    id: bytes
    key: bytes
    where: str

    @property
    def name(self) -> str:
        """The id as minisign prints it."""
        return _printed(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a ``.minisig`` file holds, not verified yet."""

    prehashed: bool
    key_id: bytes
    signature: bytes
    trusted_comment: bytes
    global_signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """What a verified signature says: which key made it, and its comment (control marks shown)."""

    key: PublicKey
    comment: str


def read_key(content: bytes, where: str) -> PublicKey:
    """A public key file, or the line of base64 alone. Raises `KnowledgeError`."""
    lines = _lines(content, where)
    if len(lines) == 2 and lines[0].startswith(_UNTRUSTED):
        lines = lines[1:]
    if len(lines) != 1:
        raise KnowledgeError(
            "is no minisign public key: one line of base64 is expected", where=where
        )
    raw = _decoded(lines[0], 2 + _ID_BYTES + _KEY_BYTES, where)
    if raw[:2] != _PLAIN:
        raise KnowledgeError("is a key of a kind that is not Ed25519", where=where)
    return PublicKey(id=raw[2 : 2 + _ID_BYTES], key=raw[2 + _ID_BYTES :], where=where)


def read_signature(content: bytes, where: str) -> Signature:
    """A ``.minisig`` file. Raises `KnowledgeError`; says nothing about whether it is right."""
    lines = _lines(content, where)
    if len(lines) != 4 or not lines[0].startswith(_UNTRUSTED) or not lines[2].startswith(_TRUSTED):
        raise KnowledgeError("is no minisign signature, or only a part of one", where=where)
    raw = _decoded(lines[1], 2 + _ID_BYTES + _SIGNATURE_BYTES, where)
    if raw[:2] not in (_PLAIN, _PREHASHED):
        raise KnowledgeError("is a signature of a kind that is not Ed25519", where=where)
    return Signature(
        prehashed=raw[:2] == _PREHASHED,
        key_id=raw[2 : 2 + _ID_BYTES],
        signature=raw[2 + _ID_BYTES :],
        trusted_comment=lines[2].removeprefix(_TRUSTED),
        global_signature=_decoded(lines[3], _SIGNATURE_BYTES, where),
    )


def verify(
    content: bytes, signature: Signature, keys: Iterable[PublicKey], *, where: str
) -> Voucher:
    """Check both signatures with the trusted key that has the signature's id.

    Raises `KnowledgeError` where no trusted key has it, or the content or the trusted comment is
    not what was signed.
    """
    named = [key for key in keys if key.id == signature.key_id]
    if not named:
        raise KnowledgeError(
            f"is signed with the key {_printed(signature.key_id)}, which you do not trust",
            where=where,
        )
    signed = blake2b(content).digest() if signature.prehashed else content
    for key in named:
        if _right(key, signature.signature, signed):
            if not _right(
                key, signature.global_signature, signature.signature + signature.trusted_comment
            ):
                raise KnowledgeError("its trusted comment was changed after signing", where=where)
            return Voucher(key=key, comment=_shown(signature.trusted_comment))
    raise KnowledgeError(
        "the signature does not fit: the file is damaged, or is not what was signed", where=where
    )


def _right(key: PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _lines(content: bytes, where: str) -> list[bytes]:
    if len(content) > _LONGEST_BYTES:
        raise KnowledgeError("is too long for a key or a signature", where=where)
    ended = content.removesuffix(b"\n")
    return [line.removesuffix(b"\r") for line in ended.split(b"\n")]


def _decoded(line: bytes, size: int, where: str) -> bytes:
    try:
        raw = base64.b64decode(line, validate=True)
    except binascii.Error as error:
        raise KnowledgeError(f"is not base64: {error}", where=where) from error
    # One spelling only: bits that base64 ignores would be bytes that nobody vouched for.
    if len(raw) != size or base64.b64encode(raw) != line:
        raise KnowledgeError(f"needs {size} bytes in base64", where=where)
    return raw


def _printed(key_id: bytes) -> str:
    return f"{int.from_bytes(key_id, 'little'):016X}"


def _shown(comment: bytes) -> str:
    # minisign's own comments hold tabs.
    text = comment.decode("utf-8", "backslashreplace").replace("\t", " ")
    return "".join(mark if mark.isprintable() else f"\\x{ord(mark):02x}" for mark in text)
