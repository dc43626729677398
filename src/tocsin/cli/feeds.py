"""What commands that read scan feeds are told alike: which columns hold what, and which CVEs."""

from __future__ import annotations

import re

from tocsin.campaign.observing import COLUMNS
from tocsin.errors import UsageError
from tocsin.knowledge.cves import all_cves

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
