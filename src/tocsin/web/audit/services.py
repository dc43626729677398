"""Writes decisions. Every change of the desk calls `record`, in the transaction of the change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction

from tocsin.web.audit.chain import START, Link, canonical, hash_of
from tocsin.web.audit.models import Decision

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tocsin.web.accounts.models import User
    from tocsin.web.campaigns.models import Campaign

_LOCK = 0x70C51
"""PostgreSQL's advisory lock of the chain: two decisions must not follow the same one."""


@transaction.atomic
def record(
    actor: User | None,
    action: str,
    subject: str,
    *,
    campaign: Campaign | None = None,
    detail: Mapping[str, object] | None = None,
) -> Decision:
    """Append a decision and return it.

    `actor` is None for what the desk does by itself. `action` is ``thing.verb`` in the past
    (``asset.assigned``), `subject` names what it is about (``host 192.0.2.1``), `detail` what was
    before and after. No personal data goes into `detail` beyond keys and names of people.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    last = Decision.objects.order_by("-number").values_list("number", "hash").first()
    number, previous = (last[0] + 1, last[1]) if last else (1, START)
    at = datetime.now(UTC)
    name = str(actor) if actor is not None else "the desk"
    text = canonical(detail or {})
    link = Link(
        number=number,
        at=at.isoformat(timespec="microseconds"),
        actor=actor.pk if actor is not None else None,
        actor_name=name[:200],
        campaign=campaign.pk if campaign is not None else None,
        action=action,
        subject=subject[:200],
        detail=text,
        previous=previous,
    )
    return Decision.objects.create(
        number=number,
        at=at,
        actor=actor,
        actor_name=link.actor_name,
        campaign=campaign,
        action=action,
        subject=link.subject,
        detail=text,
        previous=previous,
        hash=hash_of(link),
    )


def record_read(
    actor: User, what: str, subject: str, campaign: Campaign | None = None
) -> Decision:
    """Append that a person read personal data: `what` (``contacts``) of `subject`.

    A page that shows personal data calls it once each time that it is shown.
    """
    return record(actor, f"{what}.read", subject, campaign=campaign)
