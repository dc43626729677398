"""The story: drives in, an archive of what the hunt reads out. Nothing on the drives is changed.

list what is wanted -> leave out what is proven to be too old -> copy, hashing on the way
-> write down what was taken, and what could not be
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tocsin
from tocsin.collect.archive import Archive, Settings, journal_of, part_path
from tocsin.collect.file_times import FileTimes, file_times
from tocsin.collect.since import too_old
from tocsin.collect.walk import list_files
from tocsin.collect.wanted import Wanted, all_paths, extras
from tocsin.errors import SourceError, UsageError
from tocsin.events.format import all_formats
from tocsin.evidence import own_manifest
from tocsin.evidence.collection import Limits
from tocsin.evidence.own_manifest import (
    Head,
    LeftOut,
    ListedFile,
    ListedRoot,
    Tail,
    Trouble,
    TroubleCode,
)
from tocsin.model.progress import Progress, running

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from tocsin.collect.roots import Root
    from tocsin.collect.walk import Found, Listing

_READ_BYTES = 2**20
_LIST_BYTES_PER_FILE = 128
"""More than a line of the list packs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to collect. `since` (UTC) leaves out older logs; sizes in bytes.

    `times` reads a file's times off the file system; a test may play another one.
    """

    roots: tuple[Root, ...]
    output: Path
    since: datetime | None = None
    split_bytes: int | None = None
    resume: bool = False
    most_bytes: int = Limits().member_bytes
    times: Callable[[bytes, os.stat_result], FileTimes] = file_times


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it. `cut` lists files that were taken, though not as they finally were."""

    parts: tuple[Path, ...]
    files: int
    size_bytes: int
    resumed_files: int
    cut: tuple[ListedFile, ...]
    troubles: tuple[Trouble, ...]
    absent: tuple[Trouble, ...]
    left_out: tuple[LeftOut, ...]


def collect(request: Request, now: Callable[[], datetime], progress: Progress) -> Outcome:
    """Collect what `request` asks for; `now` tells the time, in UTC.

    Raises `UsageError` where the output exists, lies on a drive that is collected from or cannot
    be written, and `SourceError` where nothing that the hunt reads lies on the drives.
    """
    _refuse_output(request)
    with running(progress, "listing the drives", None):
        listing = list_files(request.roots, Wanted(all_paths()), progress)
    if not listing.files:
        names = ", ".join(str(root.path) for root in request.roots)
        raise SourceError("holds none of the files that a hunt reads", where=names)
    chosen, left_out = _chosen(listing, request.since)
    archive, resumed = _opened(request, len(chosen), now(), progress)
    try:
        troubles = _copy(archive, chosen, progress)
        absent = _absent(listing)
        parts = archive.finish(
            left_out,
            [*listing.troubles, *troubles, *absent],
            lambda: Tail(ended=now(), resumed=resumed > 0, parts=archive.parts),
        )
    except BaseException:
        archive.abandon()
        raise
    return Outcome(
        parts=tuple(parts),
        files=archive.files,
        size_bytes=archive.size_bytes,
        resumed_files=resumed,
        cut=tuple(archive.noted),
        troubles=(*listing.troubles, *troubles),
        absent=tuple(absent),
        left_out=tuple(left_out),
    )


def write_hashes(parts: Sequence[Path]) -> Path:
    """Write the SHA-256 of every part beside the first, in the form that `sha256sum -c` reads."""
    lines = []
    for part in parts:
        digest = hashlib.sha256()
        with part.open("rb") as stream:
            while data := stream.read(_READ_BYTES):
                digest.update(data)
        lines.append(f"{digest.hexdigest()}  {part.name}\n")
    path = parts[0].with_name(f"{parts[0].name}.sha256")
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _refuse_output(request: Request) -> None:
    output = request.output
    for root in request.roots:
        if output.resolve().is_relative_to(root.path.resolve()):
            raise UsageError(
                f"{output} lies on {root.path}, which stays as it is: what is written there "
                "destroys deleted files. Write to another disk or a network share",
                where="--output",
            )
    if not output.parent.is_dir():
        raise UsageError(f"there is no folder {output.parent}", where="--output")
    there = [path for path in (output, part_path(output, 2)) if path.exists()]
    unfinished = journal_of(output).path.exists()
    if unfinished and not request.resume:
        raise UsageError(
            f"{output} was begun and not finished: go on with --resume, or remove it",
            where="--output",
        )
    if there and not unfinished:
        raise UsageError(f"{there[0]} exists and is complete; name another file", where="--output")


def _opened(
    request: Request, count: int, started: datetime, progress: Progress
) -> tuple[Archive, int]:
    """The archive to write into, and how many files are in it already."""
    settings = Settings(
        output=request.output,
        split_bytes=request.split_bytes,
        list_bytes=_LIST_BYTES_PER_FILE * count,
        most_bytes=request.most_bytes,
        times=request.times,
    )
    head = _head(request, started)
    journal = journal_of(request.output)
    if not journal.path.exists():
        archive = Archive(settings, head)
        archive.begin()
        return archive, 0
    before = journal.head()
    if before is None or not _is_same(before, head):
        raise UsageError(
            f"{request.output} was begun with other drives or options (see {journal.path}); "
            "give the same again, or remove it",
            where="--resume",
        )
    archive = Archive(settings, before)
    with running(progress, "checking what is there", None):
        archive.resume(progress.advance)
    return archive, archive.files


def _head(request: Request, started: datetime) -> Head:
    roots = tuple(
        ListedRoot(
            drive=root.drive,
            path=str(root.path),
            file_system=root.file_system,
            is_original=root.is_original,
        )
        for root in request.roots
    )
    seed = f"{started.isoformat()}\n{request.output.absolute()}\n{roots}"
    return Head(
        schema=own_manifest.SCHEMA,
        id=hashlib.sha256(seed.encode(errors="surrogateescape")).hexdigest()[:32],
        tool=tocsin.__version__,
        started=started,
        roots=roots,
        since=request.since,
        split_bytes=request.split_bytes,
    )


def _is_same(before: Head, now: Head) -> bool:
    asked = (before.roots, before.since, before.split_bytes)
    return before.schema == now.schema and asked == (now.roots, now.since, now.split_bytes)


def _chosen(listing: Listing, since: datetime | None) -> tuple[list[Found], list[LeftOut]]:
    if since is None:
        return listing.files, []
    judged = [(found, too_old(found, since)) for found in listing.files]
    chosen = [found for found, old in judged if old is None]
    return chosen, [old for _, old in judged if old is not None]


def _copy(archive: Archive, chosen: Sequence[Found], progress: Progress) -> list[Trouble]:
    waiting = [found for found in chosen if not archive.has(found)]
    troubles: list[Trouble] = []
    with running(progress, "collecting", sum(found.size_bytes for found in waiting)):
        for found in waiting:
            progress.file(found.inside)
            trouble = archive.take(found, progress.advance)
            if trouble is not None:
                troubles.append(trouble)
    return troubles


def _absent(listing: Listing) -> list[Trouble]:
    """The kinds of source of which there was nothing at all."""
    seen = {asked_by for found in listing.files for asked_by in found.asked_by}
    titles = {name: form.title for name, form in all_formats().items()}
    titles |= {extra.name: extra.title for extra in extras()}
    return [
        Trouble(path=name, code=TroubleCode.ABSENT, detail=title)
        for name, title in sorted(titles.items())
        if name not in seen
    ]
