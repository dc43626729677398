"""One person's own machine: plain HTTP on the loopback address, and nowhere else.

The key that signs sessions lies in the desk's folder, readable by its owner alone.
"""

from __future__ import annotations

import os

from tocsin.web.project.settings.base import *  # noqa: F403 Django's way to build on settings
from tocsin.web.project.settings.base import HOME
from tocsin.web.project.starting import new_key


def _kept_key() -> str:
    """The key of this folder, made at the first start."""
    path = HOME / "secret-key"
    HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    key = new_key()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key)
    return key


SECRET_KEY = _kept_key()
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
