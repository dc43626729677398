"""Where uploads lie while they come in: a folder for the desk alone, without what was left behind.

What a server that was killed leaves there is removed by the next one to start, unless another
serves from the same folder: each holds a lock on it for as long as it runs.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK = ".lock"


@contextmanager
def received_here() -> Iterator[None]:
    """Let all that comes in be written to the folder, until the server ends."""
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _clear(folder)
        fcntl.flock(lock, fcntl.LOCK_SH)
        before, tempfile.tempdir = tempfile.tempdir, str(folder)  # waitress writes bodies there
        try:
            yield
        finally:
            tempfile.tempdir = before
    finally:
        os.close(lock)


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name != _LOCK and not path.is_dir():
            path.unlink(missing_ok=True)
