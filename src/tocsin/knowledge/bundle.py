"""Bundles: knowledge to be handed over, as one plain tar or zip file.

A bundle holds ``knowledge.toml`` and the files that it names, with the same paths as in
``knowledge/data``. Only what a signature vouches for is unpacked, and still nothing is taken for
granted: a key can be stolen.
"""

from __future__ import annotations

import hashlib
import io
import re
import stat
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError
from tocsin.knowledge.manifest import (
    MANIFEST,
    Manifest,
    check_version,
    decode_manifest,
    encode_manifest,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIXES = frozenset({".toml", ".csv", ".json", ".yml", ".yar"})
"""What knowledge is written in; nothing of it can be run."""
BUNDLE_BYTES = 64 * 2**20
"""The largest bundle, about fifty times what this release brings."""
_FILE_BYTES = 32 * 2**20
_TOTAL_BYTES = 128 * 2**20
_FILES = 20_000
_DEPTH = 8
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", re.ASCII)
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.ASCII | re.IGNORECASE)
"""Names that Windows never takes for a file."""
_STORED_OR_DEFLATED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 1


def read_bundle(content: bytes, where: str) -> tuple[Manifest, dict[str, bytes]]:
    """All files of a bundle, by path, each as its manifest says. Raises `KnowledgeError`."""
    files: dict[str, bytes] = {}
    folded: set[str] = set()
    total_bytes = 0
    for name, data in _members(content, where):
        _check_name(name, where)
        total_bytes += len(data)
        if name.lower() in folded:
            raise KnowledgeError(f"holds {name!r} twice", where=where)
        if len(files) >= _FILES or total_bytes > _TOTAL_BYTES:
            raise KnowledgeError("holds more than knowledge ever does", where=where)
        folded.add(name.lower())
        files[name] = data
    manifest = decode_manifest(_pop_manifest(files, where), f"{where}: {MANIFEST}")
    for name in sorted(files.keys() ^ manifest.files.keys()):
        missing = "which it does not hold" if name in manifest.files else "which is not listed"
        raise KnowledgeError(f"{name!r}, {missing}", where=f"{where}: {MANIFEST}")
    for name, data in files.items():
        if hashlib.sha256(data).hexdigest() != manifest.files[name]:
            raise KnowledgeError(f"{name!r} does not have its hash", where=where)
    return manifest, files


def write_bundle(root: Path, *, version: str, minimum_tocsin: str) -> bytes:
    """The folder `root` as a bundle, to be signed. The same folder gives the same bytes.

    Raises `KnowledgeError` where `root` holds what no bundle may.
    """
    check_version(version, "--version")
    files = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
    files.pop(MANIFEST, None)
    manifest = Manifest(
        version=version,
        minimum_tocsin=minimum_tocsin,
        files={name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    )
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in {MANIFEST: encode_manifest(manifest), **files}.items():
            _check_name(name, str(root))
            about = tarfile.TarInfo(name)
            about.size, about.mode = len(data), 0o644
            tar.addfile(about, io.BytesIO(data))
    return packed.getvalue()


def _members(content: bytes, where: str) -> Iterator[tuple[str, bytes]]:
    try:
        if content.startswith(b"PK"):
            yield from _zipped(content, where)
        else:
            yield from _tarred(content, where)
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        IndexError,  # zipfile, for a member without a name
        NotImplementedError,
        OSError,
        OverflowError,
        RecursionError,  # tarfile, for a row of headers that each announce another
        ValueError,
    ) as error:
        raise KnowledgeError(f"is no whole tar or zip file: {error}", where=where) from error


def _tarred(content: bytes, where: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
        for member in tar:
            if member.isdir():
                continue
            if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.sparse is not None:
                raise KnowledgeError(f"{member.name!r} is no plain file", where=where)
            _check_size(member.name, member.size, where)
            file = tar.extractfile(member)
            data = file.read() if file is not None else b""
            if len(data) != member.size:
                raise KnowledgeError(f"ends within {member.name!r}", where=where)
            yield member.name.removeprefix("./"), data


def _zipped(content: bytes, where: str) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        for member in packed.infolist():
            if member.is_dir():
                continue
            kind = stat.S_IFMT(member.external_attr >> 16)
            if (
                kind not in (0, stat.S_IFREG)
                or member.compress_type not in _STORED_OR_DEFLATED
                or member.flag_bits & _ENCRYPTED
            ):
                raise KnowledgeError(f"{member.filename!r} is no plain file", where=where)
            _check_size(member.filename, member.file_size, where)
            with packed.open(member) as file:
                # What a member says of its size need not be true.
                data = file.read(member.file_size + 1)
            if len(data) != member.file_size:
                raise KnowledgeError(f"{member.filename!r} has another size", where=where)
            yield member.orig_filename, data


def _check_size(name: str, size_bytes: int, where: str) -> None:
    if not 0 <= size_bytes <= _FILE_BYTES:
        raise KnowledgeError(f"{name!r} is larger than knowledge ever is", where=where)


def _check_name(name: str, where: str) -> None:
    """Raise `KnowledgeError` for a path that is not below the folder, or no file of ours."""
    parts = name.split("/")
    if (
        len(parts) > _DEPTH
        or not all(_PART.fullmatch(part) and not _DEVICES.fullmatch(part) for part in parts)
        or any(part.endswith(".") for part in parts)
    ):
        raise KnowledgeError(f"{name!r} is no path that knowledge may have", where=where)
    if not any(name.endswith(suffix) for suffix in SUFFIXES):
        raise KnowledgeError(f"{name!r} is no kind of file that knowledge holds", where=where)


def _pop_manifest(files: dict[str, bytes], where: str) -> bytes:
    try:
        return files.pop(MANIFEST)
    except KeyError as error:
        raise KnowledgeError(f"holds no {MANIFEST}", where=where) from error
