"""`knowledge.toml`: what a version of the knowledge is, and the hash of each of its files."""

from __future__ import annotations

import hashlib
import json
import stat
from typing import TYPE_CHECKING

import msgspec

from tocsin.errors import KnowledgeError

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = "knowledge.toml"


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`knowledge.toml`: `version` is a date, with ``.2`` behind it for the second of that day.

    `files` maps every other path, with forward slashes, to its SHA-256 in lower hexadecimal.
    """

    version: str
    minimum_tocsin: str
    files: dict[str, str]


def version_key(version: str) -> tuple[str, int]:
    """What to order versions by: the day, then the number within it."""
    day, _, number = version.partition(".")
    return day, int(number or 1)


def read_manifest(root: Path) -> Manifest:
    """`knowledge.toml` of a folder. Raises `KnowledgeError`."""
    path = root / MANIFEST
    try:
        return decode_manifest(path.read_bytes(), str(path))
    except OSError as error:
        raise KnowledgeError(f"cannot be read: {error.strerror}", where=str(path)) from error


def decode_manifest(content: bytes, where: str) -> Manifest:
    """A manifest out of its bytes. Raises `KnowledgeError`."""
    try:
        manifest = msgspec.toml.decode(content, type=Manifest)
    except msgspec.DecodeError as error:
        raise KnowledgeError(str(error), where=where) from error
    except UnicodeDecodeError as error:
        raise KnowledgeError("is not UTF-8", where=where) from error
    check_version(manifest.version, where)
    return manifest


def check_needs(manifest: Manifest, tocsin_version: str, *, where: str) -> None:
    """Raise `KnowledgeError` where the knowledge needs a newer Tocsin."""
    if _release(manifest.minimum_tocsin, where) > _release(tocsin_version, where):
        raise KnowledgeError(
            f"knowledge {manifest.version} needs Tocsin {manifest.minimum_tocsin} or newer, and "
            f"this is {tocsin_version}",
            where=where,
        )


def check_files(root: Path, manifest: Manifest) -> None:
    """Raise `KnowledgeError` where a file is missing, changed or not in the manifest."""
    found = {
        path.relative_to(root).as_posix(): path
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }
    found.pop(MANIFEST, None)
    for name in sorted(found.keys() ^ manifest.files.keys()):
        what = "is not in" if name in found else "is missing, and stands in"
        raise KnowledgeError(f"{what} {MANIFEST}", where=str(root / name))
    for name, path in found.items():
        if not stat.S_ISREG(path.lstat().st_mode) or _sha256(path) != manifest.files[name]:
            raise KnowledgeError("is not what was installed", where=str(path))


def encode_manifest(manifest: Manifest) -> bytes:
    """A manifest as TOML. A JSON string is one of TOML's, too."""
    lines = [
        f"version = {json.dumps(manifest.version)}",
        f"minimum_tocsin = {json.dumps(manifest.minimum_tocsin)}",
        "",
        "[files]",
        *(
            f"{json.dumps(name)} = {json.dumps(hash_)}"
            for name, hash_ in sorted(manifest.files.items())
        ),
    ]
    return "\n".join([*lines, ""]).encode()


def check_version(version: str, where: str) -> None:
    """Raise `KnowledgeError` where `version` is no date, with or without a number."""
    day, dot, number = version.partition(".")
    parts = day.split("-")
    if (
        [len(part) for part in parts] != [4, 2, 2]
        or not all(part.isascii() and part.isdigit() for part in parts)
        or (dot and not (number.isascii() and number.isdigit() and len(number) < 4))
    ):
        raise KnowledgeError(
            f"version {version!r} must be a date, as 2026-12-01 or 2026-12-01.2", where=where
        )


def _release(version: str, where: str) -> tuple[int, ...]:
    """The numbers of a release; what follows them (``.dev0``, ``rc1``) does not count."""
    numbers: list[int] = []
    for part in version.split("."):
        if not (part.isascii() and part.isdigit()):
            break
        numbers.append(int(part))
    if not numbers:
        raise KnowledgeError(f"{version!r} is no version of Tocsin", where=where)
    while numbers[-1:] == [0]:
        numbers.pop()
    return tuple(numbers)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
