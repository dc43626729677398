"""Writes decisions. Every change of the desk calls `record`, in the transaction of the change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction

from tocsin.web.audit.chain import canonical, hash_of
from tocsin.web.audit.models import LONGEST, Decision
from tocsin.web.audit.queries import end_of_chain, link_of

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
    one_after_the_other()
    end = end_of_chain()
    name = str(actor) if actor is not None else "the desk"
    one = Decision(
        number=end.number + 1,
        at=datetime.now(UTC),
        actor=actor,
        actor_name=name[:LONGEST],
        campaign=campaign,
        action=action,
        subject=subject[:LONGEST],
        detail=canonical(detail or {}),
        previous=end.hash,
    )
    one.hash = hash_of(link_of(one))
    one.save(force_insert=True)
    return one


def one_after_the_other() -> None:
    """From here to the end of the transaction nobody else decides, so that what is checked holds.

    For what must be there once (a name, an address) and is rarely made. On SQLite only one writes
    in any case.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def record_read(
    actor: User, what: str, subject: str, campaign: Campaign | None = None
) -> Decision:
    """Append that a person read personal data: `what` (``contacts``) of `subject`.

    A page that shows personal data calls it once each time that it is shown.
    """
    return record(actor, f"{what}.read", subject, campaign=campaign)
