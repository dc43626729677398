"""The one kind of member that every opened source gives out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.model.artefact import FileTime
    from tocsin.model.path import EvidencePath


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedMember:
    """A file of the collection; `start` opens it."""

    path: EvidencePath
    size_bytes: int
    times: tuple[FileTime, ...]
    start: Callable[[], BinaryIO]
    has_random_access: bool = False

    def open(self) -> BinaryIO:
        """A fresh stream at the start of the content. Raises `OSError`."""
        return self.start()
