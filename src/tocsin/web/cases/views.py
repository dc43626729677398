"""The list of cases, the page of one, and what is done there."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from tocsin.errors import UsageError
from tocsin.report.visible import visible
from tocsin.web.accounts.models import Role, User
from tocsin.web.accounts.permissions import DeskRequest, campaign_view
from tocsin.web.assets.models import Asset
from tocsin.web.campaigns.models import Tlp
from tocsin.web.cases import queries, services
from tocsin.web.cases.models import Case, CaseKind, CaseState
from tocsin.web.lists.views import list_page


class AssigneeForm(forms.Form):
    """Who works on a case."""

    assignee = forms.ModelChoiceField(
        queryset=User.objects.none(), required=False, empty_label="nobody", label="With"
    )


class StateForm(forms.Form):
    """Where a case is, and why."""

    state = forms.ChoiceField(choices=CaseState.choices, label="State")
    why = forms.CharField(
        required=False,
        label="Why",
        help_text="It stays as a note. Whoever closes a case says why.",
        max_length=services.LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class TlpForm(forms.Form):
    """How far what is known of a case may be passed on."""

    tlp = forms.ChoiceField(choices=Tlp.choices, label="TLP")


class NoteForm(forms.Form):
    """A note."""

    text = forms.CharField(
        label="Note",
        max_length=services.LONGEST_TEXT,
        help_text="It cannot be changed afterwards.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class OpenForm(forms.Form):
    """Why there is to be a case."""

    kind = forms.ChoiceField(choices=CaseKind.choices)
    because = forms.CharField(max_length=services.LONGEST_TEXT)


@campaign_view(Role.VIEWER)
def cases(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """All cases of the campaign."""
    desk = _desk(request)
    return list_page(request, queries.listing_of(desk.campaign, desk.user))


@campaign_view(Role.VIEWER)
def case(request: HttpRequest, number: int) -> HttpResponse:
    """One case: the host, notes, what was decided."""
    desk = _desk(request)
    found = _case(request, number)
    people = AssigneeForm(initial={"assignee": found.assignee})
    cast("forms.ModelChoiceField[User]", people.fields["assignee"]).queryset = queries.workers_of(
        desk.campaign
    )
    context = {
        "case": found,
        "asset": queries.host_of(found),
        "because": visible(found.because, keep="\r\n"),
        "notes": [
            (one, visible(one.text, keep="\r\n")) for one in found.notes.select_related("by")
        ],
        "history": [(one, queries.told(one)) for one in queries.history_of(found)],
        "age": queries.age_days(found),
        "is_open": queries.is_open(found),
        "assignee_form": people,
        "state_form": StateForm(initial={"state": found.state}),
        "tlp_form": TlpForm(initial={"tlp": found.tlp}),
        "note_form": NoteForm(),
        "can_change": desk.role.rank >= Role.ANALYST.rank,
        "section": "cases",
    }
    return render(request, "cases/detail.html", context)


@campaign_view(Role.ANALYST, methods=("POST",))
def open_(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a case about a host, or go to the one that is open."""
    desk = _desk(request)
    asset = get_object_or_404(Asset.objects.defer("story"), campaign=desk.campaign, pk=pk)
    form = OpenForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say what the case is about, and why.")
        return redirect("assets:detail", desk.campaign.slug, asset.pk)
    given = form.cleaned_data
    found, opened = services.find_or_open(
        desk.campaign, asset.key, CaseKind(given["kind"]), given["because"], desk.user
    )
    if opened:
        messages.success(request, f"Case {found.number} is open.")
    else:
        services.add_note(found, given["because"], desk.user)
        messages.info(request, "This case was open already. What you wrote stands as a note.")
    return redirect("cases:detail", desk.campaign.slug, found.number)


@campaign_view(Role.ANALYST, methods=("POST",))
def note(request: HttpRequest, number: int) -> HttpResponse:
    """Write a note."""
    found = _case(request, number)
    text = request.POST.get("text", "")
    return _done(request, found, lambda: services.add_note(found, text, _desk(request).user))


@campaign_view(Role.ANALYST, methods=("POST",))
def assign(request: HttpRequest, number: int) -> HttpResponse:
    """Give a case to somebody."""
    found = _case(request, number)
    wanted = request.POST.get("assignee", "")[:18]
    person = None
    if wanted:
        key = int(wanted) if wanted.isascii() and wanted.isdecimal() else 0
        person = get_object_or_404(queries.known_in(_desk(request).campaign), pk=key)
    return _done(request, found, lambda: services.assign(found, person, _desk(request).user))


@campaign_view(Role.ANALYST, methods=("POST",))
def move(request: HttpRequest, number: int) -> HttpResponse:
    """Put a case into another state."""
    found = _case(request, number)
    form = StateForm(request.POST)
    if not form.is_valid():
        return _refused(request, found, form)
    state, why = CaseState(form.cleaned_data["state"]), form.cleaned_data["why"]
    return _done(request, found, lambda: services.move(found, state, why, _desk(request).user))


@campaign_view(Role.ANALYST, methods=("POST",))
def mark(request: HttpRequest, number: int) -> HttpResponse:
    """Say how far a case may be passed on."""
    found = _case(request, number)
    form = TlpForm(request.POST)
    if not form.is_valid():
        return _refused(request, found, form)
    tlp = Tlp(form.cleaned_data["tlp"])
    return _done(request, found, lambda: services.mark(found, tlp, _desk(request).user))


def _done(request: HttpRequest, found: Case, do: Callable[[], object]) -> HttpResponse:
    """Do it, say what stands against it, and go back to the case."""
    try:
        do()
    except UsageError as error:
        messages.error(request, f"Not done: {error}.")
    return redirect("cases:detail", _desk(request).campaign.slug, found.number)


def _refused(request: HttpRequest, found: Case, form: forms.Form) -> HttpResponse:
    for problems in form.errors.values():
        messages.error(request, " ".join(str(one) for one in problems))
    return redirect("cases:detail", _desk(request).campaign.slug, found.number)


def _case(request: HttpRequest, number: int) -> Case:
    every = Case.objects.select_related("campaign", "organisation", "assignee", "opened_by")
    return get_object_or_404(every, campaign=_desk(request).campaign, number=number)


def _desk(request: HttpRequest) -> DeskRequest:
    return cast("DeskRequest", request)
