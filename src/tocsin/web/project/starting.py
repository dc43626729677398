"""Starts Django for a command: which settings, and whether the desk's folder can be used.

Nothing here imports Django before it must: the settings read the environment when they load.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from tocsin.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKAGE = "tocsin.web.project.settings"
_WHERE = "tocsin desk"
_PR_SET_DUMPABLE = 4


def chosen_settings(environment: Mapping[str, str]) -> str:
    """Production where the desk has names that it is reached by; one's own machine otherwise."""
    given = environment.get("DJANGO_SETTINGS_MODULE")
    return given or f"{_PACKAGE}.{'production' if is_production(environment) else 'local'}"


def is_production(environment: Mapping[str, str]) -> bool:
    """Whether ``TOCSIN_DESK_HOSTS`` says so."""
    return bool(environment.get("TOCSIN_DESK_HOSTS", "").strip())


def new_key() -> str:
    """A key that signs sessions and encrypts second factors."""
    return secrets.token_urlsafe(64)


def home_folder() -> Path:
    """The desk's folder, which may not be there yet."""
    return Path(os.environ.get("TOCSIN_DESK_HOME") or "~/.local/share/tocsin/desk").expanduser()


def start() -> None:
    """Load settings and apps. Raises `UsageError` for what a person can put right."""
    os.umask(0o077)  # what the desk writes is for its own account alone
    _hide()
    os.environ["DJANGO_SETTINGS_MODULE"] = chosen_settings(os.environ)
    try:
        django.setup()
    except ImproperlyConfigured as wrong:
        raise UsageError(str(wrong), where=_WHERE) from None
    except ValueError as wrong:  # of dj-database-url, for an address of no kind that it knows
        raise UsageError(f"TOCSIN_DATABASE_URL: {wrong}", where=_WHERE) from None
    except OSError as wrong:
        raise _unusable(wrong) from None
    _make(Path(settings.FILE_UPLOAD_TEMP_DIR))


def _hide() -> None:
    """Let no other process of the same user read memory and environment: secrets are in both."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def usable_home() -> Path:
    """The desk's folder, made where it is missing, for its owner alone. Raises `UsageError`."""
    home = home_folder()
    _make(home)
    try:
        probe = home / ".can-write"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as wrong:
        raise _unusable(wrong) from None
    return home


def _make(folder: Path) -> None:
    """Make it for its owner alone, where it is missing. Raises `UsageError`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as wrong:
        raise _unusable(wrong) from None


def _unusable(wrong: OSError) -> UsageError:
    return UsageError(
        f"cannot write there ({wrong.strerror}): give its owner write access, or name another "
        "folder by TOCSIN_DESK_HOME",
        where=str(wrong.filename or _WHERE),
    )


def need_database() -> None:
    """Raise `UsageError` unless the database is there and as this version needs it."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        empty = not executor.loader.applied_migrations
    except DatabaseError as wrong:
        raise UsageError(
            f"the database cannot be used: {_first_line(wrong)}", where=_WHERE
        ) from None
    if missing:
        what = (
            "the database holds no desk yet"
            if empty
            else f"the database is older than this version ({len(missing)} changes are missing)"
        )
        raise UsageError(f"{what}: run tocsin desk init", where=_WHERE)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
