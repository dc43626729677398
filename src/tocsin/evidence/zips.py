"""Zip archives, read in place: each member is unpacked when it is opened."""

from __future__ import annotations

import io
import stat
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from tocsin.evidence.checked import Claim, Source, checked
from tocsin.evidence.damage import ArchiveError, MemberError
from tocsin.evidence.regions import BUFFER_BYTES, RegionStream
from tocsin.evidence.session import Entries, Entry
from tocsin.evidence.unpacking import UnpackedStream, of_zip_method
from tocsin.evidence.zip_directory import (
    LOCAL,
    Directory,
    DirectoryDamagedError,
    ZipEntry,
    central_entries,
    find_directory,
    local_entry,
)
from tocsin.evidence.zip_recovery import recovered_entries
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.evidence.collection import Limits
    from tocsin.evidence.regions import Region
    from tocsin.evidence.session import Container

_STORED = 0


def zip_entries(region: Region, container: Container) -> Entries:
    """Every file in the archive that can be read, by its directory and beyond.

    Where the directory is lost or damaged, the members' own headers are looked for. Raises
    `ArchiveError` where nothing can be read.
    """
    readable = encrypted = 0
    for found in _all_entries(region, container):
        if found.is_folder:
            continue
        if found.is_encrypted:
            encrypted += 1
            container.report(ProblemCode.ENCRYPTED, found.name, "it needs a password")
            continue
        entry = _entry(region, found, container)
        if entry is not None:
            readable += 1
            yield entry
    if encrypted and not readable:
        raise ArchiveError(
            ProblemCode.ENCRYPTED,
            "everything in this archive is encrypted: unpack it with its password first",
            where=container.name,
        )


def _all_entries(region: Region, container: Container) -> Iterator[ZipEntry]:
    directory = find_directory(region)
    if directory is not None and directory.is_part:
        raise ArchiveError(
            ProblemCode.TRUNCATED,
            "this is one part of a split archive: join the parts first (zip -s 0)",
            where=container.name,
        )
    seen: set[int] = set()
    damaged = directory is None
    if directory is not None and not _is_inner(region, directory):
        try:
            for entry in central_entries(region, directory):
                seen.add(entry.header_at)
                yield entry
        except DirectoryDamagedError:
            damaged = True
    if damaged or (directory is not None and not _is_whole(region, directory)):
        yield from _recovered(region, container, seen, damaged=damaged)


def _is_whole(region: Region, directory: Directory) -> bool:
    return directory.is_last and not _is_inner(region, directory)


def _is_inner(region: Region, directory: Directory) -> bool:
    """Whether the end we found may be that of an archive inside, ours being cut off."""
    return directory.shift > 0 and region.read_at(0, 4) == LOCAL


def _recovered(
    region: Region, container: Container, seen: set[int], *, damaged: bool
) -> Iterator[ZipEntry]:
    count = 0
    for entry in recovered_entries(region, container.limits):
        if entry.header_at not in seen:
            count += 1
            yield entry
    if not seen and not count:
        raise ArchiveError(
            ProblemCode.TRUNCATED,
            "neither a directory nor a single member can be found in this zip archive",
            where=container.name,
        )
    if damaged or count:
        detail = f"its directory is missing or damaged; {count} members were found without it"
        container.report(ProblemCode.TRUNCATED, None, detail)


def _entry(region: Region, found: ZipEntry, container: Container) -> Entry | None:
    kind = stat.S_IFMT(found.mode)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        container.report(ProblemCode.LINK, found.name, "a link or device; it is not followed")
        return None
    if found.method != _STORED and of_zip_method(found.method) is None:
        detail = f"its compression method {found.method} is not known here"
        container.report(ProblemCode.UNREADABLE, found.name, detail)
        return None
    # A member never gives more than it claims, so claims can be counted.
    if not container.session.budget.take(found.size_bytes or 0):
        detail = f"the {container.limits.total_bytes} bytes allowed for all files are used up"
        container.report(ProblemCode.BOMB, found.name, detail)
        return None
    return Entry(
        name=found.name,
        size_bytes=found.size_bytes or 0,
        times=found.times,
        open=partial(open_entry, region, found, container.limits),
    )


def open_entry(region: Region, entry: ZipEntry, limits: Limits) -> BinaryIO:
    """A checked stream over one member. Raises `MemberError` where its header is gone."""
    data_at = entry.data_at
    if data_at is None:
        local = local_entry(region, entry.header_at)
        if local is None or local.data_at is None:
            raise MemberError(ProblemCode.BAD_MEMBER, "its header is missing or damaged")
        data_at = local.data_at
    packed = region.part(data_at, entry.packed_bytes)
    claim = Claim(size_bytes=entry.size_bytes, crc=entry.crc)
    return checked(partial(_source, packed, entry.method), claim, limits)


def _source(packed: Region, method: int) -> Source:
    raw = RegionStream(packed)
    buffered = io.BufferedReader(raw, BUFFER_BYTES)
    known = of_zip_method(method)
    if known is None:
        return Source(output=buffered, consumed=lambda: raw.consumed)
    make, input_bytes = known
    unpacked = UnpackedStream(buffered, make, input_bytes=input_bytes)
    output = io.BufferedReader(unpacked, BUFFER_BYTES)
    return Source(output=output, consumed=lambda: raw.consumed)
