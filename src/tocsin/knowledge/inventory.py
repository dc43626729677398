"""What a folder of facts holds, and what changes from one to another, by kind and by name."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin.knowledge.builds import all_builds
from tocsin.knowledge.manifest import MANIFEST
from tocsin.knowledge.packs import Pack, all_packs
from tocsin.knowledge.root import data_root, using

if TYPE_CHECKING:
    from pathlib import Path

Inventory = dict[str, dict[str, str]]
"""For each kind, in the order in which they are told: name, and a text that differs with it."""

_CVE = re.compile(r"\bCVE-\d{4}-\d{4,7}\b", re.ASCII)
KINDS = ("pack", "rule", "benign pattern", "attack chain", "build", "CVE", "table")
"""In the order in which changes are told; a table is any file outside the packs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What changes in one kind; names are in order."""

    kind: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def inventory(root: Path) -> Inventory:
    """Everything in `root`. Raises `KnowledgeError` where it cannot be loaded."""
    with using(root):
        found: Inventory = {kind: {} for kind in KINDS}
        for pack in all_packs():
            _take_pack(found, pack)
        found["build"] = {build.text: repr(build) for build in all_builds()}
        lines: dict[str, list[str]] = {}
        for path in sorted(path for path in data_root().rglob("*") if path.is_file()):
            name = path.relative_to(root).as_posix()
            if name == MANIFEST or name.startswith("packs/"):
                continue
            content = path.read_bytes()
            found["table"][name] = hashlib.sha256(content).hexdigest()
            _take_cves(lines, name, content.decode("utf-8", "replace"))
        found["CVE"] = {cve: "\n".join(lines[cve]) for cve in sorted(lines)}
    return found


def changes(before: Inventory, after: Inventory) -> tuple[Change, ...]:
    """What is different, kinds without a difference left out."""
    told = []
    for kind in KINDS:
        old, new = before[kind], after[kind]
        change = Change(
            kind=kind,
            added=tuple(name for name in new if name not in old),
            changed=tuple(name for name in new if name in old and old[name] != new[name]),
            removed=tuple(name for name in old if name not in new),
        )
        if change.added or change.changed or change.removed:
            told.append(change)
    return tuple(told)


def _take_pack(found: Inventory, pack: Pack) -> None:
    slug = pack.about.slug
    found["pack"][slug] = repr(pack.about)
    for file in (*pack.sigma, *pack.yara):
        found["rule"][_slug(file.path)] = file.text
    found["benign pattern"].update({_slug(file.path): file.text for file in pack.benign})
    found["attack chain"].update({chain.id: repr(chain) for chain in pack.chains})


def _take_cves(lines: dict[str, list[str]], name: str, text: str) -> None:
    """Every line that names a CVE, whatever the file: two tables may speak of the same one."""
    for line in text.splitlines():
        for cve in set(_CVE.findall(line)):
            lines.setdefault(cve, []).append(f"{name}: {line}")


def _slug(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]
