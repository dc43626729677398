"""Installed knowledge: a folder per version, and a pointer that is replaced as a whole.

::

    <data folder>/knowledge/
        current.json              which version is in use, and what was before it
        2026-12-01-3f9ac02b71d4/  one version: knowledge.toml, packs/, exchange/, ...
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tocsin.errors import KnowledgeError, UsageError
from tocsin.knowledge.manifest import (
    MANIFEST,
    check_files,
    check_needs,
    check_version,
    read_manifest,
    version_key,
)
from tocsin.knowledge.root import BUILTIN

POINTER = "current.json"


class _Pointer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`current.json`: folder names; an empty one is the built-in knowledge.

    `chosen_over` is the version of the built-in knowledge when the user chose: an older version
    than that was meant, but a later release with newer facts of its own takes over.
    """

    use: str
    chosen_over: str
    previous: list[str] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The knowledge that the store says to use.

    `superseded` is the version of installed knowledge that is older than this release's own.
    """

    root: Path
    version: str
    superseded: str | None = None


def exists(folder: Path) -> bool:
    """Whether anything was ever installed in this store."""
    return os.path.lexists(folder / POINTER)


def chosen(folder: Path, builtin_version: str, tocsin_version: str) -> Chosen:
    """The knowledge to use; `folder` is the store and need not exist.

    Every file is compared with its hash. Raises `KnowledgeError` where the store is damaged, is
    somebody else's or needs a newer Tocsin: nobody must hunt with half a set of rules.
    """
    builtin = Chosen(root=BUILTIN, version=builtin_version)
    pointer = _pointer(folder)
    if pointer is None or not pointer.use:
        return builtin
    root = folder / pointer.use
    manifest = read_manifest(root)
    newer = version_key(builtin_version)
    if newer > version_key(manifest.version) and newer > version_key(pointer.chosen_over):
        return Chosen(root=BUILTIN, version=builtin_version, superseded=manifest.version)
    check_needs(manifest, tocsin_version, where=str(root / MANIFEST))
    check_files(root, manifest)
    return Chosen(root=root, version=manifest.version)


def installed(folder: Path) -> list[str]:
    """The versions in the store, as folder names, in order of their version."""
    if _pointer(folder) is None:
        return []
    return sorted(
        (one.name for one in folder.iterdir() if (one / MANIFEST).is_file()),
        key=lambda name: (version_key(read_manifest(folder / name).version), name),
    )


def switch(folder: Path, name: str, builtin_version: str) -> None:
    """Use the version in `name` from the next run on, and remember the one before it."""
    pointer = _pointer(folder) or _Pointer(use="", chosen_over=builtin_version)
    if name == pointer.use:
        return
    _point(
        folder,
        _Pointer(use=name, chosen_over=builtin_version, previous=[*pointer.previous, pointer.use]),
    )


def roll_back(folder: Path, builtin_version: str) -> str:
    """Use what was in use before, and return its folder's name; empty for the built-in knowledge.

    Raises `UsageError` where nothing was before.
    """
    pointer = _pointer(folder)
    if pointer is None or not pointer.previous:
        raise UsageError("there is no earlier knowledge to go back to")
    *earlier, name = pointer.previous
    if name:
        check_files(folder / name, read_manifest(folder / name))
    _point(folder, _Pointer(use=name, chosen_over=builtin_version, previous=earlier))
    return name


def prepare(folder: Path) -> None:
    """Make the store, for this user alone. Raises `KnowledgeError` where it is not ours."""
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise KnowledgeError(f"cannot be made: {error.strerror}", where=str(folder)) from error
    _refuse_others(folder)


def _pointer(folder: Path) -> _Pointer | None:
    """The pointer; None where nothing was ever installed."""
    path = folder / POINTER
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KnowledgeError(f"cannot be read: {error.strerror}", where=str(path)) from error
    _refuse_others(folder)
    try:
        pointer = msgspec.json.decode(content, type=_Pointer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"is damaged: {error}", where=str(path)) from error
    check_version(pointer.chosen_over, str(path))
    for name in (pointer.use, *pointer.previous):
        if name and (Path(name).name != name or name in {".", ".."}):
            raise KnowledgeError(f"is damaged: {name!r} is no folder of it", where=str(path))
    return pointer


def _point(folder: Path, pointer: _Pointer) -> None:
    """Replace the pointer as a whole, so that a crash leaves the old or the new one."""
    prepare(folder)
    unfinished = folder / f".{POINTER}.unfinished"
    try:
        with unfinished.open("wb") as file:
            file.write(msgspec.json.encode(pointer))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(folder / POINTER)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise KnowledgeError(
            f"cannot be written: {error.strerror}", where=str(folder / POINTER)
        ) from error


def _refuse_others(folder: Path) -> None:
    """A store that others can write to holds their rules, not ours."""
    if os.name != "posix":
        return
    about = folder.stat()
    if about.st_uid not in {os.getuid(), 0} or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise KnowledgeError(
            "belongs to another user, or others may write to it", where=str(folder)
        )
