"""Nobody sees a page without having signed in, with a second factor where it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

_OPEN = ("/accounts/", "/static/")
"""What must be reachable to sign in, and to set up the second factor."""


class SignedInMiddleware:
    """Sends whoever has not signed in to do so, and to add a second factor where one is asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or send elsewhere."""
        if request.path.startswith(_OPEN):
            return self._next(request)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if settings.TOCSIN_REQUIRE_MFA and not is_mfa_enabled(request.user):
            return redirect("mfa_index")
        return self._next(request)
