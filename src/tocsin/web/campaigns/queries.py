"""Reads campaigns: which there are for a person, and what a new one can be about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from tocsin.knowledge.cves import all_cves
from tocsin.knowledge.packs import Pack, all_packs
from tocsin.web.accounts.models import Membership, Role, User
from tocsin.web.campaigns.models import Campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A campaign as the list shows it to somebody with a role in it."""

    campaign: Campaign
    role: Role
    pack: str

    @property
    def counts(self) -> dict[str, int] | None:
        """Hosts by colour, as the last assessment counted them; None before the first."""
        together: dict[str, int] | None = self.campaign.totals.get("together")
        return together

    @property
    def hosts(self) -> int:
        """How many hosts there are, vanished ones included."""
        return int(self.campaign.totals.get("hosts", 0))

    @property
    def as_of(self) -> datetime | None:
        """The time of the newest row."""
        return self.campaign.as_of


def seen_by(user: User) -> list[Seen]:
    """The campaigns of a person, open ones first, then the newest. Two queries."""
    own = Membership.objects.filter(user=user)
    every: QuerySet[Campaign] = Campaign.objects.select_related("constituency")
    if not user.is_administrator:
        every = every.filter(memberships__user=user)
    found = every.prefetch_related(Prefetch("memberships", queryset=own, to_attr="own"))
    rows = sorted(found.order_by("-opened_at"), key=lambda one: one.closed_at is not None)
    return [Seen(campaign=one, role=_role(user, one), pack=pack_name(one.pack)) for one in rows]


def _role(user: User, campaign: Campaign) -> Role:
    own: list[Membership] = getattr(campaign, "own", [])
    return Role.ADMINISTRATOR if user.is_administrator else Role(own[0].role)


def packs_with_cves() -> tuple[Pack, ...]:
    """What a campaign can be about: a pack without a CVE says nothing of who is exposed."""
    found = (pack for pack in all_packs() if pack.about.cves)
    return tuple(sorted(found, key=lambda pack: pack.about.name.lower()))


def pack_of(slug: str) -> Pack | None:
    """The pack, unless the knowledge in use has it no longer."""
    return next((pack for pack in all_packs() if pack.about.slug == slug), None)


def pack_name(slug: str) -> str:
    """What people call it."""
    pack = pack_of(slug)
    return pack.about.name if pack is not None else slug


def described(cves: Sequence[str]) -> list[tuple[str, str]]:
    """Each CVE with what is to be known before it is chosen."""
    return [(cve, _described(cve)) for cve in cves]


def _described(cve: str) -> str:
    known = all_cves().get(cve)
    if known is None:
        return cve
    told = f"{cve}, {known.title}" if known.title else cve
    return (
        told
        if known.decidable
        else f"{told} (a setting decides: the build alone never settles it)"
    )


def members(campaign: Campaign) -> QuerySet[Membership]:
    """Who has which role, by name."""
    found = Membership.objects.filter(campaign=campaign).select_related("user")
    return found.order_by("user__username")


def administrators() -> QuerySet[User]:
    """Administrators of the desk, who may do everything in each campaign."""
    return User.objects.filter(is_administrator=True, is_active=True).order_by("username")
