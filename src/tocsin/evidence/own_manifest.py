"""What `tocsin collect` writes beside the files that it took: the list of them, and its troubles.

``tocsin-collection.json`` is one JSON object of this form, with each entry on a line of its own,
so that a list of any length can be written and read without being held::

    {"schema": "tocsin.collection/1", "id": "...", ..., "files": [
    {"path": "C/inetpub/logs/...", "size": 1, "sha256": "...", ...},
    ...
    ], "left_out": [
    ...
    ], "troubles": [
    ...
    ], "ended": "...", ...}

``tocsin-part-1.json`` opens every part of a collection, so that each says what it belongs to even
where the list is in another part or was never written.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SCHEMA = "tocsin.collection/1"
NAME = "tocsin-collection.json"
LONGEST_LINE_BYTES = 256 * 1024
_PART_NAME = re.compile(r"(?P<root>|.*/)tocsin-part-(?P<part>[1-9]\d{0,5})\.json", re.DOTALL)
_SECTION = re.compile(rb'\], ?"(left_out|troubles)": ?\[')


Utc = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone; one without could not be compared with others."""


class TroubleCode(StrEnum):
    """Why something could not be taken."""

    LOCKED = "locked"
    """Another program keeps the file for itself."""
    PERMISSION = "permission"
    """We may not read it."""
    VANISHED = "vanished"
    """It was there when the drive was listed, and is not any more."""
    UNREADABLE = "unreadable"
    """The system cannot read it."""
    LINK = "link"
    """A link out of the drives, or a device."""
    ABSENT = "absent"
    """Nothing of a kind that is looked for was found."""


class Note(StrEnum):
    """What is to be known of a file that was taken."""

    CUT = "cut"
    """It was not taken to its end."""
    GREW = "grew"
    """It was taken as long as it was when it was opened."""
    WRITTEN = "written"
    """It was written to while it was read: beginning and end may not fit together."""


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass


class ListedFile(_Line, frozen=True, kw_only=True, omit_defaults=True):
    """One file that was taken. `path` is the one in the collection; sizes in bytes, times in UTC.

    `sha256` and `size` are those of what was taken, `sha256` computed while it was read.
    """

    path: str
    size: int
    sha256: str
    created: Utc | None = None
    modified: Utc | None = None
    changed: Utc | None = None
    part: int = 1
    asked_by: tuple[str, ...] = ()
    note: Note | None = None
    detail: str = ""


class LeftOut(_Line, frozen=True, kw_only=True, omit_defaults=True):
    """A log that was left out for being old: when it was last written, and its last row's day."""

    path: str
    size: int
    modified: Utc | None
    last_day: date


class Trouble(_Line, frozen=True, kw_only=True, omit_defaults=True):
    """Something that could not be taken. For ``absent``, `path` is the kind of source."""

    path: str
    code: TroubleCode
    detail: str


class ListedRoot(_Line, frozen=True, kw_only=True, omit_defaults=True):
    """A drive that was collected from; `is_original` where its times are the server's own."""

    drive: str
    path: str
    file_system: str | None
    is_original: bool


class Head(_Line, frozen=True, kw_only=True, omit_defaults=True):
    """The first line: what was asked for, and when it began (UTC)."""

    schema: str
    id: str
    tool: str
    started: Utc
    roots: tuple[ListedRoot, ...]
    since: Utc | None = None
    split_bytes: int | None = None


class Tail(_Line, frozen=True, kw_only=True, omit_defaults=True):
    """The last line: when it ended, whether it was resumed, and the names of its parts."""

    ended: Utc
    resumed: bool
    parts: tuple[str, ...]


class PartMarker(_Line, frozen=True, kw_only=True, omit_defaults=True):
    """``tocsin-part-N.json``: which collection this is a part of, and which part."""

    schema: str
    id: str
    part: int


Entry = Head | ListedFile | LeftOut | Trouble | Tail
T = TypeVar("T", bound=msgspec.Struct)


def part_name(part: int) -> str:
    """What the marker of a part is called in it."""
    return f"tocsin-part-{part}.json"


def is_marker(inside: str) -> bool:
    """Whether a member of this name opens a part."""
    return _PART_NAME.fullmatch(inside) is not None


def written(
    head: Head,
    files: Iterable[ListedFile],
    left_out: Iterable[LeftOut],
    troubles: Iterable[Trouble],
    tail: Tail,
) -> Iterator[bytes]:
    """The list as it is written, line by line."""
    encode = msgspec.json.encode
    yield encode(head)[:-1] + b', "files": [\n'
    yield from _separated(files)
    yield b'\n], "left_out": [\n'
    yield from _separated(left_out)
    yield b'\n], "troubles": [\n'
    yield from _separated(troubles)
    yield b"\n], " + encode(tail)[1:] + b"\n"


def read(lines: Iterable[bytes]) -> Iterator[tuple[int, Entry | None]]:
    """The entries of a list with their line numbers; None for a line that cannot be read.

    Lines come without those that are longer than `LONGEST_LINE_BYTES`. A list that is cut has no
    `Tail`.
    """
    kind: type[ListedFile | LeftOut | Trouble] = ListedFile
    kinds: dict[bytes, type[LeftOut | Trouble]] = {b"left_out": LeftOut, b"troubles": Trouble}
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        if number == 1:
            head, found, _ = line.rpartition(b', "files": [')
            yield number, decoded(head + b"}", Head) if found else None
        elif section := _SECTION.fullmatch(line):
            kind = kinds[section[1]]
        elif line.startswith(b'], "'):
            yield number, decoded(b"{" + line[2:].lstrip(), Tail)
        elif line:
            yield number, decoded(line.removesuffix(b","), kind)


def marker_in(data: bytes) -> PartMarker | None:
    """The marker that `data` holds, or None where it is none of ours."""
    marker = decoded(data, PartMarker)
    return marker if marker is not None and marker.schema == SCHEMA else None


def _separated(entries: Iterable[msgspec.Struct]) -> Iterator[bytes]:
    separator = b""
    for entry in entries:
        yield separator + msgspec.json.encode(entry)
        separator = b",\n"


def decoded(data: bytes, kind: type[T]) -> T | None:
    """What `data` holds, or None where that is no `kind`, whatever else it is."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
