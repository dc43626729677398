"""Constituencies: who is looked after, and the import of their list.

Whoever has a role in a campaign sees its constituency. Analysts of one of its campaigns import
its list, by which their hosts are assigned. New ones are for administrators of the desk.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import NamedTuple, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from tocsin.campaign.constituency import COLUMNS
from tocsin.errors import UsageError
from tocsin.web.accounts.models import Role, User
from tocsin.web.accounts.permissions import (
    administrator_view,
    role_in,
    signed_in_view,
    takes_file,
)
from tocsin.web.organisations import held
from tocsin.web.organisations.forms import ConstituencyForm, ListForm
from tocsin.web.organisations.keeping import add_constituency
from tocsin.web.organisations.merging import Planned, Verdict, sentences
from tocsin.web.organisations.models import Constituency
from tocsin.web.organisations.queries import reachable
from tocsin.web.organisations.reading import MAX_LIST_BYTES
from tocsin.web.organisations.services import Plan, import_list, plan_import

_SHOWN = 100
"""Organisations of each kind that a preview shows; all are counted."""
_NOTES = 50


class Shown(NamedTuple):
    """Organisations of which the same becomes, with how many there are."""

    verdict: str
    there: int
    rows: list[tuple[Planned, list[str]]]


@signed_in_view()
def constituencies(request: HttpRequest) -> HttpResponse:
    """Those that the reader may see."""
    user = _user(request)
    context = {
        "constituencies": visible_to(user).annotate(
            there=Count("organisations", filter=Q(organisations__gone_at=None), distinct=True),
            used=Count("campaigns", distinct=True),
        ),
        "can_add": user.is_administrator,
    }
    return render(request, "organisations/constituencies.html", context)


@signed_in_view()
def constituency(request: HttpRequest, slug: str) -> HttpResponse:
    """One: how many organisations, which campaigns, what its list said."""
    one = _constituency(request, slug)
    there = one.organisations.filter(gone_at=None)
    context = {
        "constituency": one,
        "organisations": there.count(),
        "gone": one.organisations.exclude(gone_at=None).count(),
        "reachable": there.filter(reachable()).count(),
        "campaigns": [
            each for each in one.campaigns.all() if role_in(_user(request), each) is not None
        ],
        "notes": one.notes[:_NOTES],
        "more_notes": max(len(one.notes) - _NOTES, 0),
        "can_import": may_import(_user(request), one),
    }
    return render(request, "organisations/constituency.html", context)


@administrator_view(methods=("GET", "HEAD", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """Begin a constituency."""
    form = ConstituencyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = add_constituency(given["name"], given["slug"], _user(request))
        except UsageError as error:  # somebody was quicker
            form.add_error("slug", f"{error}.")
        else:
            return redirect("constituencies:import", made.slug)
    status = 400 if form.errors else 200
    return render(request, "organisations/constituency_new.html", {"form": form}, status=status)


@signed_in_view(methods=("GET", "HEAD", "POST"))
@takes_file(lambda: MAX_LIST_BYTES)
def import_(request: HttpRequest, slug: str) -> HttpResponse:
    """Upload a list, and see what it would change."""
    one = _importable(request, slug)
    form = ListForm(request.POST or None, request.FILES or None)
    if request.method != "POST" or not form.is_valid():
        return _upload(request, one, form)
    file = form.cleaned_data["file"]
    if file.size > MAX_LIST_BYTES:
        form.add_error("file", f"It is larger than {MAX_LIST_BYTES >> 20} MiB; split it.")
        return _upload(request, one, form)
    content = file.read()
    try:
        plan = plan_import(one, content, file.name)
    except UsageError as error:
        form.add_error("file", str(error))
        return _upload(request, one, form)
    name = held.keep(content)
    return _preview(request, one, plan, name, file.name)


@signed_in_view(methods=("POST",))
def confirm(request: HttpRequest, slug: str) -> HttpResponse:
    """Do what the preview said."""
    one = _importable(request, slug)
    try:
        agreed = held.opened(request.POST.get("seal", ""))
        if agreed["constituency"] != one.slug:
            raise UsageError("this preview is of another constituency")
        content = held.take(agreed["list"])
        plan = import_list(one, _user(request), content, agreed["name"], digest=agreed["digest"])
    except UsageError as error:
        messages.error(request, f"Nothing was imported: {error}.")
        return redirect("constituencies:import", one.slug)
    held.drop(agreed["list"])
    counts = plan.counts
    messages.success(
        request,
        f"Imported: {counts['added']:,} added, {counts['changed']:,} changed, "
        f"{counts['gone']:,} gone, {counts['back']:,} back. Hosts are being assigned anew.",
    )
    return redirect("constituencies:detail", one.slug)


def visible_to(user: User) -> QuerySet[Constituency]:
    """The constituencies of campaigns in which somebody has a role."""
    every = Constituency.objects.all()
    if user.is_administrator:
        return every
    return every.filter(campaigns__memberships__user=user).distinct()


def may_import(user: User, one: Constituency) -> bool:
    """Whether somebody may import the list: analysts of any of its campaigns."""
    held_roles = [role_in(user, campaign) for campaign in one.campaigns.all()]
    return user.is_administrator or any(
        role is not None and role.rank >= Role.ANALYST.rank for role in held_roles
    )


def _upload(request: HttpRequest, one: Constituency, form: ListForm) -> HttpResponse:
    context = {"constituency": one, "form": form, "columns": COLUMNS}
    status = 400 if form.errors else 200
    return render(request, "organisations/constituency_import.html", context, status=status)


def _preview(
    request: HttpRequest, one: Constituency, plan: Plan, held_as: str, name: str
) -> HttpResponse:
    seal = held.sealed(constituency=one.slug, list=held_as, name=name, digest=plan.digest)
    context = {
        "constituency": one,
        "plan": plan,
        "counts": plan.counts,
        "shown": _shown(plan),
        "kept": list(islice((each for each in plan.planned if each.kept), _SHOWN)),
        "notes": plan.notes[:_NOTES],
        "more_notes": max(len(plan.notes) - _NOTES, 0),
        "name": name,
        "seal": seal,
    }
    return render(request, "organisations/constituency_preview.html", context)


def _shown(plan: Plan) -> list[Shown]:
    by_verdict: dict[Verdict, list[Planned]] = defaultdict(list)
    for one in plan.planned:
        by_verdict[one.verdict].append(one)
    return [
        Shown(
            verdict.value,
            len(by_verdict[verdict]),
            [(one, sentences(one)) for one in by_verdict[verdict][:_SHOWN]],
        )
        for verdict in Verdict
        if verdict is not Verdict.SAME and by_verdict[verdict]
    ]


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


def _constituency(request: HttpRequest, slug: str) -> Constituency:
    """One that the reader may see; for others it does not exist."""
    one = visible_to(_user(request)).filter(slug=slug).first()
    if one is None:
        raise Http404
    return one


def _importable(request: HttpRequest, slug: str) -> Constituency:
    one = _constituency(request, slug)
    if not may_import(_user(request), one):
        raise PermissionDenied("This needs the role Analyst in a campaign of this constituency.")
    return one
