"""How an organisation is reached. Each look at it is recorded: it is personal data."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from tocsin.web.accounts.models import Role
from tocsin.web.accounts.permissions import campaign_view
from tocsin.web.audit.services import record_read
from tocsin.web.organisations import reaching
from tocsin.web.organisations.forms import ContactForm, DescribeForm
from tocsin.web.organisations.keeping import subject_of
from tocsin.web.organisations.models import Contact, ContactKind, Organisation
from tocsin.web.organisations.views import desk, done, organisation_of, refused

_PAGE = "contacts"


@campaign_view(Role.VIEWER)
def contacts(request: HttpRequest, pk: int) -> HttpResponse:
    """All contacts: those that count first, then those that were withdrawn or are gone."""
    one = organisation_of(request, pk)
    at = desk(request)
    record_read(at.user, "contacts", subject_of(one), at.campaign)
    every = sorted(one.contacts.all(), key=lambda found: not found.counts)
    context = {
        "organisation": one,
        "contacts": [(found, _describing(found)) for found in every],
        "form": ContactForm(auto_id="new_%s"),
        "can_change": at.role.rank >= Role.ANALYST.rank,
        "can_withdraw": at.role.rank >= Role.APPROVER.rank,
        "section": "organisations",
    }
    return render(request, "organisations/contacts.html", context)


@campaign_view(Role.ANALYST, methods=("POST",))
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter a contact."""
    one = organisation_of(request, pk)
    form = ContactForm(request.POST)
    if not form.is_valid():
        return refused(request, one, form, to=_PAGE)
    at, given = desk(request), form.cleaned_data
    return done(
        request,
        one,
        lambda: reaching.add_contact(
            one,
            ContactKind(given["kind"]),
            given["value"],
            given,
            at.user,
            at.campaign,
            first=given["first"],
        ),
        to=_PAGE,
    )


@campaign_view(Role.ANALYST, methods=("POST",))
def describe(request: HttpRequest, pk: int, contact: int) -> HttpResponse:
    """Say whose it is, in which language to write, and what else to know."""
    one = organisation_of(request, pk)
    found = _contact(one, contact)
    form = DescribeForm({**request.POST.dict(), "value": found.value})
    if not form.is_valid():
        return refused(request, one, form, to=_PAGE)
    at, given = desk(request), form.cleaned_data
    return done(
        request,
        one,
        lambda: reaching.describe_contact(found, given, at.user, at.campaign),
        to=_PAGE,
    )


@campaign_view(Role.APPROVER, methods=("POST",))
def replace(request: HttpRequest, pk: int, contact: int) -> HttpResponse:
    """Put the right one into the place of a wrong one, which is withdrawn."""
    one = organisation_of(request, pk)
    found = _contact(one, contact)
    at, value = desk(request), request.POST.get("value", "")
    return done(
        request,
        one,
        lambda: reaching.replace_contact(found, value, at.user, at.campaign),
        to=_PAGE,
    )


@campaign_view(Role.APPROVER, methods=("POST",))
def withdraw(request: HttpRequest, pk: int, contact: int) -> HttpResponse:
    """Take a contact out of use."""
    one = organisation_of(request, pk)
    found = _contact(one, contact)
    at = desk(request)
    return done(
        request, one, lambda: reaching.withdraw_contact(found, at.user, at.campaign), to=_PAGE
    )


@campaign_view(Role.APPROVER, methods=("POST",))
def restore(request: HttpRequest, pk: int, contact: int) -> HttpResponse:
    """Let a contact count again."""
    one = organisation_of(request, pk)
    found = _contact(one, contact)
    at = desk(request)
    return done(
        request, one, lambda: reaching.restore_contact(found, at.user, at.campaign), to=_PAGE
    )


def _contact(one: Organisation, pk: int) -> Contact:
    return get_object_or_404(Contact, organisation=one, pk=pk)


def _describing(found: Contact) -> DescribeForm:
    return DescribeForm(
        initial={name: getattr(found, name) for name in ("value", *reaching.BESIDE)},
        auto_id=f"contact_{found.pk}_%s",
    )
