"""The user's rule files: found, read, and named."""

from __future__ import annotations

import codecs
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

FILE_BYTES = 8 * 2**20
"""Bytes of one file of Sigma rules. Thousands of rules, glued together, are less. A rule six times
as large had taken 700 MiB when it was stopped, and was still being parsed."""


def files_below(paths: Iterable[Path], endings: Sequence[str]) -> list[Path]:
    """The files named, and in folders every file with one of `endings`, in a steady order."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += [path / one for one in sorted(_below(str(path), endings), key=_parts)]
        else:
            found.append(path)
    return found


def _below(top: str, endings: Sequence[str]) -> Iterator[str]:
    """What `Path.rglob` finds, ten times as fast: links to folders are not followed."""
    folders = [""]
    for folder in folders:
        try:
            with os.scandir(os.path.join(top, folder)) as entries:  # noqa: PTH118 - paths as text are what is fast here
                for one in entries:
                    name = f"{folder}{one.name}"
                    if one.is_dir(follow_symlinks=False):
                        folders.append(f"{name}/")
                    elif _ending(one.name).lower() in endings and _is_file(one):
                        yield name
        except PermissionError:
            continue


def _parts(name: str) -> list[str]:
    """Orders names as paths are ordered."""
    return name.split("/")


def _ending(name: str) -> str:
    """As `Path.suffix` has it, but for a dot at the end."""
    at = name.rfind(".")
    return name[at:] if at > 0 else ""


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def read_text(path: Path) -> str:
    """The text of a rule file. Raises `KnowledgeError` where it cannot be read, or is no such."""
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES + 1)
    except OSError as error:
        raise KnowledgeError(error.strerror or str(error)) from error
    if len(content) > FILE_BYTES:
        raise KnowledgeError(f"is larger than {FILE_BYTES >> 20} MiB: split it into several files")
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise KnowledgeError("is not UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


@dataclass(frozen=True, slots=True)
class Slugs:
    """Gives out names that are free; thousands of files may want the same one.

    It remembers where it was for each, so a name that was taken must stay taken.
    """

    _tried: dict[str, int] = field(default_factory=dict)

    def free(self, wanted: str, is_taken: Callable[[str], bool]) -> str:
        """`wanted`, or the first of ``wanted-2``, ``wanted-3`` ... that is free."""
        if not is_taken(wanted):
            return wanted
        number = self._tried.get(wanted, 2)
        while is_taken(f"{wanted}-{number}"):
            number += 1
        self._tried[wanted] = number
        return f"{wanted}-{number}"
