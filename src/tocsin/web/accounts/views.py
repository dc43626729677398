"""Pages of people: one's own, and those on which administrators look after everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from tocsin.errors import UsageError
from tocsin.web.accounts import queries, services
from tocsin.web.accounts.forms import NameForm, PersonForm, RoleForm
from tocsin.web.accounts.models import Role, User
from tocsin.web.accounts.permissions import administrator_view, signed_in_view

if TYPE_CHECKING:
    from collections.abc import Callable

_PAGE = 50
_GET_AND_POST = ("GET", "HEAD", "POST")


@signed_in_view(methods=_GET_AND_POST)
def me(request: HttpRequest) -> HttpResponse:
    """One's own page: name, second factors, sessions, roles."""
    user = cast("User", request.user)
    form = NameForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        services.rename(user, wanted["first_name"], wanted["last_name"], by=user)
        messages.success(request, "Your name is changed.")
        return redirect("people:me")
    return render(request, "people/me.html", {"person": queries.person(user), "form": form})


@administrator_view()
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, with roles and second factors."""
    search, state = request.GET.get("q", "").strip()[:200], request.GET.get("state", "")
    found = queries.people(search, state=state)
    page = Paginator(found, _PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "search": search, "state": state, "total": User.objects.count()}
    return render(request, "people/list.html", context)


@administrator_view(methods=_GET_AND_POST)
def new(request: HttpRequest) -> HttpResponse:
    """A new person, and the link by which they set their password."""
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        try:
            user, path = services.create_person(
                wanted["username"],
                by=cast("User", request.user),
                is_administrator=wanted["is_administrator"],
                name=(wanted["first_name"], wanted["last_name"]),
            )
        except UsageError as refused:  # somebody was quicker
            form.add_error("username", f"{refused}.")
        else:
            return _show_link(request, user, path)
    return render(
        request, "people/new.html", {"form": form}, status=200 if not form.errors else 422
    )


@administrator_view()
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person, and what an administrator may do."""
    user = get_object_or_404(User, pk=pk)
    context = {
        "person": queries.person(user),
        "form": RoleForm(),
        "is_oneself": user == request.user,
    }
    return render(request, "people/detail.html", context)


@administrator_view(methods=("POST",))
def role(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a role in a campaign, or take it."""
    user = get_object_or_404(User, pk=pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose a campaign of the list, and a role of the list.")
        return redirect("people:detail", pk=pk)
    campaign, wanted = form.cleaned_data["campaign"], form.cleaned_data["role"]
    changed = services.give_role(
        user, campaign, Role(wanted) if wanted else None, by=cast("User", request.user)
    )
    label = Role(wanted).label if wanted else "no role"
    if changed:
        messages.success(request, f"{user} has {label} in {campaign} now.")
    else:
        messages.info(request, f"{user} had {label} in {campaign} already.")
    return redirect("people:detail", pk=pk)


@administrator_view(methods=("POST",))
def administrator(request: HttpRequest, pk: int) -> HttpResponse:
    """Make somebody an administrator of the desk, or no longer."""
    to = request.POST.get("to") == "yes"
    said = "is an administrator of the desk now" if to else "is no administrator any longer"
    return _changed(request, pk, services.set_administrator, to=to, said=said)


@administrator_view(methods=("POST",))
def active(request: HttpRequest, pk: int) -> HttpResponse:
    """Let somebody sign in again, or no longer."""
    to = request.POST.get("to") == "yes"
    said = "may sign in again" if to else "cannot sign in any longer, and is signed out everywhere"
    return _changed(request, pk, services.set_active, to=to, said=said)


@administrator_view(methods=_GET_AND_POST)
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then make a new one-time link and show it once."""
    user = get_object_or_404(User, pk=pk)
    if request.method != "POST":
        return render(request, "people/ask_link.html", {"one": user})
    try:
        path = services.new_link(user, by=cast("User", request.user))
    except UsageError as refused:
        messages.error(request, f"Not done: {refused}.")
        return redirect("people:detail", pk=pk)
    return _show_link(request, user, path)


@administrator_view(methods=_GET_AND_POST)
def second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then take somebody's second factors away."""
    user = get_object_or_404(User, pk=pk)
    one = queries.person(user)
    if request.method != "POST":
        return render(request, "people/ask_second_factor.html", {"person": one})
    if request.POST.get("username", "").strip() != user.username:
        messages.error(request, "Not done: the user name that you wrote is another one.")
        return redirect("people:second_factor", pk=pk)
    services.reset_factors(user, by=cast("User", request.user))
    messages.success(request, f"{user} has no second factor now, and is signed out everywhere.")
    return redirect("people:detail", pk=pk)


def _changed(
    request: HttpRequest, pk: int, change: Callable[..., bool], *, to: bool, said: str
) -> HttpResponse:
    user = get_object_or_404(User, pk=pk)
    try:
        changed = change(user, to=to, by=cast("User", request.user))
    except UsageError as refused:
        messages.error(request, f"Not done: {refused}.")
    else:
        if changed:
            messages.success(request, f"{user} {said}.")
    return redirect("people:detail", pk=pk)


def _show_link(request: HttpRequest, user: User, path: str) -> HttpResponse:
    """The page is not kept by any cache, and the link is stored nowhere."""
    context = {"one": user, "url": request.build_absolute_uri(path)}
    return render(request, "people/link.html", context)
