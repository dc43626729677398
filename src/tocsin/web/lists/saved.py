"""Pages of saved views: make, open, rename, share and delete them."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from tocsin.errors import UsageError
from tocsin.web.accounts.models import Role
from tocsin.web.accounts.permissions import DeskRequest, campaign_view
from tocsin.web.lists.forms import PlaceForm, ViewForm
from tocsin.web.lists.kept import page_of
from tocsin.web.lists.models import SavedView
from tocsin.web.lists.queries import seen_by
from tocsin.web.lists.services import delete_view, save_view


@campaign_view(Role.VIEWER)
def views(request: HttpRequest) -> HttpResponse:
    """All views that this person may open."""
    desk = cast("DeskRequest", request)
    found = seen_by(desk.user, desk.campaign).order_by("listing", "name", "pk")
    rows = [(view, _address(view, desk), _may_change(view, desk)) for view in found]
    return render(request, "lists/saved.html", {"views": rows})


@campaign_view(Role.VIEWER)
def opened(request: HttpRequest, pk: int) -> HttpResponse:
    """Go to the list as the view has it."""
    desk = cast("DeskRequest", request)
    return redirect(_address(_view(desk, pk), desk))


@campaign_view(Role.VIEWER, methods=("POST",))
def create(request: HttpRequest) -> HttpResponse:
    """Save what a list shows. A viewer's views are their own; sharing is for analysts."""
    desk = cast("DeskRequest", request)
    place = PlaceForm(request.POST)
    view = place.view(desk.user, desk.campaign)
    if view is None:
        return HttpResponseBadRequest("There is no such list.", content_type="text/plain")
    return _saved(request, view, new=True)


@campaign_view(Role.VIEWER, methods=("GET", "HEAD", "POST"))
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a view, share it, or keep it to oneself again."""
    desk = cast("DeskRequest", request)
    view = _changeable(desk, pk)
    if request.method == "POST":
        return _saved(request, view, new=False)
    form = ViewForm(initial={"name": view.name, "shared": view.shared}, of=view, role=desk.role)
    return _form(request, view, form)


@campaign_view(Role.VIEWER, methods=("POST",))
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a view away."""
    desk = cast("DeskRequest", request)
    view = _changeable(desk, pk)
    delete_view(view, desk.user)
    messages.success(request, f"The view {view.name} is deleted.")
    return redirect("lists:views", campaign=desk.campaign.slug)


def _saved(request: HttpRequest, view: SavedView, *, new: bool) -> HttpResponse:
    desk = cast("DeskRequest", request)
    if request.POST.get("shared") and desk.role.rank < Role.ANALYST.rank:
        raise PermissionDenied(f"To share a view needs the role {Role.ANALYST.label}.")
    form = ViewForm(request.POST, of=view, role=desk.role)
    if not form.is_valid():
        return _form(request, view, form, status=400)
    shared = bool(form.cleaned_data.get("shared"))
    try:
        save_view(view, desk.user, form.cleaned_data["name"], shared=shared)
    except UsageError as error:  # of a form that was sent twice
        form.add_error("name", f"{error}.")
        return _form(request, view, form, status=400)
    messages.success(request, f"The view {view.name} is saved.")
    if new:
        return redirect(_address(view, desk))
    return redirect("lists:views", campaign=desk.campaign.slug)


def _form(
    request: HttpRequest, view: SavedView, form: ViewForm, status: int = 200
) -> HttpResponse:
    context = {"form": form, "view": view, "address": _address(view, cast("DeskRequest", request))}
    return render(request, "lists/view.html", context, status=status)


def _address(view: SavedView, desk: DeskRequest) -> str:
    """Where the view is shown; the page of all views, where its list is no longer there."""
    page = page_of(view.listing, desk.campaign)
    if page is None:
        return reverse("lists:views", kwargs={"campaign": desk.campaign.slug})
    return f"{page}?{view.query}" if view.query else page


def _view(desk: DeskRequest, pk: int) -> SavedView:
    """A view that this person may open; others do not exist for them."""
    return get_object_or_404(seen_by(desk.user, desk.campaign), pk=pk)


def _may_change(view: SavedView, desk: DeskRequest) -> bool:
    return view.user_id == desk.user.pk or desk.role == Role.ADMINISTRATOR


def _changeable(desk: DeskRequest, pk: int) -> SavedView:
    view = _view(desk, pk)
    if not _may_change(view, desk):
        raise PermissionDenied("Only its owner and administrators change a shared view.")
    return view
