"""Newer knowledge without a release: verify, unpack aside, try, tell what changes, switch.

Nothing that is in use is touched before `Staged.install`, whose last step replaces one file.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError, UsageError
from tocsin.knowledge import store
from tocsin.knowledge.bundle import BUNDLE_BYTES, read_bundle
from tocsin.knowledge.inventory import Change, changes, inventory
from tocsin.knowledge.manifest import (
    MANIFEST,
    Manifest,
    check_files,
    check_needs,
    encode_manifest,
    version_key,
)
from tocsin.knowledge.signature import PublicKey, Voucher, read_signature, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tocsin.knowledge.store import Chosen

_SIGNATURE_BYTES = 65_536
_STAGING = ".staging-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms a bundle is taken.

    `current` is what is in use and `builtin_version` the version of what this release brought.
    `prove` loads a folder of facts and tries every rule; it raises `KnowledgeError`.
    """

    store: Path
    keys: Sequence[PublicKey]
    current: Chosen
    builtin_version: str
    tocsin_version: str
    prove: Callable[[Path], None]
    allow_older: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """Verified knowledge, tried and lying aside; nothing uses it yet."""

    manifest: Manifest
    voucher: Voucher
    changes: tuple[Change, ...]
    folder: Path
    name: str
    terms: Terms

    def install(self) -> None:
        """Use it from the next run on. The version of before is kept for `store.roll_back`."""
        target = self.terms.store / self.name
        if target.exists():
            # Of an update that was stopped, or damaged since; the same content lies in `folder`.
            target.rename(self.folder.with_name(f"{self.folder.name}-replaced"))
        self.folder.rename(target)
        store.switch(self.terms.store, self.name, self.terms.builtin_version)


@contextmanager
def staged(bundle: Path, terms: Terms) -> Iterator[Staged]:
    """Verify `bundle`, and lay it aside for as long as the block runs.

    Raises `UsageError` where there is no such bundle or no signature beside it, and
    `KnowledgeError` where it cannot be trusted, is older than what is in use, or does not load.
    """
    content = _read(bundle, BUNDLE_BYTES)
    voucher = _vouched(bundle, content, terms.keys)
    manifest, files = read_bundle(content, bundle.name)
    check_needs(manifest, terms.tocsin_version, where=bundle.name)
    _refuse_older(manifest, terms, bundle.name)

    store.prepare(terms.store)
    _tidy(terms.store)
    folder = Path(tempfile.mkdtemp(prefix=_STAGING, dir=terms.store))
    try:
        _lay_out({**files, MANIFEST: encode_manifest(manifest)}, folder)
        check_files(folder, manifest)
        terms.prove(folder)
        yield Staged(
            manifest=manifest,
            voucher=voucher,
            changes=changes(inventory(terms.current.root), inventory(folder)),
            folder=folder,
            name=f"{manifest.version}-{sha256(content).hexdigest()[:12]}",
            terms=terms,
        )
    finally:
        _remove(folder)


def signature_beside(bundle: Path) -> Path:
    """The signature's file: ``news.tar.minisig``, or ``news.minisig``. Raises `UsageError`."""
    beside = (bundle.with_name(f"{bundle.name}.minisig"), bundle.with_suffix(".minisig"))
    for path in beside:
        if path.is_file():
            return path
    raise UsageError(
        f"there is no signature beside it: {beside[0].name} is missing. Get it from where the "
        "bundle came from",
        where=str(bundle),
    )


def _vouched(bundle: Path, content: bytes, keys: Sequence[PublicKey]) -> Voucher:
    path = signature_beside(bundle)
    signature = read_signature(_read(path, _SIGNATURE_BYTES), path.name)
    return verify(content, signature, keys, where=bundle.name)


def _refuse_older(manifest: Manifest, terms: Terms, where: str) -> None:
    now = terms.current.version
    if terms.allow_older or version_key(manifest.version) > version_key(now):
        return
    raise KnowledgeError(
        f"its knowledge is of {manifest.version}, which is not newer than what is in use "
        f"({now}); --allow-older takes it all the same",
        where=where,
    )


def _lay_out(files: dict[str, bytes], folder: Path) -> None:
    try:
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_bytes(data)
            path.chmod(0o600)
    except OSError as error:
        raise KnowledgeError(f"cannot be written: {error.strerror}", where=str(folder)) from error


def _read(path: Path, limit_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(limit_bytes + 1)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from error
    if len(content) > limit_bytes:
        raise KnowledgeError("is larger than knowledge ever is", where=str(path))
    return content


def _tidy(folder: Path) -> None:
    """Take away what an update left that was stopped half-way."""
    for path in folder.glob(f"{_STAGING}*"):
        _remove(path)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
