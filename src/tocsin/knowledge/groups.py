"""Groups that have used Exchange servers: the techniques published for each, and traits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from tocsin.errors import KnowledgeError
from tocsin.knowledge.attack import techniques
from tocsin.knowledge.root import cached, data_root

if TYPE_CHECKING:
    from pathlib import Path

FILE = "groups.toml"
TraitKind: TypeAlias = Literal["address", "domain", "sha1", "file_name"]


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One group of MITRE ATT&CK; `techniques` are current ids once it was read by `groups`."""

    id: str
    name: str
    aliases: tuple[str, ...]
    techniques: tuple[str, ...]


class Trait(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was published of the servers and files of `of`, in lower case.

    `group` is its id in ATT&CK, where it has one. A `file_name` is never enough alone.
    """

    of: str
    kind: TraitKind
    values: tuple[str, ...]
    group: str = ""


class Groups(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file. `given` are techniques that whoever is looked for here has used, whoever it is."""

    given: tuple[str, ...] = ()
    group: tuple[Group, ...]
    trait: tuple[Trait, ...]


@cached
def groups() -> Groups:
    """The table in use, with ids that ATT&CK has replaced by others mapped to those."""
    read = read_groups(data_root() / FILE)
    return Groups(
        given=tuple(one.id for one in techniques(read.given)),
        group=tuple(
            msgspec.structs.replace(
                one, techniques=tuple(sorted(found.id for found in techniques(one.techniques)))
            )
            for one in read.group
        ),
        trait=read.trait,
    )


def read_groups(path: Path) -> Groups:
    """Read the file. Raises `KnowledgeError` with file and key."""
    try:
        read = msgspec.toml.decode(path.read_bytes(), type=Groups)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise KnowledgeError(str(error), where=path.name) from error
    known = {one.id for one in read.group}
    if len(known) < len(read.group):
        raise KnowledgeError("an id stands there twice", where=f"{path.name}: group")
    for trait in read.trait:
        if trait.group and trait.group not in known:
            raise KnowledgeError(f"{trait.group} is no group here", where=f"{path.name}: trait")
        if any(value != value.lower() for value in trait.values):
            raise KnowledgeError(f"{trait.of}: not in lower case", where=f"{path.name}: trait")
    return read
