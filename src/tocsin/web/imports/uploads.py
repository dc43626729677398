"""Files as they were handed over: stored under random names, opened under their own.

The name that came with a file is never a path of ours. Feeds tell reports apart by it, though, so
reading goes through a link of that name in a folder for this one reading.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from django.conf import settings

from tocsin.errors import SourceError, UsageError
from tocsin.evidence.collection import Limits
from tocsin.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tocsin.web.imports.models import Import

FOLDER = "imports"
_CHUNK_BYTES = 2**20
_MOST_NAME_BYTES = 240
_NAME_BEGINS, _NAME_ENDS = 40, 15
"""Characters kept of a long name: it begins with the day and the report, and ends with the kind.

At four bytes each they fit into the 255 that a file system takes.
"""
_UNPACKED_TIMES = 4
_MOST_FILES = 10_000


class Upload(Protocol):
    """A file that is being handed over, as Django's `UploadedFile` and `File` are."""

    name: str | None

    def chunks(self, chunk_size: int | None = None) -> Iterable[bytes]:
        """Its content in portions."""


class Stored(NamedTuple):
    """What is known of a file once it lies with us; `stored_as` is below the desk's files."""

    file_name: str
    stored_as: str
    size_bytes: int
    sha256: str


def limits() -> Limits:
    """What may come out of an upload."""
    most = _UNPACKED_TIMES * settings.TOCSIN_MAX_FEED_BYTES
    return Limits(total_bytes=most, member_bytes=most, members=_MOST_FILES)


def store(upload: Upload) -> Stored:
    """Write a file as it comes, and hash it. Raises `UsageError` for one that is too large.

    Nothing is left of a file that was not stored to its end.
    """
    stored_as = f"{FOLDER}/{secrets.token_hex(16)}"
    path = path_of(stored_as)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        size, sha256 = written(upload, path, check_size)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Stored(safe_name(upload.name or ""), stored_as, size, sha256)


def written(upload: Upload, path: Path, check: Callable[[int], None]) -> tuple[int, str]:
    """Write an upload as it comes, for the desk alone to read: its size in bytes, and its SHA-256.

    `check` is asked with each portion whether so many bytes are not too many.
    """
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for chunk in upload.chunks(_CHUNK_BYTES):
            size += len(chunk)
            check(size)
            digest.update(chunk)
            file.write(chunk)
    return size, digest.hexdigest()


def check_size(size_bytes: int) -> None:
    """Raise `UsageError` where a file is larger than the desk takes."""
    most = settings.TOCSIN_MAX_FEED_BYTES
    if size_bytes > most:
        raise UsageError(
            f"The file is larger than {most // 2**20} MiB. Pack it, or import it in parts."
        )


@contextmanager
def opened(one: Import) -> Iterator[Path]:
    """The file under the name that it was handed over with. Raises `SourceError` if it is gone."""
    path = path_of(one.stored_as) if one.stored_as else None
    if path is None or not path.is_file():
        raise SourceError("The uploaded file is no longer kept. Upload it again.")
    with tempfile.TemporaryDirectory(prefix="tocsin-import-") as folder:
        link = Path(folder) / safe_name(one.file_name)
        link.symlink_to(path)
        yield link


def remove(one: Import) -> None:
    """Delete the file."""
    if one.stored_as:
        path_of(one.stored_as).unlink(missing_ok=True)


def safe_name(name: str) -> str:
    """The last part of a name, without what cannot be seen; short, and never that of a folder."""
    last = visible(name.replace("\\", "/").rpartition("/")[2])
    if len(last.encode()) > _MOST_NAME_BYTES:
        last = f"{last[:_NAME_BEGINS]}…{last[-_NAME_ENDS:]}"
    return last if last.strip(". ") else "upload"


def path_of(stored_as: str) -> Path:
    """Where something below the desk's files lies."""
    return Path(settings.MEDIA_ROOT) / stored_as
