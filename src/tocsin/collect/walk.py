"""Walk the drives and list what is wanted, before anything is read.

No folder is left out for speed: a page can lie anywhere, and every folder of a drive is listed.
What is skipped costs one name comparison and is not even looked at (no `stat`). Links and
junctions are not followed; what they lead to is walked where it lies.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.collect.troubles import trouble_of
from tocsin.evidence.naming import NameBook, decoded, safe
from tocsin.evidence.own_manifest import Trouble, TroubleCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tocsin.collect.roots import Root
    from tocsin.collect.wanted import InFolder, Wanted
    from tocsin.model.progress import Progress

_HIDDEN = "$MFT"
"""Never in a listing, and yet to be opened by its name on many mounted volumes."""
_REPARSE_POINT = 0x400


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file to take: `inside` is its path in the collection, `source` where it is read."""

    inside: str
    source: bytes
    size_bytes: int
    asked_by: tuple[str, ...]
    root: Root


@dataclass(kw_only=True)
class Listing:
    """What a walk found, in the order of the paths, and where it could not look."""

    files: list[Found] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    folders: int = 0
    names: int = 0


def list_files(roots: Sequence[Root], wanted: Wanted, progress: Progress) -> Listing:
    """Every wanted file below `roots`. Folders that cannot be listed are in the troubles."""
    walk = _Walk(roots, wanted, progress)
    for root in roots:
        walk.run(root)
    walk.listing.files.sort(key=lambda found: found.inside)
    return walk.listing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Folder:
    """A folder to be listed; `above` are the identities of those it lies in."""

    path: bytes
    name: str
    above: tuple[tuple[int, int], ...]


class _Walk:
    def __init__(self, roots: Sequence[Root], wanted: Wanted, progress: Progress) -> None:
        self.listing = Listing()
        self._wanted = wanted
        self._progress = progress
        self._names = NameBook()
        self._roots = [root.path.resolve() for root in roots]

    def run(self, root: Root) -> None:
        waiting = [_Folder(path=os.fsencode(root.path), name=root.drive, above=())]
        while waiting:
            waiting += reversed(list(self._folder(root, waiting.pop())))
        self._hidden(root)

    def _folder(self, root: Root, folder: _Folder) -> Iterator[_Folder]:
        """Take what is wanted in one folder, and yield the folders in it."""
        name = folder.name
        self._progress.file(name)
        self.listing.folders += 1
        try:
            above = (*folder.above, _identity(folder.path))
            if above[-1] in folder.above:
                self._trouble(name, TroubleCode.LINK, "it is one of the folders it lies in")
                return
            with os.scandir(folder.path) as found:
                items = sorted(found, key=lambda item: item.name)
        except OSError as error:
            self.listing.troubles.append(trouble_of(error, safe(name).inside))
            return
        names = self._wanted.in_folder(f"{name[0]}:{name[1:]}")
        for item in items:
            self.listing.names += 1
            inside = f"{name}/{decoded(item.name)}"
            try:
                if _is_link(item):
                    self._link(item, inside)
                elif item.is_dir(follow_symlinks=False):
                    yield _Folder(path=item.path, name=inside, above=above)
                else:
                    self._file(root, item, inside, names)
            except OSError as error:
                self.listing.troubles.append(trouble_of(error, safe(inside).inside))

    def _file(self, root: Root, item: os.DirEntry[bytes], inside: str, names: InFolder) -> None:
        asked_by = names.asked_by(inside.rpartition("/")[2])
        if not asked_by:
            return
        status = item.stat(follow_symlinks=False)
        if stat.S_ISREG(status.st_mode):
            self._take(root, item.path, inside, status.st_size, asked_by)
        else:
            self._trouble(inside, TroubleCode.LINK, "a device, pipe or socket; it is not read")

    def _hidden(self, root: Root) -> None:
        path = root.path / _HIDDEN
        inside = f"{root.drive}/{_HIDDEN}"
        asked_by = self._wanted.in_folder(f"{root.drive}:").asked_by(_HIDDEN)
        try:
            status = path.stat(follow_symlinks=False)
        except OSError:
            return  # told as absent: whether it exists cannot be known
        is_listed = any(found.inside == inside for found in self.listing.files)
        if asked_by and stat.S_ISREG(status.st_mode) and not is_listed:
            self._take(root, os.fsencode(path), inside, status.st_size, asked_by)

    def _take(
        self, root: Root, path: bytes, inside: str, size_bytes: int, asked_by: tuple[str, ...]
    ) -> None:
        self.listing.files.append(
            Found(
                inside=self._names.unique(safe(inside).inside),
                source=path,
                size_bytes=size_bytes,
                asked_by=asked_by,
                root=root,
            )
        )

    def _link(self, item: os.DirEntry[bytes], inside: str) -> None:
        """Tell of a link that leads out of the drives; what lies in them is walked anyway."""
        target = os.path.realpath(item.path)
        if any(Path(os.fsdecode(target)).is_relative_to(root) for root in self._roots):
            return
        shown = decoded(target)
        self._trouble(inside, TroubleCode.LINK, f"leads to {shown}, which is not walked")

    def _trouble(self, inside: str, code: TroubleCode, detail: str) -> None:
        self.listing.troubles.append(Trouble(path=safe(inside).inside, code=code, detail=detail))


def _identity(path: bytes) -> tuple[int, int]:
    status = Path(os.fsdecode(path)).stat()
    return status.st_dev, status.st_ino


def _is_link(item: os.DirEntry[bytes]) -> bool:
    if item.is_symlink():
        return True
    if os.name != "nt":
        return False
    attributes = getattr(item.stat(follow_symlinks=False), "st_file_attributes", 0)
    return bool(attributes & _REPARSE_POINT)
