"""Lists that somebody uploaded and has not agreed to yet, in a folder of the desk's files.

They hold personal data: each is deleted once it is imported, and after a day in any case.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from django.conf import settings
from django.core import signing

from tocsin.errors import UsageError

_SALT = "tocsin.web.organisations.held"
_DAY = 24 * 3600


def keep(content: bytes) -> str:
    """Keep a list and return its name, the hash of its content."""
    _sweep()
    name = hashlib.sha256(content).hexdigest()
    path = _folder() / name
    path.touch(mode=0o600)
    path.write_bytes(content)
    return name


def take(name: str) -> bytes:
    """The list of this name. Raises `UsageError` where it is gone."""
    try:
        content = (_folder() / name).read_bytes()
    except FileNotFoundError as error:
        raise UsageError("the list is no longer kept; upload it again") from error
    if hashlib.sha256(content).hexdigest() != name:
        raise UsageError("the list was changed since; upload it again")
    return content


def drop(name: str) -> None:
    """Delete a list."""
    (_folder() / name).unlink(missing_ok=True)


def sealed(**what: object) -> str:
    """What a person is about to agree to, so that nobody can change it on the way."""
    return signing.dumps(what, salt=_SALT)


def opened(seal: str) -> dict[str, str]:
    """What was sealed within the last day. Raises `UsageError` for everything else."""
    try:
        found: dict[str, str] = signing.loads(seal, salt=_SALT, max_age=_DAY)
    except signing.BadSignature as error:
        raise UsageError("this preview no longer holds; upload the list again") from error
    return found


def _folder() -> Path:
    folder = Path(settings.MEDIA_ROOT) / "lists"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _sweep() -> None:
    """Delete what nobody agreed to within a day."""
    too_old = time.time() - _DAY
    with os.scandir(_folder()) as every:
        for one in every:
            if one.is_file(follow_symlinks=False) and one.stat().st_mtime < too_old:
                Path(one.path).unlink(missing_ok=True)
