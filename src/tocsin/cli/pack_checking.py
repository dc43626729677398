"""`tocsin pack check`: try a pack, and compare its changes with what was recorded before."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tocsin.errors import KnowledgeError, UsageError
from tocsin.knowledge.pack_changes import CHANGES, RECORD
from tocsin.knowledge.pack_record import out_of_date, read_record, record_of, untold
from tocsin.knowledge.packs import all_packs, read_pack
from tocsin.knowledge.root import data_root
from tocsin.matching.proving import prove, prove_pack
from tocsin.report.words import count

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from tocsin.knowledge.packs import Pack

_NAMED = 4


def check(path: Path, *, today: date, record: bool = False) -> str:
    """Try one pack's folder, or a whole folder of knowledge, and say in a line that all is well.

    With `record` write down what the rules look for now. Raises `KnowledgeError` for what is
    wrong, and `UsageError` where there is no pack.
    """
    if (path / "packs").is_dir():
        prove(path)
        for folder in sorted(one for one in (path / "packs").iterdir() if one.is_dir()):
            check_changes(read_pack(folder.resolve()), folder, today=today, record=record)
        return f"{path}: everything can be used, and every rule is right about its examples"
    if not path.is_dir():
        raise UsageError("is no folder; name that of a pack", where=str(path))
    folder = path.resolve()
    _refuse_taken(read_pack(folder), folder)
    pack = prove_pack(folder)
    check_changes(pack, folder, today=today, record=record)
    return (
        f"{path}: {count(len(pack.detections), 'rule')}, "
        f"{count(len(pack.benign), 'benign pattern')} and "
        f"{count(len(pack.chains), 'attack chain')} can be used, and every rule is right about "
        "its examples"
    )


def check_changes(pack: Pack, folder: Path, *, today: date, record: bool = False) -> None:
    """Raise `KnowledgeError` where a rule came, changed or went and `changes.toml` is silent."""
    before = read_record(folder)
    for one in untold(pack, before):
        print(f"Write into {folder / CHANGES}:\n\n{one.entry(today)}\n", file=sys.stderr)
        raise KnowledgeError(one.said, where=f"{pack.about.slug}/{CHANGES}")
    if record:
        (folder / RECORD).write_text(record_of(pack), encoding="utf-8", newline="\n")
    elif not before:
        print(
            f"{pack.about.slug}: nothing was recorded yet, so a changed condition cannot be seen. "
            f"Record it: tocsin pack check --record {folder}",
            file=sys.stderr,
        )
    elif stale := out_of_date(pack, before):
        raise KnowledgeError(
            f"does not know what became of {', '.join(stale[:_NAMED])}, which {CHANGES} tells. "
            f"Write it anew: tocsin pack check --record {folder}",
            where=f"{pack.about.slug}/{RECORD}",
        )


def _refuse_taken(pack: Pack, folder: Path) -> None:
    """A pack that lies elsewhere must be able to stand beside those in use."""
    if folder.is_relative_to(data_root().resolve()):
        return
    for other in all_packs():
        if other.about.slug == pack.about.slug:
            # Somebody's copy of it, to be changed and put back.
            continue
        taken = {*other.detections} & {*pack.detections}
        if taken:
            raise KnowledgeError(
                f"the pack {other.about.slug} has a rule of this name; choose another",
                where=f"{pack.about.slug}: {min(taken)}",
            )
