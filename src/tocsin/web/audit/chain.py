"""The hash of a decision, and the check of the whole chain. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

START = "0" * 64
"""The hash before the first decision."""


class Link(NamedTuple):
    """What is hashed of a decision. `at` is ISO 8601 in UTC with microseconds."""

    number: int
    at: str
    actor: int | None
    actor_name: str
    campaign: int | None
    action: str
    subject: str
    detail: str
    previous: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Where the chain does not hold, and why."""

    number: int
    why: str


def hash_of(link: Link) -> str:
    """SHA-256 over the link as canonical JSON, in hexadecimal."""
    text = json.dumps(link, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def canonical(detail: Mapping[str, object]) -> str:
    """JSON with sorted keys and without spaces: the same detail gives the same text."""
    return json.dumps(detail, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def first_broken(links: Iterable[tuple[Link, str]]) -> Broken | None:
    """The first link (in order of number) that is missing, moved or changed; None if all hold.

    Links that were cut off at the end cannot be told from the chain alone: compare the last number
    and hash with a copy kept elsewhere.
    """
    before = START
    for expected, (link, stored) in enumerate(links, start=1):
        if link.number != expected:
            return Broken(number=expected, why=f"it is missing; the next is {link.number}")
        if link.previous != before:
            return Broken(number=expected, why="it does not follow from the one before it")
        if hash_of(link) != stored:
            return Broken(number=expected, why="it was changed after it was written")
        before = stored
    return None
