"""Damage in evidence, as data: what could not be read, where, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tocsin.model.event import Event


class ProblemCode(StrEnum):
    """Every kind of damage that Tocsin reports; each has a paragraph in the reference.

    The value is what scripts see in the JSON.
    """

    # In rows of evidence.
    FIELD_COUNT = "field_count"
    """A line has another number of fields than its header names."""
    BAD_TIME = "bad_time"
    """A row's time cannot be read."""
    BAD_VALUE = "bad_value"
    """A field does not hold what its column promises."""
    BAD_QUOTING = "bad_quoting"
    """A quoted field does not end on its line."""
    NO_HEADER = "no_header"
    """A row comes before any header that names its fields."""
    TRUNCATED = "truncated"
    """A file or row ends in the middle."""
    ENCODING = "encoding"
    """Bytes that are not text in the file's encoding, NUL bytes included."""
    LINE_TOO_LONG = "line_too_long"
    """A line is longer than the limit; it is cut and not read further."""
    BAD_RECORD = "bad_record"
    """A binary or JSON record that cannot be decoded."""
    BAD_DOCUMENT = "bad_document"
    """A document (XML, configuration, task) that cannot be read."""
    CLOCK = "clock"
    """A record's time is not what it claims (for example local time labelled Z)."""
    # In files and containers.
    UNREADABLE = "unreadable"
    """A file could not be opened, or vanished while it was read."""
    UNRECOGNISED = "unrecognised"
    """A file lies where a known format lies, and its content is something else."""
    EMPTY = "empty"
    """A file that should hold rows has none."""
    PATH_TRAVERSAL = "path_traversal"
    """An archive's member would climb out of the collection."""
    LINK = "link"
    """A link or device in the collection; it is not followed."""
    BOMB = "bomb"
    """A member, or all of them, would unpack to more than the limits allow."""
    DUPLICATE_NAME = "duplicate_name"
    """Two members of one archive have the same name; both are read, the later renamed."""
    ENCRYPTED = "encrypted"
    """A member is encrypted and was not read."""
    BAD_MEMBER = "bad_member"
    """A member's content is damaged, or its checksum is wrong."""
    NESTED_ARCHIVE = "nested_archive"
    """An archive inside an archive, deeper than we open."""
    TOO_MANY_MEMBERS = "too_many_members"
    """The archive names more members than the limit allows; the rest were not read."""
    TOO_LARGE = "too_large"
    """A file is larger than what one of the checks reads; the rest of it was not checked."""
    TOO_SLOW = "too_slow"
    """A check took too long on a file and was cut short: it says nothing of this file."""
    SOURCE = "source"
    """A whole source could not be opened; it is listed as a server of which nothing is known."""
    DEFECT = "defect"
    """Tocsin itself failed on a file; the rest of that file was not read. Please report it."""
    BAD_METADATA = "bad_metadata"
    """The collecting tool's own metadata cannot be read."""
    HASH_MISMATCH = "hash_mismatch"
    """A file's content is not what the collecting tool hashed on the server."""
    NOT_COLLECTED = "not_collected"
    """The collecting tool could not take a file, or left it out as it was told to."""
    MISSING = "missing"
    """What the collecting tool took was not handed over: a file, a part, or its list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One place in the evidence that could not be read.

    `artefact` is the path inside the collection; `line` counts from 1 (lines or records) and is
    None where the whole file is meant. `detail` is for people and holds no more of the evidence
    than is needed to find the place. `salvaged` is what could be read of a damaged row, for rules
    only: it is no row, and what matches it is never sure alone.
    """

    artefact: str
    line: int | None
    code: ProblemCode
    detail: str
    salvaged: Event | None = field(default=None, compare=False, repr=False)
