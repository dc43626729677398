"""Reads decisions."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Q, Value

from tocsin.web.audit.chain import START, Broken, Link, first_broken, hash_of
from tocsin.web.audit.models import LONGEST, Decision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

    from tocsin.web.campaigns.models import Campaign

_CHUNK = 2000


_SHARED = ("organisation.", "claim.", "contact.")
"""What campaigns of one constituency have in common: each shows who changed it, and by which."""


class End(NamedTuple):
    """The last link: whoever keeps a copy of it can tell later whether links were cut off."""

    number: int
    hash: str


def decisions_of(campaign: Campaign) -> QuerySet[Decision]:
    """Those of a campaign, and those about what it shares with others of its constituency.

    Reads are those of the campaign alone. `seen_in` is the campaign's short name, for links: the
    other campaign does not exist for who has no role in it.
    """
    changed = Q(campaign__constituency=campaign.constituency_id) & ~Q(action__endswith=".read")
    about = Q()
    for beginning in _SHARED:
        about |= Q(action__startswith=beginning)
    whole = Q(campaign=None, subject=f"constituency {campaign.constituency.slug}"[:LONGEST])
    found = Decision.objects.filter(Q(campaign=campaign) | (changed & about) | whole)
    return found.annotate(seen_in=Value(campaign.slug))


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
