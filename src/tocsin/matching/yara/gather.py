"""Read the user's YARA files with all that they include, and nothing else.

A rule folder may be hostile: it came from somewhere. So no include and no link leads out of the
folders that the user gave, and there is an end to how many files, how deep, and how large.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError
from tocsin.matching.files import files_below
from tocsin.matching.yara.outline import Include, Refused, Text, outline
from tocsin.model.result import RuleFailure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tocsin.matching.yara.outline import Outline

ENDINGS = (".yar", ".yara", ".rule", ".rules")
"""What counts as a YARA file in a folder; a file that is named itself may be called anything."""
RULE_BYTES = 64 * 2**20
"""All text of the user's rules, includes as often as they are included. Half of it takes YARA-X
20 seconds and 1.4 GB, by measurement; the largest public collections are a fifth of that."""
DEPTH = 16
"""Files that may include one another in a row."""
FILES = 20_000
"""Files that are read, included ones as often as they are included."""
_SHOWN = 200
"""Characters of a path that are shown."""
WORDS = 250_000
"""Words that may begin a rule: YARA-X keeps some kilobytes for each that is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A text for YARA-X. `file` is how we call it, `line` where the text begins in it."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One file with all that it includes: one namespace, in which its global rules rule.

    `origins` says of each rule's name in which file it is declared. `private` rules never speak.
    `pack` is empty for the user's own, `slug` the file's name.
    """

    file: str
    slug: str
    pieces: tuple[Piece, ...]
    origins: Mapping[str, str]
    private: frozenset[str]
    pack: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the user's files hold, and what of it could not be read."""

    units: tuple[Unit, ...]
    failed: tuple[RuleFailure, ...]


def gather(given: Sequence[Path]) -> Gathered:
    """Read all files that were named and all in the folders that were named. Never raises.

    What another file of a folder includes stands in that file's place, and not once more alone.
    """
    reader = _Reader(given)
    named = {path for path in given if not path.is_dir()}
    paths = list(dict.fromkeys(files_below(given, ENDINGS)))
    wanted = reader.wanted_by(paths)
    first = [path for path in paths if path in named or path not in wanted]
    units = [reader.unit(path) for path in first]
    # Files that include one another in a ring are wanted by some other file, all of them.
    units += [reader.unit(path) for path in paths if reader.still_unread(path)]
    return Gathered(units=tuple(units), failed=reader.failed)


def label(path: Path) -> str:
    """A path as reports can print it: Linux lets a name be any bytes."""
    return os.fsencode(path).decode("utf-8", "replace")


@dataclass(slots=True)
class _Growing:
    """A unit while its files are read."""

    pieces: list[Piece] = field(default_factory=list)
    origins: dict[str, str] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    public: set[str] = field(default_factory=set)
    inside: set[Path] = field(default_factory=set)


