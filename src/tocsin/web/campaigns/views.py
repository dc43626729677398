"""The list of campaigns, a new one, its settings and its members."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from tocsin.web.accounts.models import Membership, Role, User
from tocsin.web.accounts.permissions import (
    DeskRequest,
    administrator_view,
    campaign_view,
    signed_in_view,
)
from tocsin.web.campaigns import queries, services
from tocsin.web.campaigns.forms import MemberForm, NewCampaignForm, RoleForm, settings_form
from tocsin.web.campaigns.models import Campaign, Tlp

_BOTH = ("GET", "HEAD", "POST")


@signed_in_view()
def campaigns(request: HttpRequest) -> HttpResponse:
    """The campaigns in which one has a role."""
    user = cast("User", request.user)
    return render(request, "campaigns/list.html", {"campaigns": queries.seen_by(user)})


@administrator_view(methods=_BOTH)
def new(request: HttpRequest) -> HttpResponse:
    """Choose a pack, then say the rest."""
    slug = request.POST.get("pack") or request.GET.get("pack")
    if not slug:
        return render(request, "campaigns/packs.html", {"packs": queries.packs_with_cves()})
    pack = queries.pack_of(slug)
    if pack is None or not pack.about.cves:
        raise Http404
    about = pack.about
    campaign = Campaign(pack=about.slug)
    initial = {"name": about.name, "cves": about.cves, "tlp": Tlp.AMBER}
    form = NewCampaignForm(request.POST or None, instance=campaign, pack=pack, initial=initial)
    if request.method == "POST" and form.is_valid():
        made = services.open_campaign(cast("User", request.user), form.save(commit=False))
        messages.success(request, f"The campaign {made.name} is open. Import a feed next.")
        return redirect(made)
    return render(request, "campaigns/new.html", {"form": form, "about": about})


@campaign_view(Role.ADMINISTRATOR, methods=_BOTH)
def settings(request: HttpRequest) -> HttpResponse:
    """Name, mark, CVEs and rules; closing and reopening."""
    desk = cast("DeskRequest", request)
    # The form writes into its own copy: the page around it shows what is saved.
    form = settings_form(Campaign.objects.get(pk=desk.campaign.pk), request.POST or None)
    if request.method == "POST" and form.is_valid():
        changed = services.change_settings(desk.user, desk.campaign, form.cleaned_data)
        messages.success(request, _saved(changed))
        return redirect("campaigns:settings", campaign=desk.campaign.slug)
    context = {"form": form, "pack": queries.pack_of(desk.campaign.pack), "section": "settings"}
    return render(request, "campaigns/settings.html", context)


def _saved(changed: list[str]) -> str:
    if not changed:
        return "Nothing was changed."
    if services.ASSESSED_BY.isdisjoint(changed):
        return "Saved."
    return "Saved. Every host is being judged anew; the numbers change when that is done."


@campaign_view(Role.ADMINISTRATOR, methods=("POST",))
def close(request: HttpRequest) -> HttpResponse:
    """Close it, or open it again."""
    desk = cast("DeskRequest", request)
    if request.POST.get("open") == "yes":
        services.reopen(desk.user, desk.campaign)
        messages.success(request, "The campaign is open again.")
    else:
        services.close(desk.user, desk.campaign)
        messages.success(request, "The campaign is closed. Everything in it can still be read.")
    return redirect("campaigns:settings", campaign=desk.campaign.slug)


@campaign_view(Role.ADMINISTRATOR, methods=_BOTH)
def members(request: HttpRequest) -> HttpResponse:
    """Who may do what; somebody new is added here."""
    desk = cast("DeskRequest", request)
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and form.user is not None:
        role = Role(form.cleaned_data["role"])
        services.set_role(desk.user, desk.campaign, form.user, role)
        messages.success(request, f"{form.user} is now {role.label.lower()}.")
        return redirect("campaigns:members", campaign=desk.campaign.slug)
    context = {
        "form": form,
        "members": queries.members(desk.campaign),
        "administrators": queries.administrators(),
        "roles": Role.choices,
        "section": "settings",
    }
    return render(request, "campaigns/members.html", context)


@campaign_view(Role.ADMINISTRATOR, methods=("POST",))
def member(request: HttpRequest, pk: int) -> HttpResponse:
    """Give somebody another role, or take it away."""
    desk = cast("DeskRequest", request)
    with transaction.atomic():
        found = get_object_or_404(
            Membership.objects.select_related("user"), pk=pk, campaign=desk.campaign
        )
        if request.POST.get("remove") == "yes":
            services.remove_member(desk.user, desk.campaign, found)
            messages.success(request, f"{found.user} has no role in this campaign any more.")
        else:
            form = RoleForm(request.POST)
            if form.is_valid():
                role = Role(form.cleaned_data["role"])
                services.set_role(desk.user, desk.campaign, found.user, role)
                messages.success(request, f"{found.user} is now {role.label.lower()}.")
            else:
                messages.error(request, "There is no such role.")
    return redirect("campaigns:members", campaign=desk.campaign.slug)
