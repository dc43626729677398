"""`changes.toml`: what came into a pack, what was changed and what was taken out, and why.

A hit must never vanish silently between versions, so a rule that goes is named here for good.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError
from tocsin.knowledge.pack_toml import PackToml, name_in_packs, read_toml

if TYPE_CHECKING:
    from pathlib import Path

CHANGES = "changes.toml"
RECORD = "recorded.toml"
"""What every rule looked for when it was last told; see `tocsin.knowledge.pack_record`."""


class ChangeKind(StrEnum):
    """What became of the rules that a change names."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class PackChange(PackToml, frozen=True, kw_only=True):
    """One change; `rules` is empty where the pack itself changed, its texts or its window."""

    date: date
    kind: ChangeKind
    rules: tuple[str, ...]
    why: str


class _Changes(PackToml, frozen=True, kw_only=True):
    change: tuple[PackChange, ...]


def read_changes(folder: Path) -> tuple[PackChange, ...]:
    """The changes of the pack in `folder`, in the file's order; none where there is no file.

    Raises `KnowledgeError` for one that says no reason.
    """
    path = folder / CHANGES
    if not path.exists():
        return ()
    changes = read_toml(path, _Changes, folder).change
    for number, change in enumerate(changes):
        if not change.why.strip():
            raise KnowledgeError(
                f"change[{number}].why: is empty", where=name_in_packs(path, folder)
            )
    return changes
