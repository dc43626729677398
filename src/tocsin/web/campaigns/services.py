"""Changes of campaigns and of who may do what in them. Each is a decision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from tocsin.web.accounts.models import Membership, Role, User
from tocsin.web.audit.services import one_after_the_other, record
from tocsin.web.campaigns.models import Campaign
from tocsin.web.work.services import enqueue

ASSESS = "assessing.assess"
"""The task that works everything out anew; it lies above."""

_RULES = ("vulnerable_holds_days", "absent_after")
_SETTINGS = ("name", "tlp", "cves", *_RULES)
ASSESSED_BY = frozenset({"cves", *_RULES})
"""Settings on which it hangs how hosts are judged."""


@transaction.atomic
def open_campaign(actor: User | None, campaign: Campaign) -> Campaign:
    """Save a new campaign; its address is made of its name."""
    one_after_the_other()
    campaign.slug = _free_slug(campaign.name)
    campaign.save()
    record(
        actor,
        "campaign.opened",
        f"campaign {campaign.slug}",
        campaign=campaign,
        detail={
            "pack": campaign.pack,
            "constituency": str(campaign.constituency),
            **{name: getattr(campaign, name) for name in _SETTINGS},
        },
    )
    return campaign


@transaction.atomic
def change_settings(actor: User, campaign: Campaign, wanted: dict[str, Any]) -> list[str]:
    """Save what differs, and have everything assessed anew where that hangs on it.

    Returns what was changed.
    """
    row = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    changed = [name for name in _SETTINGS if getattr(row, name) != wanted[name]]
    if not changed:
        return []
    before = {name: getattr(row, name) for name in changed}
    for name in changed:
        setattr(row, name, wanted[name])
    row.save(update_fields=changed)
    record(
        actor,
        "campaign.changed",
        f"campaign {row.slug}",
        campaign=row,
        detail={"before": before, "after": {name: wanted[name] for name in changed}},
    )
    if ASSESSED_BY.intersection(changed):
        enqueue(ASSESS, row.pk, campaign=row)
    campaign.refresh_from_db()
    return changed


@transaction.atomic
def close(actor: User, campaign: Campaign) -> None:
    """Say that it is over; everything stays to be read."""
    if campaign.closed_at is None:
        campaign.closed_at = datetime.now(UTC)
        campaign.save(update_fields=["closed_at"])
        record(actor, "campaign.closed", f"campaign {campaign.slug}", campaign=campaign)


@transaction.atomic
def reopen(actor: User, campaign: Campaign) -> None:
    """Say that it goes on."""
    if campaign.closed_at is not None:
        campaign.closed_at = None
        campaign.save(update_fields=["closed_at"])
        record(actor, "campaign.reopened", f"campaign {campaign.slug}", campaign=campaign)


@transaction.atomic
def set_role(actor: User | None, campaign: Campaign, user: User, role: Role) -> None:
    """Give a person a role, in place of the one that they have."""
    held = (
        Membership.objects.select_for_update(no_key=True)
        .filter(campaign=campaign, user=user)
        .first()
    )
    if held is not None and held.role == role:
        return
    Membership.objects.update_or_create(campaign=campaign, user=user, defaults={"role": role})
    record(
        actor,
        "member.role_given",
        f"person {user.username}",
        campaign=campaign,
        detail={"before": held.role if held is not None else None, "after": role.value},
    )


@transaction.atomic
def remove_member(actor: User, campaign: Campaign, membership: Membership) -> None:
    """Take a person's role away."""
    user, role = membership.user, membership.role
    membership.delete()
    record(
        actor,
        "member.removed",
        f"person {user.username}",
        campaign=campaign,
        detail={"before": role, "after": None},
    )


def _free_slug(name: str) -> str:
    base = slugify(name)[:56].strip("-") or "campaign"
    taken: Sequence[str] = list(
        Campaign.objects.filter(slug__startswith=base).values_list("slug", flat=True)
    )
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug
