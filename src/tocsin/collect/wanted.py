"""Which files are worth taking: those that a log format looks for by its place, and a few more.

The formats' own `paths` are the list, so that collector and parsers cannot drift apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tocsin.errors import KnowledgeError
from tocsin.events.format import all_formats
from tocsin.evidence.magic import COMPRESSED_ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_EXTRA = Path(__file__).with_name("extra.toml")


class Extra(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Files that no format reads and that are taken all the same: every name in every folder.

    `usual` has examples of where they lie.
    """

    name: str
    title: str
    why: str
    source: str
    folders: tuple[str, ...]
    names: tuple[str, ...]
    usual: tuple[str, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """The globs, as a format has them."""
        return tuple(f"{folder}/{name}" for folder in self.folders for name in self.names)


class _Extras(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    extra: tuple[Extra, ...]


@cache
def extras() -> tuple[Extra, ...]:
    """What is in ``extra.toml``. Raises `KnowledgeError` where it cannot be read."""
    try:
        return msgspec.toml.decode(_EXTRA.read_bytes(), type=_Extras).extra
    except (OSError, msgspec.DecodeError) as error:
        raise KnowledgeError(str(error), where=f"collect/{_EXTRA.name}") from error


def all_paths() -> dict[str, tuple[str, ...]]:
    """Every glob that the collector looks for, by the format or extra that asks for it."""
    paths = {name: form.paths for name, form in all_formats().items()}
    return paths | {extra.name: extra.paths for extra in extras()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Glob:
    asked_by: str
    folder: re.Pattern[str]
    name: str


class Wanted:
    """Says of every file whether it is wanted, folder by folder, since a drive has millions.

    The answer is that of `EvidencePath.matches` for every glob. A log that was packed singly
    (``u_ex210303.log.gz``) is wanted where the log would be.
    """

    def __init__(self, paths: Mapping[str, Iterable[str]]) -> None:
        """Look for the globs of `paths`, which has them by who asks."""
        self._globs = [_glob(asked_by, glob) for asked_by in paths for glob in paths[asked_by]]
        self._names: dict[tuple[int, ...], InFolder] = {}

    def in_folder(self, folder: str) -> InFolder:
        """What is wanted in `folder`, a path on the server with forward slashes."""
        text = f"{folder.lower()}/"
        hits = tuple(i for i, glob in enumerate(self._globs) if glob.folder.search(text))
        if hits not in self._names:
            self._names[hits] = InFolder([self._globs[index] for index in hits])
        return self._names[hits]


class InFolder:
    """The names that are wanted in one folder."""

    def __init__(self, globs: Iterable[_Glob]) -> None:
        """Compile them into one expression, and keep who asks for which."""
        names: dict[str, list[str]] = {}
        for glob in globs:
            names.setdefault(glob.asked_by, []).append(glob.name)
        self._any = _either(name for several in names.values() for name in several)
        self._by_asker = {asked_by: _either(several) for asked_by, several in names.items()}

    def asked_by(self, name: str) -> tuple[str, ...]:
        """Who wants the file called `name`; nobody in an empty tuple."""
        folded = name.lower()
        if folded.endswith(COMPRESSED_ENDINGS) and self._any.fullmatch(folded) is None:
            folded = folded.rpartition(".")[0]
        if self._any.fullmatch(folded) is None:
            return ()
        return tuple(
            asked_by for asked_by, names in self._by_asker.items() if names.fullmatch(folded)
        )


def _glob(asked_by: str, glob: str) -> _Glob:
    folder, slash, name = glob.rpartition("/")
    return _Glob(
        asked_by=asked_by,
        folder=re.compile(rf"(?:^|/){as_regex(folder + slash)}\Z", re.DOTALL),
        name=as_regex(name),
    )


def as_regex(glob: str) -> str:
    """The expression of a glob, without anchors, for text in lower case."""
    parts = re.split(r"(\*\*/|\*)", glob.lower())
    known = {"**/": "(?:[^/]+/)*", "*": "[^/]*"}
    return "".join(known.get(part) or re.escape(part) for part in parts)


def _either(names: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(names) or r"(?!)", re.DOTALL)
