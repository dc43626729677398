"""Writes saved views. What others see is a change that they must be able to look up."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from tocsin.errors import UsageError
from tocsin.web.accounts.models import User
from tocsin.web.audit.services import one_after_the_other, record
from tocsin.web.lists.models import SavedView


@transaction.atomic
def save_view(view: SavedView, by: User, name: str, *, shared: bool) -> SavedView:
    """Make a view, or give one another name and other readers."""
    one_after_the_other()
    same = SavedView.objects.filter(
        user=view.user_id, campaign=view.campaign_id, listing=view.listing, name=name
    )
    if same.exclude(pk=view.pk).exists():
        raise UsageError("there is a view of this name already")
    before = (view.name, view.shared) if view.pk else ("", False)
    view.name, view.shared = name, shared
    view.save()
    if before != (name, shared) and (shared or before[1]):
        detail = {"list": view.listing, "query": view.query, "name": [before[0], name]}
        _record(view, by, _verb(before, view), detail)
    return view


@transaction.atomic
def delete_view(view: SavedView, by: User) -> None:
    """Take a view away."""
    if view.shared:
        _record(view, by, "deleted", {"list": view.listing, "query": view.query})
    view.delete()


def _verb(before: tuple[str, bool], view: SavedView) -> str:
    if view.shared and not before[1]:
        return "shared"
    return "renamed" if view.shared else "unshared"


def _record(view: SavedView, by: User, verb: str, detail: Mapping[str, object]) -> None:
    record(by, f"view.{verb}", f"view {view.name}", campaign=view.campaign, detail=detail)
