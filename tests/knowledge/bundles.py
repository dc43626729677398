"""Signed bundles for tests: a throw-away key pair for each run, and a small sound knowledge."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tocsin.knowledge.bundle import write_bundle
from tocsin.knowledge.root import BUILTIN
from tocsin.knowledge.signature import PublicKey, read_key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Signs as minisign does, written apart from the code under test."""

    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    id: bytes = field(default_factory=lambda: os.urandom(8))

    def public_file(self) -> bytes:
        raw = b"Ed" + self.id + self.private.public_key().public_bytes_raw()
        return b"untrusted comment: minisign public key\n" + base64.b64encode(raw) + b"\n"

    @property
    def key(self) -> PublicKey:
        return read_key(self.public_file(), "test.pub")

    def sign(
        self, content: bytes, *, prehashed: bool = True, comment: bytes = b"knowledge for tests"
    ) -> bytes:
        kind = b"ED" if prehashed else b"Ed"
        signed = self.private.sign(hashlib.blake2b(content).digest() if prehashed else content)
        over_all = self.private.sign(signed + comment)
        return b"\n".join(
            (
                b"untrusted comment: signature from a test",
                base64.b64encode(kind + self.id + signed),
                b"trusted comment: " + comment,
                base64.b64encode(over_all),
                b"",
            )
        )


def knowledge_in(folder: Path) -> Path:
    """A copy of what this release brings, to be changed at will."""
    return shutil.copytree(BUILTIN, folder)


def handed_over(folder: Path, knowledge: Path, signer: Signer, *, version: str) -> Path:
    """A signed bundle of `knowledge` as a user gets it, its signature beside it."""
    content = write_bundle(knowledge, version=version, minimum_tocsin="0.1")
    return put(folder, content, signer)


def put(folder: Path, content: bytes, signer: Signer) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "knowledge.tar"
    path.write_bytes(content)
    path.with_name("knowledge.tar.minisig").write_bytes(signer.sign(content))
    return path


def tar_of(files: Mapping[str, bytes]) -> bytes:
    """A tar file with exactly these members, whatever their names."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, data in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(data)
            tar.addfile(about, io.BytesIO(data))
    return packed.getvalue()


def manifest_of(files: Mapping[str, bytes], *, version: str = "2030-01-01") -> bytes:
    """The manifest of these files, whatever their names."""
    lines = [f'version = "{version}"', 'minimum_tocsin = "0.1"', "[files]"]
    lines += [f'"{name}" = "{hashlib.sha256(data).hexdigest()}"' for name, data in files.items()]
    return "\n".join(lines).encode()
