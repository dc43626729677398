"""The campaign page."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from tocsin.web.accounts.models import Role
from tocsin.web.accounts.permissions import DeskRequest, campaign_view
from tocsin.web.dashboard.groups import breakdown_in_full
from tocsin.web.dashboard.page import page_of


@campaign_view(Role.VIEWER)
def campaign(request: HttpRequest) -> HttpResponse:
    """How the campaign stands."""
    desk = cast("DeskRequest", request)
    context = {**page_of(desk.campaign), "section": "campaign"}
    return render(request, "dashboard/campaign.html", context)


@campaign_view(Role.VIEWER)
def by(request: HttpRequest, column: str) -> HttpResponse:
    """Hosts by one column: every value, where the campaign page shows the first few."""
    desk = cast("DeskRequest", request)
    found = breakdown_in_full(desk.campaign, column)
    if found is None:
        raise Http404(column)
    return render(request, "dashboard/by.html", {"breakdown": found, "section": "campaign"})
