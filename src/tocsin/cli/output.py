"""Where the report goes: files beside each other in one folder, and never inside the evidence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.errors import UsageError
from tocsin.report.choices import UNDECIDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tocsin.model.result import Result
    from tocsin.report.choices import Choices
    from tocsin.report.format import Report

DEFAULT = "tocsin-report"


def folder(asked: Path | None, sources: Sequence[Path]) -> Path:
    """Choose the folder for the report, before the work begins and without making it.

    Without `asked`, it is a new ``tocsin-report`` or ``tocsin-report-2`` and so on in the working
    directory, so that no earlier report is lost. Raises `UsageError` where it could not be
    written, or lies in a source: evidence is read-only.
    """
    target = asked if asked is not None else unused(Path(DEFAULT))
    for source in sources:
        if source.is_dir() and target.resolve().is_relative_to(source.resolve()):
            raise UsageError(
                f"{target} lies inside the evidence {source}, which stays as it is; "
                "name another folder",
                where="--output",
            )
    exists = next(path for path in (target, *target.resolve().parents) if path.exists())
    if not exists.is_dir() or not os.access(exists, os.W_OK | os.X_OK):
        raise UsageError(
            f"{target} cannot be written, because of {exists}; name another folder",
            where="--output",
        )
    return target


def write(
    result: Result, reports: Iterable[Report], target: Path, choices: Choices = UNDECIDED
) -> list[Path]:
    """Write the files of each format; a file appears whole or not at all."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        return [
            _write(target / name, content)
            for report in reports
            for name, content in report.files(result, choices).items()
        ]
    except OSError as error:
        raise UsageError(
            f"{target} cannot be written: {error.strerror}", where="--output"
        ) from error


def _write(path: Path, content: bytes) -> Path:
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        # Somebody may have laid a link of this name into the folder, one that leads to evidence.
        unfinished.unlink(missing_ok=True)
        with unfinished.open("xb") as file:
            file.write(content)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    return path


def unused(path: Path) -> Path:
    """`path`, or the first of ``path-2``, ``path-3`` and so on that does not exist."""
    number = 2
    candidate = path
    while candidate.exists():
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return candidate
