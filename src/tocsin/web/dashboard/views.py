"""The campaign page."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tocsin.web.accounts.models import Role
from tocsin.web.accounts.permissions import DeskRequest, campaign_view
from tocsin.web.dashboard.page import page_of


@campaign_view(Role.VIEWER)
def campaign(request: HttpRequest) -> HttpResponse:
    """How the campaign stands."""
    desk = cast("DeskRequest", request)
    context = {**page_of(desk.campaign), "section": "campaign"}
    return render(request, "dashboard/campaign.html", context)
