"""The list of hosts, and the page of one."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from tocsin.errors import UsageError
from tocsin.web.accounts.models import Role
from tocsin.web.accounts.permissions import DeskRequest, campaign_view
from tocsin.web.assets import services
from tocsin.web.assets.forms import OwnerForm
from tocsin.web.assets.models import Asset
from tocsin.web.assets.page import HostPage
from tocsin.web.assets.queries import MOST_ROWS, listing_of, names_like, rows_as_received
from tocsin.web.lists.views import list_page
from tocsin.web.organisations.story import About, moments
from tocsin.web.organisations.views import page_number

_ROWS_SHOWN = 5
_ROWS_ON_A_PAGE = 25


@campaign_view(Role.VIEWER)
def hosts(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """All hosts of the campaign."""
    return list_page(request, listing_of(_desk(request).campaign))


@campaign_view(Role.VIEWER)
def host(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one host."""
    return _host_page(request, _asset(request, pk), OwnerForm(_desk(request).campaign))


@campaign_view(Role.VIEWER)
def rows(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows about a host as received, the newest first."""
    asset = _asset(request, pk)
    every = list(reversed(rows_as_received(asset)))
    page = Paginator(every, _ROWS_ON_A_PAGE).get_page(request.GET.get("page"))
    context = {"asset": asset, "page": page, "most": MOST_ROWS, "section": "assets"}
    return render(request, "assets/rows.html", context)


@campaign_view(Role.ANALYST, methods=("POST",))
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Say whose a host is."""
    asset = _asset(request, pk)
    desk = _desk(request)
    form = OwnerForm(desk.campaign, request.POST)
    if not form.is_valid():
        return _host_page(request, asset, form, status=400)
    given = form.cleaned_data
    try:
        services.assign_owner(asset, given["organisation"], given["reason"], desk.user)
    except UsageError as error:
        form.add_error(None, str(error))
        return _host_page(request, asset, form, status=400)
    messages.success(request, f"{asset} is assigned to {given['organisation']}.")
    return redirect("assets:detail", desk.campaign.slug, asset.pk)


@campaign_view(Role.ANALYST, methods=("POST",))
def unassign(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the evidence decide again whose a host is."""
    asset = _asset(request, pk)
    services.take_back(asset, _desk(request).user)
    messages.success(request, "The evidence decides again whose it is.")
    return redirect("assets:detail", _desk(request).campaign.slug, asset.pk)


@campaign_view(Role.VIEWER)
def owner(request: HttpRequest, pk: int) -> HttpResponse:
    """Whose it is, for the page that waits until a worker has asked the ladder again."""
    asset = _asset(request, pk)
    context = {"asset": asset, "host": HostPage(asset), "asked": services.is_being_asked(asset)}
    return render(request, "assets/part_owner.html", context)


@campaign_view(Role.ANALYST)
def organisations(request: HttpRequest) -> HttpResponse:
    """Names of organisations like what somebody types, as options."""
    typed = request.GET.get("organisation", "")
    names = names_like(_desk(request).campaign, typed)
    return render(request, "assets/part_names.html", {"names": names})


def _host_page(
    request: HttpRequest, asset: Asset, form: OwnerForm, *, status: int = 200
) -> HttpResponse:
    desk = _desk(request)
    number = page_number(request)
    told, older = moments(About(desk.campaign, (asset.key,)), number)
    recent = rows_as_received(asset, most=_ROWS_SHOWN)
    context = {
        "asset": asset,
        "host": HostPage(asset),
        "form": form,
        "asked": services.is_being_asked(asset),
        "moments": told,
        "older": number + 1 if older else None,
        "newer": number - 1 if number > 1 else None,
        "rows": list(reversed(recent)),
        "cases": desk.campaign.cases.filter(host=asset.key).select_related("assignee"),
        "hunts": [
            (one, one.level.replace("_", " "))
            for one in desk.campaign.hunts.filter(host=asset.key)
        ],
        "can_change": desk.role.rank >= Role.ANALYST.rank,
        "section": "assets",
    }
    return render(request, "assets/detail.html", context, status=status)


def _asset(request: HttpRequest, pk: int) -> Asset:
    every = Asset.objects.select_related("campaign", "owner")
    return get_object_or_404(every, campaign=_desk(request).campaign, pk=pk)


def _desk(request: HttpRequest) -> DeskRequest:
    return cast("DeskRequest", request)
