"""Prepared Sigma files, from the cache where their text was seen before.

One blob holds all files of one place (a pack; a file or folder that the user named), and in it
each file under the hash of its text: where one file of thousands changed, one is prepared.
"""

from __future__ import annotations

import hashlib
import sys
import unicodedata
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import tocsin
from tocsin.matching.cache import key_of
from tocsin.matching.sigma.document import SigmaFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tocsin.matching.cache import RuleCache

_DECIDING = ("google-re2", "msgspec", "pysigma", "pyyaml")
"""Packages that decide what becomes of a text, beside ours and Python."""
_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
_BLOB = msgspec.msgpack.Decoder(dict[str, bytes])
_FILE = msgspec.msgpack.Decoder(SigmaFile)


def prepared(place: str, texts: Iterable[str], kept: RuleCache | None) -> list[SigmaFile]:
    """The files with these texts. `place` says only where in `kept` to look for them."""
    key = key_of(makers(), place)
    before = _blob(kept.load(key)) if kept is not None else {}
    now: dict[str, bytes] = {}
    found: list[SigmaFile] = []
    for text in texts:
        digest = hashlib.sha256(text.encode()).hexdigest()
        packed = before.get(digest)
        file = None if packed is None else from_bytes(packed)
        if packed is None or file is None:
            file = _prepare(text)
            packed = to_bytes(file)
        if packed is not None:
            now[digest] = packed
        found.append(file)
    if kept is not None and now != before:
        kept.store(key, _ENCODER.encode(now))
    return found


def _prepare(text: str) -> SigmaFile:
    from tocsin.matching.sigma.prepare import prepare  # noqa: PLC0415 - pySigma is slow to import

    return prepare(text)


def _blob(content: bytes | None) -> dict[str, bytes]:
    if content is None:
        return {}
    try:
        return _BLOB.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, MemoryError):
        return {}


def from_bytes(packed: bytes) -> SigmaFile | None:
    """The file that `to_bytes` packed; None where it was something else."""
    try:
        return _FILE.decode(packed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, MemoryError):
        return None


def to_bytes(file: SigmaFile) -> bytes | None:
    """The file as bytes; None for what MessagePack cannot say, such as a very large number."""
    try:
        return _ENCODER.encode(file)
    except (OverflowError, RecursionError, TypeError, ValueError):
        return None


@cache
def makers() -> str:
    """What decides, beside its text, what becomes of a file: another maker, another blob."""
    parts = [tocsin.__version__, *map(str, sys.version_info[:3]), unicodedata.unidata_version]
    parts += [f"{name} {metadata.version(name)}" for name in _DECIDING]
    try:
        # Whoever works on this package must not be shown what its former self made.
        parts += [
            hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(Path(__file__).parent.rglob("*.py"))
        ]
    except OSError:
        parts.append("sources unreadable")
    return key_of(*parts)
