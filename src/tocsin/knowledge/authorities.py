"""Profiles of authorities: who must be told what until when, and which of it a hunt knows.

A profile is a starting point for whoever reports, not legal advice: each says when it was checked,
against what, and what must still be confirmed.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from tocsin.errors import KnowledgeError, UsageError
from tocsin.knowledge.root import cached, data_root

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FOLDER = "authorities"


class Status(StrEnum):
    """Whether somebody must report."""

    IN_FORCE = "in_force"
    VOLUNTARY = "voluntary"


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a profile; a misspelt key is an error."""


class Deadline(_Part, frozen=True, kw_only=True):
    """When something is due. `hours` is absent where the law counts in no hours, or none run."""

    name: str
    counted_from: str
    rule: str
    source: str
    hours: int | None = None


class Field(_Part, frozen=True, kw_only=True):
    """What the authority asks. `facts` name what a result tells, `only_you` what it cannot."""

    id: str
    asks: str
    source: str
    facts: tuple[str, ...] = ()
    only_you: str = ""


class Section(_Part, frozen=True, kw_only=True):
    """Fields under one heading."""

    title: str
    fields: tuple[Field, ...]


class Profile(_Part, frozen=True, kw_only=True):
    """The file. `language` is an ISO 639-1 code; `checked` is the day of the last check."""

    slug: str
    title: str
    authority: str
    region: str
    language: str
    status: Status
    bound: str
    legal_basis: str
    channel: str
    checked: date
    checked_against: tuple[str, ...]
    to_confirm: tuple[str, ...]
    sections: tuple[Section, ...]
    deadlines: tuple[Deadline, ...] = ()


@cached
def all_profiles() -> tuple[Profile, ...]:
    """Every profile, by slug."""
    return tuple(read_profile(path) for path in sorted((data_root() / FOLDER).glob("*.toml")))


def chosen_profiles(slugs: Sequence[str]) -> tuple[Profile, ...]:
    """The profiles of these slugs, or all of them where none is named.

    Raises `UsageError` for a slug that no profile has.
    """
    profiles = {profile.slug: profile for profile in all_profiles()}
    for slug in slugs:
        if slug not in profiles:
            raise UsageError(
                f"there is no authority {slug!r}; there are: {', '.join(profiles)}",
                where="--authority",
            )
    return tuple(profiles[slug] for slug in dict.fromkeys(slugs) or profiles)


def read_profile(path: Path) -> Profile:
    """Read one profile. Raises `KnowledgeError` with file and key."""
    where = f"{FOLDER}/{path.name}"
    try:
        profile = msgspec.toml.decode(path.read_bytes(), type=Profile)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise KnowledgeError(str(error), where=where) from error
    if profile.slug != path.stem:
        raise KnowledgeError(f"slug {profile.slug!r} must be the file's name", where=where)
    ids = [field.id for section in profile.sections for field in section.fields]
    if len(ids) != len(set(ids)):
        raise KnowledgeError("two fields have the same id", where=where)
    return profile
