"""ATT&CK techniques: what they are called, and which id replaced an old one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from tocsin.errors import KnowledgeError
from tocsin.knowledge.root import cached, data_root

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE = "attack.toml"
_ID = re.compile(r"T\d{4}(?:\.\d{3})?", re.ASCII)
_SITE = "https://attack.mitre.org/techniques/"


class Technique(msgspec.Struct, frozen=True, kw_only=True):
    """One technique under its current id. `name` is its id where no name is known.

    A sub-technique's `name` is its own alone; `title` has that of its parent in front.
    """

    id: str
    name: str
    title: str

    @property
    def url(self) -> str:
        """Its page."""
        return _SITE + self.id.replace(".", "/")


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file: names by current id, and the current id for each old one."""

    version: str
    names: dict[str, str]
    replaced: dict[str, str]


@cached
def table() -> Table:
    """The table in use."""
    return read_table(data_root() / FILE)


def read_table(path: Path) -> Table:
    """Read the file. Raises `KnowledgeError` with file and key."""
    try:
        read = msgspec.toml.decode(path.read_bytes(), type=Table)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise KnowledgeError(str(error), where=path.name) from error
    for old, new in read.replaced.items():
        if new in read.replaced or old in read.names:
            raise KnowledgeError("leads to no current id", where=f"{path.name}: replaced.{old}")
    return read


def technique(named: str) -> Technique | None:
    """The technique of this id, old or current; None where it is no id at all."""
    if not _ID.fullmatch(named):
        return None
    known = table()
    current = known.replaced.get(named, named)
    name = known.names.get(current, current)
    parent = known.names.get(current.partition(".")[0])
    title = f"{parent}: {name}" if "." in current and parent and name != current else name
    return Technique(id=current, name=name, title=title)


def techniques(named: Iterable[str]) -> tuple[Technique, ...]:
    """The techniques of these ids, each once, in the order given; what is no id is left out."""
    found = (technique(one) for one in named)
    return tuple(dict.fromkeys(one for one in found if one is not None))
