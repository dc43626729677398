"""Reads decisions."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from tocsin.web.audit.chain import Broken, Link, first_broken
from tocsin.web.audit.models import Decision

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 2000


def verify() -> Broken | None:
    """Check the whole chain, a few rows at a time."""
    return first_broken(_links())


def _links() -> Iterator[tuple[Link, str]]:
    for one in Decision.objects.order_by("number").iterator(chunk_size=_CHUNK):
        link = Link(
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
        yield link, one.hash
