"""What has been taken so far, on disk, so that a collection that was broken off can go on.

``evidence.zip.unfinished`` lies beside the archive until that is complete: one JSON object in each
line, the first says what was asked for, each other names a member and where it lies. Nothing in
it is believed: a member counts when its content still has the hash that is written here.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING

import msgspec

from tocsin.collect.zip_part import Written
from tocsin.evidence.own_manifest import LONGEST_LINE_BYTES, Head, ListedFile, decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_READ_BYTES = 2**20


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """One member: what the list will say of it, and where it lies in its part (bytes)."""

    file: ListedFile
    at: int
    packed: int
    crc: int
    wide: bool

    def written(self) -> Written:
        """The member as the archive's directory names it."""
        return Written(
            name=self.file.path,
            size_bytes=self.file.size,
            packed_bytes=self.packed,
            crc=self.crc,
            at=self.at,
            modified=self.file.modified,
            created=self.file.created,
            wide=self.wide,
        )


class Journal:
    """The file beside the archive."""

    def __init__(self, path: Path) -> None:
        """`path` need not exist yet."""
        self.path = path

    def begin(self, head: Head) -> None:
        """Start anew."""
        self.path.write_bytes(msgspec.json.encode(head) + b"\n")

    def keep(self, head: Head, entries: list[Taken]) -> None:
        """Start again with those `entries` that were found to be sound."""
        unfinished = self.path.with_name(f"{self.path.name}.new")
        with unfinished.open("wb") as stream:
            stream.write(msgspec.json.encode(head) + b"\n")
            stream.writelines(msgspec.json.encode(entry) + b"\n" for entry in entries)
        unfinished.replace(self.path)

    def add(self, entry: Taken) -> None:
        """Append one member that lies complete in its part."""
        with self.path.open("ab") as stream:
            stream.write(msgspec.json.encode(entry) + b"\n")

    def head(self) -> Head | None:
        """What was asked for; None where that cannot be read."""
        with self.path.open("rb") as stream:
            return decoded(stream.readline(LONGEST_LINE_BYTES), Head)

    def entries(self) -> Iterator[Taken]:
        """What was taken, in order; a line that was not written to its end is passed over."""
        with self.path.open("rb") as stream:
            stream.readline(LONGEST_LINE_BYTES)
            while line := stream.readline(LONGEST_LINE_BYTES):
                entry = decoded(line, Taken)
                if entry is not None:
                    yield entry


def is_sound(entry: Taken, part: Path, on_bytes: Callable[[int], None]) -> bool:
    """Whether the member lies in `part` as the journal says, down to its hash."""
    member = entry.written()
    digest = hashlib.sha256()
    size = 0
    try:
        with part.open("rb") as stream:
            stream.seek(member.at)
            if stream.read(len(member.header)) != member.header:
                return False
            for data in _inflated(stream.read, member.packed_bytes):
                digest.update(data)
                size += len(data)
                on_bytes(len(data))
    except (OSError, zlib.error):
        return False
    return size == member.size_bytes and digest.hexdigest() == entry.file.sha256


def _inflated(read: Callable[[int], bytes], packed_bytes: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-15)
    while packed_bytes > 0 and not inflater.eof:
        data = read(min(_READ_BYTES, packed_bytes))
        if not data:
            return
        packed_bytes -= len(data)
        yield inflater.decompress(data, _READ_BYTES)
        while inflater.unconsumed_tail:
            yield inflater.decompress(inflater.unconsumed_tail, _READ_BYTES)