class _Reader:
    """Reads files within the given folders until one of the limits is reached."""

    def __init__(self, given: Sequence[Path]) -> None:
        self._failed: dict[RuleFailure, None] = {}  # A file that is included often fails once.
        self._roots = tuple(
            (path if path.is_dir() else path.parent).resolve() for path in given if path.exists()
        )
        self._named = frozenset(given)
        self._read: set[Path] = set()
        self._bytes = self._files = self._words = 0

    @property
    def failed(self) -> tuple[RuleFailure, ...]:
        """What could not be read so far, each told once."""
        return tuple(self._failed)

    def wanted_by(self, paths: Sequence[Path]) -> set[Path]:
        """Which of `paths` some other one of them includes."""
        real = {path.resolve(): path for path in paths}
        targets = {target for path in paths for target in _targets(path, self._roots)}
        return {real[target] for target in targets if target in real}

    def still_unread(self, path: Path) -> bool:
        """Whether no unit holds this file yet."""
        return path.resolve() not in self._read

    def unit(self, path: Path) -> Unit:
        """One file with what it includes."""
        growing = _Growing()
        self._add(path, growing, ())
        return Unit(
            file=label(path),
            slug=path.stem,
            pieces=tuple(growing.pieces),
            origins=growing.origins,
            private=frozenset(growing.private - growing.public),
        )

    def _add(self, path: Path, growing: _Growing, above: tuple[Path, ...]) -> None:
        real = path.resolve()
        self._read.add(real)
        growing.inside.add(real)
        file = label(path)
        try:
            parts = self._outline(path).parts
        except KnowledgeError as error:
            self._fail(file, str(error))
            return
        for part in parts:
            if isinstance(part, Include):
                self._include(part, path, growing, (*above, real))
            elif isinstance(part, Refused):
                self._fail(file, f"line {part.line}: {part.reason}")
            else:
                _grow(growing, part, file)

    def _include(
        self, wanted: Include, path: Path, growing: _Growing, above: tuple[Path, ...]
    ) -> None:
        file, at = label(path), f"line {wanted.line}: include {wanted.path[:_SHOWN]!r}"
        target = _target(path, wanted.path, self._roots)
        if target is None:
            self._fail(file, f"{at} leads out of the folders that were given; it is not followed")
        elif target in above:
            self._fail(file, f"{at} makes the file include itself; it is not followed")
        elif len(above) >= DEPTH:
            self._fail(file, f"{at} is more than {DEPTH} files deep; it is not followed")
        elif target not in growing.inside:  # Once is enough; twice would be the same names again.
            if _is_file(target):
                self._add(target, growing, above)
            else:
                self._fail(file, f"{at}: there is no such file")

    def _outline(self, path: Path) -> Outline:
        """Raises `KnowledgeError` where the file is unreadable, no text, or beyond a limit."""
        if path not in self._named and not _inside(path.resolve(), self._roots):
            raise KnowledgeError("is a link that leads out of the folder; it is not followed")
        self._files += 1
        if self._files > FILES:
            raise KnowledgeError(f"was left out: more than {FILES} files, includes counted")
        text = _text(path, RULE_BYTES - self._bytes)
        found = outline(text, WORDS - self._words)
        self._words += found.words
        self._bytes += len(text)
        return found

    def _fail(self, file: str, reason: str) -> None:
        self._failed[RuleFailure(file=file, reason=reason)] = None


def _grow(growing: _Growing, part: Text, file: str) -> None:
    growing.pieces.append(Piece(file=file, line=part.line, text=part.text))
    for one in part.declared:
        growing.origins.setdefault(one.name, file)
        # A name may be declared twice, and one of the two be broken: do not lose the other.
        (growing.private if one.private else growing.public).add(one.name)


def _target(path: Path, wanted: str, roots: Sequence[Path]) -> Path | None:
    """The file that is meant, links resolved; None where it lies outside of all `roots`.

    Says nothing about what exists outside.
    """
    try:
        target = (path.parent / wanted.replace("\\", "/")).resolve()
    except (OSError, ValueError, RuntimeError):  # Links in a ring; a name that cannot be.
        return None
    return target if _inside(target, roots) else None


def _inside(path: Path, roots: Sequence[Path]) -> bool:
    return any(path.is_relative_to(root) for root in roots)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # A name that no file can have.
        return False


def _targets(path: Path, roots: Sequence[Path]) -> list[Path]:
    """What `path` includes, as far as it can be read; its own problems are told later."""
    if not _inside(path.resolve(), roots):
        return []
    try:
        text = _text(path, RULE_BYTES)
        parts = outline(text, WORDS).parts if "include" in text else ()
    except KnowledgeError:
        return []
    includes = (_target(path, one.path, roots) for one in parts if isinstance(one, Include))
    return [target for target in includes if target not in (None, path.resolve())]


def _text(path: Path, limit: int) -> str:
    """The text of a file of at most `limit` bytes. Raises `KnowledgeError`."""
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise KnowledgeError(error.strerror or str(error)) from error
    if len(content) > limit:
        raise KnowledgeError(f"was left out: more than {RULE_BYTES >> 20} MiB of rules in all")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise KnowledgeError(f"line {line}: is not UTF-8") from error
