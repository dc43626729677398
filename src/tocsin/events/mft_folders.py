"""Paths out of a file table: a record knows its folder's number only."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.events.mft_records import FileName, MftRecord

ROOT_ENTRY = 5
UNKNOWN = "?"
"""Stands for folders that are not known any more: ``C:/?/x.aspx``."""

_DEEPEST = 128
_MOST_FOLDERS = 1_000_000
_CACHED = 65_536

Folder = tuple[int, int, str, int, bool]
"""Parent, parent's sequence, name, own sequence, in use."""


@dataclass(slots=True)
class Folders:
    """All folders of one table; filled first, asked afterwards.

    Beyond a million of them, which no Exchange server has, the paths of the rest are unknown.
    """

    drive: str
    _folders: dict[int, Folder] = field(default_factory=dict)
    _path: Callable[[int, int], str] = field(init=False)

    def __post_init__(self) -> None:
        self._path = lru_cache(maxsize=_CACHED)(self._climb)

    def add(self, entry: int, record: MftRecord) -> None:
        """Remember a folder."""
        name = record.name
        if record.is_directory and name is not None and len(self._folders) < _MOST_FOLDERS:
            self._folders[entry] = (
                name.parent,
                name.parent_sequence,
                name.name,
                record.sequence,
                record.in_use,
            )

    def path(self, name: FileName) -> str:
        """The whole path of a file with this name: ``C:/inetpub/wwwroot/x.aspx``."""
        return f"{self._path(name.parent, name.parent_sequence)}/{name.name}"

    def _climb(self, entry: int, sequence: int) -> str:
        """The path of a folder, as long as every number still means the folder that it meant."""
        parts: list[str] = []
        while entry != ROOT_ENTRY:
            folder = self._folders.get(entry)
            if folder is None or len(parts) >= _DEEPEST or not _same(folder, sequence):
                parts.append(UNKNOWN)
                break
            parts.append(folder[2])
            entry, sequence = folder[0], folder[1]
        return "/".join((self.drive, *reversed(parts)))


def _same(folder: Folder, sequence: int) -> bool:
    """Whether the folder is the one that was meant; deleting it counts its sequence up by one."""
    own, in_use = folder[3], folder[4]
    return sequence == own or (not in_use and (sequence + 1) & 0xFFFF == own)
