"""The decisions of a campaign: the list, one of them, and whether the chain holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.http import HttpRequest
from django.shortcuts import get_object_or_404, render

from tocsin.web.accounts.models import Role
from tocsin.web.accounts.permissions import DeskRequest, campaign_view
from tocsin.web.audit import queries
from tocsin.web.audit.listing import DECISIONS
from tocsin.web.audit.telling import deed, parts
from tocsin.web.lists.views import list_page

if TYPE_CHECKING:
    from django.http import HttpResponse, StreamingHttpResponse


@campaign_view(Role.VIEWER)
def decisions(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """All of them, the newest first."""
    return list_page(
        request, DECISIONS, {"end": queries.end_of_chain()}, template="audit/list.html"
    )


@campaign_view(Role.VIEWER)
def decision(request: HttpRequest, number: int) -> HttpResponse:
    """One decision with all that was hashed of it."""
    campaign = cast("DeskRequest", request).campaign
    one = get_object_or_404(queries.decisions_of(campaign), number=number)
    context = {
        "section": "decisions",
        "one": one,
        "is_shared": one.campaign_id != campaign.pk,
        "deed": deed(one),
        "detail": parts(one),
        "holds": queries.holds(one),
    }
    return render(request, "audit/detail.html", context)


@campaign_view(Role.APPROVER)
def chain(request: HttpRequest) -> HttpResponse:
    """Check the whole chain, of all campaigns, now."""
    end = queries.end_of_chain()
    context = {"section": "decisions", "broken": queries.verify(), "end": end}
    return render(request, "audit/chain.html", context)
