"""Reads decisions."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple

from tocsin.web.audit.chain import START, Broken, Link, first_broken, hash_of
from tocsin.web.audit.models import Decision

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 2000


class End(NamedTuple):
    """The last link: whoever keeps a copy of it can tell later whether links were cut off."""

    number: int
    hash: str


def end_of_chain() -> End:
    """The number and the hash of the last decision of the whole desk; 0 where there is none."""
    last = Decision.objects.order_by("-number").values_list("number", "hash").first()
    return End(*last) if last else End(0, START)


def verify() -> Broken | None:
    """Check the whole chain, a few rows at a time."""
    return first_broken((link_of(one), one.hash) for one in _all())


def holds(one: Decision) -> bool:
    """Whether this one is as it was hashed, and the one before it is there."""
    before = Decision.objects.filter(number=one.number - 1).values_list("hash", flat=True).first()
    follows = one.previous == (START if one.number == 1 else before)
    return follows and hash_of(link_of(one)) == one.hash


def link_of(one: Decision) -> Link:
    """What was hashed of it."""
    return Link(
        number=one.number,
        at=one.at.astimezone(UTC).isoformat(timespec="microseconds"),
        actor=one.actor_id,
        actor_name=one.actor_name,
        campaign=one.campaign_id,
        action=one.action,
        subject=one.subject,
        detail=one.detail,
        previous=one.previous,
    )


def _all() -> Iterator[Decision]:
    return Decision.objects.order_by("number").iterator(chunk_size=_CHUNK)
