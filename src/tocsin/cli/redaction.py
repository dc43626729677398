"""`--redact`: where the key goes, and that it is there before any report is."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tocsin.cli import output
from tocsin.errors import UsageError
from tocsin.report.jsontext import document
from tocsin.report.redact import Key, redact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.model.names import Names
    from tocsin.model.result import Result

DEFAULT_KEY = "tocsin-redaction-key.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What is taken out. Without `key_file` it is a new file in the working directory."""

    key_file: Path | None = None
    all_addresses: bool = False


def key_path(asked: Path | None, folder: Path | None, sources: Sequence[Path]) -> Path:
    """Choose the key's file, before the work begins and without making it.

    Raises `UsageError` where it exists (another report may need it), cannot be made or lies in a
    source, and where it would lie beside the report without having been asked for: who gets the
    folder would get the names.
    """
    path = asked if asked is not None else output.unused(Path(DEFAULT_KEY))
    if asked is None and folder is not None and _lies_in(path, folder):
        raise UsageError(
            f"the key would lie in {folder}, beside the report; name another place for it",
            where="--redact-key",
        )
    if os.path.lexists(path):
        raise UsageError(
            f"{path} is there already, and may be the key of another report; name another file",
            where="--redact-key",
        )
    if any(source.is_dir() and _lies_in(path, source) for source in sources):
        raise UsageError(
            f"{path} lies inside the evidence, which stays as it is", where="--redact-key"
        )
    if not os.access(path.absolute().parent, os.W_OK | os.X_OK):
        raise UsageError(f"{path} cannot be written; name another file", where="--redact-key")
    return path


def without_names(result: Result, names: Names, wanted: Redaction, path: Path) -> Result:
    """Take the names out, and write the key that brings them back to `path`."""
    redacted, key = redact(result, names, all_addresses=wanted.all_addresses)
    _write(key, path)
    print(f"Key: {path} (it holds the names: keep it apart from the report)", file=sys.stderr)
    if not names.complete:
        print(
            "tocsin: there were more names than are remembered; look through the report before "
            "you hand it over",
            file=sys.stderr,
        )
    return redacted


def _write(key: Key, path: Path) -> None:
    try:
        # For the user alone from its first moment on, and never over another key.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(document(msgspec.to_builtins(key)))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", where="--redact-key"
        ) from error


def _lies_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())
