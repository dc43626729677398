"""Reads saved views."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from tocsin.web.accounts.models import User
from tocsin.web.campaigns.models import Campaign
from tocsin.web.lists.kept import kept
from tocsin.web.lists.models import SavedView


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """The saved views of a list for one person: their own, and those that others share.

    `current` is the one that the page shows; `query` what a new one would keep.
    """

    own: list[SavedView]
    shared: list[SavedView]
    current: SavedView | None
    query: str


def seen_by(user: User, campaign: Campaign) -> QuerySet[SavedView]:
    """The views that this person may open."""
    mine_or_shared = Q(user=user) | Q(shared=True)
    return SavedView.objects.filter(mine_or_shared, campaign=campaign).select_related("user")


def views_of(user: User, campaign: Campaign, listing: str, query: str) -> Views:
    """The views of one list. One query."""
    found = list(seen_by(user, campaign).filter(listing=listing))
    here = kept(query)
    return Views(
        own=[view for view in found if view.user_id == user.pk],
        shared=[view for view in found if view.user_id != user.pk],
        current=next((view for view in found if view.query == here), None),
        query=here,
    )
