"""The list of organisations, the page of one, and what is theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from tocsin.errors import UsageError
from tocsin.web.accounts.models import Role
from tocsin.web.accounts.permissions import DeskRequest, campaign_view
from tocsin.web.lists.views import list_page
from tocsin.web.organisations import keeping
from tocsin.web.organisations.forms import ClaimForm, FieldsForm, OrganisationForm
from tocsin.web.organisations.listing import listing_of, organisations_of
from tocsin.web.organisations.merging import FIELDS
from tocsin.web.organisations.models import Claim, ClaimKind, Organisation
from tocsin.web.organisations.queries import contact_counts, hosts_of
from tocsin.web.organisations.story import About, moments

_HOSTS_FIRST = 10
"""Those beyond are folded on a phone, where each takes a card."""
_HOSTS_SHOWN = 200
_HOSTS_TOLD = 5000
"""Of more hosts than these the story tells nothing."""


@campaign_view(Role.VIEWER)
def organisations(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """All organisations of the campaign's constituency."""
    return list_page(
        request, listing_of(desk(request).campaign), template="organisations/list.html"
    )


@campaign_view(Role.VIEWER)
def organisation(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one organisation but what contacts hold."""
    one = organisation_of(request, pk)
    campaign = desk(request).campaign
    counted = organisations_of(campaign).get(pk=one.pk)
    hosts = list(hosts_of(one, campaign)[: _HOSTS_SHOWN + 1])
    keys = tuple(hosts_of(one, campaign).values_list("key", flat=True)[:_HOSTS_TOLD])
    page = page_number(request)
    told, older = moments(About(campaign, keys, one), page)
    context = {
        "organisation": one,
        "counted": counted,
        "fields": [_field(one, name) for name in FIELDS],
        "hosts": hosts[:_HOSTS_FIRST],
        "further_hosts": hosts[_HOSTS_FIRST:_HOSTS_SHOWN],
        "more_hosts": len(hosts) > _HOSTS_SHOWN,
        "claims": one.claims.select_related("by"),
        "contacts": contact_counts(one),
        "moments": told,
        "about_many": True,
        "older": page + 1 if older else None,
        "newer": page - 1 if page > 1 else None,
        "fields_form": FieldsForm(initial={name: getattr(one, name) for name in FIELDS}),
        "claim_form": ClaimForm(),
        "can_change": desk(request).role.rank >= Role.ANALYST.rank,
        "section": "organisations",
    }
    return render(request, "organisations/detail.html", context)


@campaign_view(Role.ANALYST, methods=("GET", "HEAD", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """Enter an organisation that no list has."""
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            made = keeping.add_organisation(
                desk(request).campaign, given.pop("name"), given, desk(request).user
            )
        except UsageError as error:
            form.add_error(None, f"{error}.")
        else:
            return redirect("organisations:detail", desk(request).campaign.slug, made.pk)
    status = 400 if form.errors else 200
    context = {"form": form, "section": "organisations"}
    return render(request, "organisations/new.html", context, status=status)


@campaign_view(Role.ANALYST, methods=("POST",))
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what the list says."""
    one = organisation_of(request, pk)
    form = FieldsForm(request.POST)
    if not form.is_valid():
        return refused(request, one, form)
    at = desk(request)
    return done(
        request, one, lambda: keeping.correct(one, form.cleaned_data, at.user, at.campaign)
    )


@campaign_view(Role.ANALYST, methods=("POST",))
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a correction back."""
    one = organisation_of(request, pk)
    at, name = desk(request), request.POST.get("field", "")
    return done(request, one, lambda: keeping.follow_list(one, name, at.user, at.campaign))


@campaign_view(Role.ANALYST, methods=("POST",))
def claim(request: HttpRequest, pk: int) -> HttpResponse:
    """Add networks, domains, autonomous systems or hosts."""
    one = organisation_of(request, pk)
    form = ClaimForm(request.POST)
    if not form.is_valid():
        return refused(request, one, form)
    at, given = desk(request), form.cleaned_data
    return done(
        request,
        one,
        lambda: keeping.add_claims(
            one, ClaimKind(given["kind"]), given["value"], given["reason"], at.user, at.campaign
        ),
    )


@campaign_view(Role.ANALYST, methods=("POST",))
def withdraw(request: HttpRequest, pk: int, claim: int) -> HttpResponse:
    """Take a claim out of use."""
    one = organisation_of(request, pk)
    found = get_object_or_404(Claim, organisation=one, pk=claim)
    at = desk(request)
    return done(request, one, lambda: keeping.withdraw_claim(found, at.user, at.campaign))


@campaign_view(Role.ANALYST, methods=("POST",))
def restore(request: HttpRequest, pk: int, claim: int) -> HttpResponse:
    """Let a claim count again."""
    one = organisation_of(request, pk)
    found = get_object_or_404(Claim, organisation=one, pk=claim)
    at = desk(request)
    return done(request, one, lambda: keeping.restore_claim(found, at.user, at.campaign))


def desk(request: HttpRequest) -> DeskRequest:
    """The request with its campaign and role."""
    return cast("DeskRequest", request)


def organisation_of(request: HttpRequest, pk: int) -> Organisation:
    """An organisation of the campaign's constituency."""
    every = Organisation.objects.select_related("constituency")
    return get_object_or_404(every, constituency=desk(request).campaign.constituency_id, pk=pk)


def done(
    request: HttpRequest, one: Organisation, do: Callable[[], object], to: str = "detail"
) -> HttpResponse:
    """Do it, say what stands against it, and go back."""
    try:
        do()
    except UsageError as error:
        messages.error(request, f"Not done: {error}.")
    else:
        messages.success(request, "Done.")
    return redirect(f"organisations:{to}", desk(request).campaign.slug, one.pk)


def refused(
    request: HttpRequest, one: Organisation, form: forms.Form, to: str = "detail"
) -> HttpResponse:
    """Say what is wrong with a form, and go back."""
    for name, problems in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        messages.error(request, f"{label}: {' '.join(str(one) for one in problems)}")
    return redirect(f"organisations:{to}", desk(request).campaign.slug, one.pk)


def page_number(request: HttpRequest) -> int:
    """The page of the story, from 1; what makes no sense is the first."""
    given = request.GET.get("page", "")[:6]
    return min(max(int(given), 1), 1000) if given.isascii() and given.isdecimal() else 1


def _field(one: Organisation, name: str) -> dict[str, object]:
    return {
        "name": name,
        "value": getattr(one, name),
        "corrected": name in one.corrected,
        "imported": one.imported.get(name, ""),
    }
