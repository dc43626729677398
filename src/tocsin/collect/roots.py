r"""The drives to collect from: mounted volumes, a live Windows, or a folder of drives.

``D=/mnt/d`` names the drive; ``C:\`` and ``/mnt/c`` name it by themselves; a folder that holds
``C``, ``D`` and so on is one drive each. Where nothing tells, it is taken for C.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.errors import SourceError, UsageError
from tocsin.evidence.layouts import drive_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NAMED = re.compile(r"([A-Za-z]):?=(.+)", re.DOTALL)
_MOUNTS = Path("/proc/self/mountinfo")
# What a Windows volume is mounted as. On any other file system files are somebody's copies, and
# their times those of the copying: they must not become evidence.
_OF_WINDOWS = frozenset(
    {"ntfs", "ntfs3", "ntfsplus", "fuseblk", "fuse.ntfs-3g", "refs", "exfat", "vfat", "drvfs",
     "cifs", "smb3"}
)  # fmt: skip
_WSL = "aname=drvfs"
_LETTERS = "CDEFGHIJKLMNOPQRSTUVWXYZAB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """One drive. `file_system` is what it is mounted as here, where the system says.

    `is_original` tells whether the times of its files are the server's own. `assumed` is true
    where the letter is a guess.
    """

    drive: str
    path: Path
    file_system: str | None
    is_original: bool
    assumed: bool = False


def roots_from(texts: Sequence[str], *, trust_times: bool = False) -> tuple[Root, ...]:
    """The drives that the command line names, in the order of their letters.

    Raises `SourceError` where one cannot be listed, `UsageError` where two have the same letter.
    """
    found: dict[str, Root] = {}
    for text in texts:
        for drive, path, assumed in _drives(text):
            if drive in found:
                raise UsageError(
                    f"{found[drive].path} and {path} would both be drive {drive}; "
                    f"name them, as in D={path}",
                    where="ROOT",
                )
            system, original = _mounted_as(path)
            found[drive] = Root(
                drive=drive,
                path=path,
                file_system=system,
                is_original=original or trust_times,
                assumed=assumed,
            )
    return tuple(found[drive] for drive in sorted(found))


def drives_beside(roots: Sequence[Root]) -> tuple[Path, ...]:
    r"""Drives that lie beside those of `roots` and were not named: ``D:\`` or ``/mnt/d``.

    Exchange often logs to a drive of its own; one that is forgotten is a server half seen.
    """
    taken = {root.path.resolve() for root in roots}
    beside: list[Path] = []
    for root in roots:
        if os.name == "nt":
            candidates = [Path(f"{letter}:\\") for letter in _LETTERS]
        elif drive_of(root.path.name):
            # Not what lies beside a folder that merely has a short name, but mounted volumes.
            candidates = [path for path in _listed(root.path.parent) if os.path.ismount(path)]
        else:
            continue
        beside += [
            path
            for path in candidates
            if (drive_of(path.name) or os.name == "nt")
            and path.resolve() not in taken
            and path.is_dir()
        ]
    return tuple(dict.fromkeys(sorted(beside)))


def _drives(text: str) -> Iterator[tuple[str, Path, bool]]:
    if named := _NAMED.fullmatch(text):
        yield named[1].upper(), _folder(Path(named[2])), False
        return
    path = _folder(Path(text))
    letter = drive_of(path.drive) or drive_of(path.name)
    if letter is not None:
        yield letter, path, False
        return
    folders = _listed(path)
    drives = [folder for folder in folders if drive_of(folder.name) and folder.is_dir()]
    if drives:
        for folder in drives:
            yield drive_of(folder.name) or "C", folder, False
    else:
        yield "C", path, True


def _folder(path: Path) -> Path:
    try:
        with os.scandir(path) as found:
            next(found, None)
    except OSError as error:
        raise SourceError(f"cannot be listed: {error.strerror}", where=str(path)) from error
    return path


def _listed(path: Path) -> list[Path]:
    try:
        return sorted(path.iterdir())
    except OSError:
        return []  # beside the root may be what is not ours to see


def _mounted_as(path: Path) -> tuple[str | None, bool]:
    """The file system that `path` lies on, and whether it is one of Windows' own."""
    if os.name == "nt":
        return None, True
    best, system, original = -1, None, False
    for point, kind, options in _mounts():
        if path.resolve().is_relative_to(point) and len(point.parts) >= best:
            best, system = len(point.parts), kind
            original = kind in _OF_WINDOWS or (kind == "9p" and _WSL in options)
    return system, original


def _mounts() -> Iterator[tuple[Path, str, str]]:
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        before, dash, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        if dash and len(fields) > 4 and len(rest) > 2:
            point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4])
            yield Path(point), rest[0], rest[2]
