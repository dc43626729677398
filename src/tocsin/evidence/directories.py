"""Folders and single files, opened for reading only and without leaving a trace.

No link is followed, also not one that takes a file's place while we work. Hard links cannot be
told from files and are read like them.
"""

from __future__ import annotations

import os
import stat
from functools import partial, reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tocsin.errors import SourceError
from tocsin.evidence.damage import MemberError, problem_of
from tocsin.evidence.naming import decoded
from tocsin.evidence.regions import BUFFER_BYTES, HandleRegion
from tocsin.evidence.session import Entries, Entry
from tocsin.evidence.times import from_unix_ns
from tocsin.model.artefact import FileTime, TimeKind, TimeOrigin
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from tocsin.evidence.session import Container, Session

# Not blocking, so that a pipe that took a file's place cannot make us wait. Windows, where
# `tocsin collect` may run, has two of these only: without them it would change line ends.
_WISHES = ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_NOINHERIT")
_FLAGS = os.O_RDONLY | reduce(or_, (getattr(os, name, 0) for name in _WISHES))
_WITHOUT_TRACE = _FLAGS | getattr(os, "O_NOATIME", 0)


def directory_entries(root: Path, container: Container) -> Entries:
    """Every file below `root`, in the order of their names.

    Raises `SourceError` where not even `root` can be listed.
    """
    top = os.fsencode(root)
    seen: set[tuple[int, int]] = set()
    waiting = [(top, "")]
    while waiting:
        folder, name = waiting.pop()
        try:
            found = _listed(folder, seen)
        except OSError as error:
            if folder == top:
                raise SourceError(
                    f"this folder cannot be listed: {error.strerror}", where=str(root)
                ) from error
            problem = problem_of(error, name)
            container.report(problem.code, name, f"this folder cannot be read: {problem.detail}")
            continue
        folders = []
        for item in found:
            item_name = f"{name}/{decoded(item.name)}" if name else decoded(item.name)
            try:
                status = item.stat(follow_symlinks=False)
            except OSError as error:
                container.report(ProblemCode.UNREADABLE, item_name, error.strerror or str(error))
                continue
            if stat.S_ISDIR(status.st_mode):
                folders.append((item.path, item_name))
            elif stat.S_ISREG(status.st_mode):
                yield file_entry(item.path, item_name, status, container.session)
            else:
                detail = "a link or device; it is not followed"
                container.report(ProblemCode.LINK, item_name, detail)
        waiting.extend(reversed(folders))


def file_entry(path: bytes, name: str, status: os.stat_result, session: Session) -> Entry:
    """The entry of a single file."""
    return Entry(
        name=name,
        size_bytes=status.st_size,
        times=_times(status),
        open=partial(open_file, path),
        region=partial(_region, path, session),
    )


def open_file(path: bytes) -> BinaryIO:
    """A stream over the file at `path`. Raises `OSError` where it is gone or no file any more."""
    return os.fdopen(_descriptor(path), "rb", buffering=BUFFER_BYTES)


def _listed(folder: bytes, seen: set[tuple[int, int]]) -> list[os.DirEntry[bytes]]:
    status = Path(os.fsdecode(folder)).stat()
    identity = (status.st_dev, status.st_ino)
    if identity in seen:
        raise MemberError(ProblemCode.LINK, "it is one of the folders that it lies in")
    seen.add(identity)
    with os.scandir(folder) as found:
        return sorted(found, key=lambda item: item.name)


def _times(status: os.stat_result) -> tuple[FileTime, ...]:
    modified = from_unix_ns(status.st_mtime_ns)
    if modified is None:
        return ()
    return (FileTime(kind=TimeKind.MODIFIED, value=modified, origin=TimeOrigin.COPY),)


def _region(path: bytes, session: Session) -> HandleRegion:
    descriptor = _descriptor(path)
    size = os.fstat(descriptor).st_size
    return HandleRegion(handle=session.keep(descriptor), start=0, size_bytes=size)


def _descriptor(path: bytes) -> int:
    descriptor = open_for_reading(path)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise MemberError(ProblemCode.LINK, "it is no file any more")
    return descriptor


def open_for_reading(path: bytes) -> int:
    """A descriptor of what lies at `path` itself, not of what it links to. Raises `OSError`."""
    try:
        return os.open(path, _WITHOUT_TRACE)
    except PermissionError:
        # Only a file's owner may read it without changing its access time.
        return os.open(path, _FLAGS)
