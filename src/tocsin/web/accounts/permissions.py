"""Who may open which page: every view of the desk is declared by one of these.

`tests/web/test_roles.py` asks each address with each role, and fails for a view without one.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from tocsin.web.accounts.models import Membership, Role, User

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

    from tocsin.web.campaigns.models import Campaign

    View = Callable[..., HttpResponseBase]

V = TypeVar("V", bound="Callable[..., Any]")


class DeskRequest:
    """For types alone: a request of somebody who is signed in, within a campaign."""

    user: User
    campaign: Campaign
    role: Role


def campaign_model() -> type[Campaign]:
    """The model of campaigns, which lies above this app."""
    return apps.get_model("campaigns", "Campaign")


def role_in(user: User, campaign: Campaign) -> Role | None:
    """A person's role in a campaign; None where they have none."""
    if user.is_administrator:
        return Role.ADMINISTRATOR
    held = Membership.objects.filter(user=user, campaign=campaign).first()
    return None if held is None else Role(held.role)


def campaign_view(
    needs: Role, *, methods: tuple[str, ...] = ("GET", "HEAD")
) -> Callable[[V], Callable[..., HttpResponseBase]]:
    """A page of a campaign, for those with this role in it, or a higher one.

    The view gets the request, with `campaign` and `role` set, and the other parts of the address.
    A campaign in which a person has no role does not exist for them: 404, and not 403.
    """

    def decorate(view: V) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, campaign: str, **rest: object) -> HttpResponseBase:
            user = cast("User", request.user)
            found: Campaign = get_object_or_404(campaign_model(), slug=campaign)
            held = role_in(user, found)
            if held is None:
                raise Http404
            if held.rank < needs.rank:
                raise PermissionDenied(f"This needs the role {needs.label} in this campaign.")
            request.campaign = found  # type: ignore[attr-defined]  # read as DeskRequest
            request.role = held  # type: ignore[attr-defined]  # read as DeskRequest
            return cast("HttpResponseBase", view(request, **rest))

        named = require_http_methods(list(methods))(guarded)
        named.needs_role = needs  # type: ignore[attr-defined]  # for the test of all roles
        return named

    return decorate


def administrator_view(
    *, methods: tuple[str, ...] = ("GET", "HEAD")
) -> Callable[[V], Callable[..., HttpResponseBase]]:
    """A page for administrators of the desk."""

    def decorate(view: V) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, **rest: object) -> HttpResponseBase:
            if not cast("User", request.user).is_administrator:
                raise PermissionDenied("This needs an administrator of the desk.")
            return cast("HttpResponseBase", view(request, **rest))

        named = require_http_methods(list(methods))(guarded)
        named.needs_role = "desk"  # type: ignore[attr-defined]  # for the test of all roles
        return named

    return decorate


def signed_in_view(
    *, methods: tuple[str, ...] = ("GET", "HEAD")
) -> Callable[[V], Callable[..., HttpResponseBase]]:
    """A page for everybody who is signed in; it must show what they may see, and no more."""

    def decorate(view: V) -> Callable[..., HttpResponseBase]:
        named = require_http_methods(list(methods))(view)
        named.needs_role = "signed in"  # type: ignore[attr-defined]  # for the test of all roles
        return cast("Callable[..., HttpResponseBase]", named)

    return decorate


def takes_file(most: Callable[[], int]) -> Callable[[V], V]:
    """A page to which a file of at most so many bytes is sent; stands below what says who may.

    To a page without it nothing larger than a form can be sent.
    """

    def decorate(view: V) -> V:
        view.largest_file = most  # type: ignore[attr-defined]  # for the server, before it reads
        return view

    return decorate


def largest_file(view: Callable[..., Any]) -> int:
    """How many bytes a file may have that is sent to this page; 0 where none is taken."""
    most: Callable[[], int] = getattr(view, "largest_file", lambda: 0)
    return most()
