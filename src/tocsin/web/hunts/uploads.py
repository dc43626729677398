"""Uploads as they were handed over, each in a folder of its own under a random name."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.utils.text import get_valid_filename

from tocsin.campaign.feed import HEAD_BYTES
from tocsin.campaign.feeds import hunt as result_feed
from tocsin.errors import UsageError
from tocsin.evidence.magic import Kind, recognise
from tocsin.web.hunts.digest import MOST_BYTES
from tocsin.web.hunts.models import Hunt, HuntKind
from tocsin.web.imports.uploads import path_of, safe_name, written

if TYPE_CHECKING:
    from tocsin.web.imports.uploads import Upload

FOLDER = "hunts"
_NAME_ON_DISK = 100
_GIBIBYTE = 2**30


class Stored(NamedTuple):
    """What is known of an upload once it lies with us; `stored_as` is below the desk's files."""

    file_name: str
    stored_as: str
    size_bytes: int
    sha256: str
    kind: HuntKind


def home_of(hunt: Hunt) -> Path:
    """The folder of an upload and of all that came of it."""
    return path_of(hunt.stored_as).parent.parent


def store(upload: Upload) -> Stored:
    """Write an upload as it comes, hash it, and say by its content what it is.

    Nothing is left of one that is refused. Raises `UsageError`.
    """
    file_name = safe_name(upload.name or "")
    home = f"{FOLDER}/{secrets.token_hex(16)}"
    stored_as = f"{home}/upload/{_on_disk(file_name)}"
    path = path_of(stored_as)
    path.parent.mkdir(mode=0o700, parents=True)
    try:
        size, sha256 = written(upload, path, _check_size)
        kind = _kind(path, size)
    except BaseException:
        shutil.rmtree(path_of(home), ignore_errors=True)
        raise
    return Stored(file_name, stored_as, size, sha256, kind)


def remove_upload(hunt: Hunt) -> None:
    """Delete the upload itself; what came of it stays."""
    path_of(hunt.stored_as).unlink(missing_ok=True)


def _check_size(size_bytes: int) -> None:
    most = settings.TOCSIN_MAX_EVIDENCE_BYTES
    if size_bytes > most:
        raise UsageError(
            f"The file is larger than the {most / _GIBIBYTE:,.1f} GiB taken here. "
            "Hunt where the evidence is, and upload the result."
        )


def _kind(path: Path, size: int) -> HuntKind:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise UsageError("The file is empty.")
    if result_feed.recognise(head, path.name):
        if size > MOST_BYTES:
            raise UsageError(
                f"A result of more than {MOST_BYTES // 2**20} MiB is not read. "
                "Upload the evidence."
            )
        return HuntKind.RESULT
    found = recognise(lambda: path.open("rb"))
    if found is None:
        raise UsageError(
            "This is neither a result of `tocsin hunt --json` nor an archive of evidence "
            "(zip, tar, tar.gz, tar.zst, tar.bz2, 7z)."
        )
    if found.kind is Kind.REFUSED:
        raise UsageError(
            f"This is {found.advice}. Upload an archive of the folder, or its result."
        )
    return HuntKind.EVIDENCE


def _on_disk(name: str) -> str:
    """A name without anything that a program could take for more than a name."""
    told = name.encode("ascii", "replace").decode().replace("?", "_")
    try:
        plain = get_valid_filename(told)
    except SuspiciousFileOperation:  # of signs alone
        return "upload"
    return plain[-_NAME_ON_DISK:].lstrip("-.") or "upload"
