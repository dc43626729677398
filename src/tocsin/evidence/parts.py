"""A collection of `tocsin collect` that was split over several archives: which belong together.

Parts know each other by the marker that each begins with and not by their names, which people
change. Nothing but the first bytes of a file is read for it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.evidence.directories import open_file
from tocsin.evidence.own_manifest import PartMarker, is_marker, marker_in
from tocsin.evidence.zip_directory import local_entry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_HEAD_BYTES = 4096
_ENDING = ".zip"


def without_later_parts(sources: Sequence[Path]) -> list[Path]:
    """`sources` without those that are opened with another of them, as a later part of it."""
    marked = [(source, marker_of(source)) for source in sources]
    firsts: dict[str, int] = {}
    for _, marker in marked:
        if marker is not None:
            firsts[marker.id] = min(marker.part, firsts.get(marker.id, marker.part))
    return [
        source for source, marker in marked if marker is None or marker.part == firsts[marker.id]
    ]


def all_parts(source: Path) -> list[Path]:
    """`source` and the other parts of its collection beside it, by number; itself where none."""
    own = marker_of(source)
    if own is None:
        return [source]
    parts = {own.part: source}
    for path in _archives_beside(source):
        marker = marker_of(path)
        if marker is not None and marker.id == own.id:
            parts.setdefault(marker.part, path)
    return [parts[number] for number in sorted(parts)]


def marker_of(path: Path) -> PartMarker | None:
    """The marker that the archive at `path` begins with; None for any other file."""
    try:
        if not path.is_file():
            return None
        with open_file(os.fsencode(path)) as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError:
        return None
    member = local_entry(_Head(data=head), 0)
    if member is None or member.data_at is None or not is_marker(member.name):
        return None
    return marker_in(head[member.data_at : member.data_at + member.packed_bytes])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """The beginning of a file as a `tocsin.evidence.regions.Region`."""

    data: bytes

    @property
    def size_bytes(self) -> int:
        return len(self.data)

    def read_at(self, offset: int, count: int) -> bytes:
        return self.data[offset : offset + count]

    def part(self, start: int, size_bytes: int) -> _Head:
        return _Head(data=self.read_at(start, size_bytes))


def _archives_beside(source: Path) -> list[Path]:
    try:
        return sorted(
            path
            for path in source.absolute().parent.iterdir()
            if path.suffix.lower() == _ENDING and path.name != source.name
        )
    except OSError:
        return []
