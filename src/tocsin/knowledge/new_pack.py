"""Begin a pack: a folder that passes `tocsin pack check` as it is, and says what to put where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tocsin.errors import UsageError
from tocsin.knowledge.packs import all_packs
from tocsin.knowledge.root import BUILTIN

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path
    from uuid import UUID

TEMPLATE = BUILTIN.parent / "template"
"""Part of this program, and of no knowledge that is updated."""
_SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", re.ASCII)
_LONGEST = 60


def new_pack(slug: str, parent: Path, *, today: date, rule_id: UUID) -> Path:
    """Make the folder `slug` in `parent` and return it.

    Nothing is recorded yet (`tocsin.knowledge.pack_record`): a draft changes all the time.
    `today` becomes the pack's date, and `rule_id` the id of its first rule. Raises `UsageError`
    where the name is none for a pack, is taken, or the folder cannot be made.
    """
    _check(slug)
    folder = parent / slug
    words = {"@SLUG@": slug, "@TODAY@": today.isoformat(), "@UUID@": str(rule_id)}
    try:
        folder.mkdir(parents=True)
        for path in sorted(path for path in TEMPLATE.rglob("*") if path.is_file()):
            inside = path.relative_to(TEMPLATE).as_posix()
            target = folder / _filled(inside, words)
            target.parent.mkdir(exist_ok=True)
            text = _filled(path.read_text(encoding="utf-8"), words)
            target.write_text(text, encoding="utf-8", newline="\n")
    except FileExistsError as error:
        raise UsageError(
            "is there already; choose another name or folder", where=str(folder)
        ) from error
    except OSError as error:
        raise UsageError(f"cannot be made: {error.strerror}", where=str(folder)) from error
    return folder


def _check(slug: str) -> None:
    if not _SLUG.fullmatch(slug) or len(slug) > _LONGEST:
        raise UsageError(
            f"{slug!r} is no name for a pack: small letters, digits and '-' between them, such as "
            f"cve-2021-26855, at most {_LONGEST} of them",
            where="pack new",
        )
    if slug in {pack.about.slug for pack in all_packs()}:
        raise UsageError(f"a pack {slug!r} is in use already", where="pack new")


def _filled(text: str, words: dict[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text
