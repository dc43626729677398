"""What commands that read scan feeds do alike: understand what is asked, and read file by file."""

from __future__ import annotations

import re
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from tocsin.campaign.observing import COLUMNS, Asked, observe
from tocsin.errors import SourceError, UsageError
from tocsin.knowledge.cves import all_cves
from tocsin.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tocsin.campaign.observation import FeedRow
    from tocsin.model.progress import Progress

_NEXT = re.compile(rf",(?=\s*(?:{'|'.join(COLUMNS)})\s*=)")


def cves_asked(asked: list[str] | None) -> tuple[str, ...] | None:
    """What `--cve` names, in that order; None without it. Raises `UsageError`."""
    if asked is None:
        return None
    wanted = tuple(dict.fromkeys(one.upper() for one in asked))
    unknown = [one for one in wanted if one not in all_cves()]
    if unknown:
        raise UsageError(f"nothing is known here of {', '.join(unknown)}", where="--cve")
    return wanted


def mapping(texts: list[str] | None) -> dict[str, str]:
    """What `--map` says: ``ip=Address,port=Service port``; a column's name may hold a comma.

    Raises `UsageError`.
    """
    found: dict[str, str] = {}
    for part in (part for text in texts or () for part in _NEXT.split(text)):
        name, equals, column = (piece.strip() for piece in part.partition("="))
        if not equals or not name or not column:
            raise UsageError(f"{part!r} is not understood; write ip=COLUMN", where="--map")
        if name in found:
            raise UsageError(f"{name} is mapped twice", where="--map")
        found[name] = column
    return found


def read_each(
    sources: Iterable[tuple[Path, Asked]],
    progress: Progress,
    take: Callable[[Iterable[FeedRow]], None],
) -> list[SourceError]:
    """Hand over the rows of each source. One that cannot be read does not stop the others."""
    errors: list[SourceError] = []
    for path, asked in sources:
        try:
            with closing(observe(path, asked, progress)) as rows:
                take(rows)
        except SourceError as error:
            errors.append(error)
    return errors


def tell_all_but_last(errors: list[SourceError]) -> None:
    """Say what could not be read at all. The last is for whoever raises it: the exit code."""
    for one in errors[:-1]:
        print(f"tocsin: {visible(str(one))}", file=sys.stderr)
