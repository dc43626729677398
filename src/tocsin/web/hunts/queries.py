"""Reads hunts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.web.hunts.models import Hunt

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tocsin.web.campaigns.models import Campaign


def hunts_of(campaign: Campaign, host: str) -> QuerySet[Hunt]:
    """The hunts that are about a host (the asset's key), the newest first."""
    return Hunt.objects.filter(campaign=campaign, host=host).select_related("by", "job")
