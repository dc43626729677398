"""Nobody sees a page without having signed in, with a second factor where one is asked.

What is open is named address by address: a page that nobody thought of here is closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.http import urlencode

from tocsin.web.accounts.factors import page_to_prove, proved_factor

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from tocsin.web.accounts.models import User

FOR_ANYBODY = frozenset(
    {
        "account_inactive",
        "account_login",
        "account_logout",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
        "mfa_authenticate",
        "mfa_login_webauthn",
    }
)
"""What it takes to sign in."""

TO_SET_UP = frozenset(
    {
        "account_logout",
        "account_reauthenticate",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_index",
    }
)
"""What somebody reaches who has no second factor yet and must have one."""

TO_PROVE = frozenset({"account_logout", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"})
"""What a session reaches that gave a password alone, while its person has a second factor."""


class SignedInMiddleware:
    """Sends whoever may not see a page to where they can change that."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or send elsewhere."""
        name = _name_of(request)
        if not request.user.is_authenticated:
            if name in FOR_ANYBODY:
                return self._next(request)
            return redirect_to_login(request.get_full_path())
        if settings.TOCSIN_REQUIRE_MFA and not proved_factor(request):
            return self._without_factor(request, name)
        return self._next(request)

    def _without_factor(self, request: HttpRequest, name: str) -> HttpResponse:
        page = page_to_prove(cast("User", request.user))
        if page is None:
            return self._next(request) if name in TO_SET_UP else redirect("mfa_index")
        if name in TO_PROVE:
            return self._next(request)
        where = urlencode({"next": request.get_full_path()})
        return redirect(f"{reverse(page)}?{where}")


def _name_of(request: HttpRequest) -> str:
    """The name of the address that is asked for; empty where there is none."""
    try:
        return resolve(request.path_info).view_name
    except Resolver404:
        return ""
