"""Addresses below /accounts/: of allauth's pages those that the desk needs, and no others.

There is no signing up, no mail address to confirm, and no password that is reset by mail.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.account.utils import url_str_to_user_pk
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import include, path, re_path

from tocsin.web.accounts.models import User


def _closed(_request: HttpRequest) -> HttpResponse:
    """Nothing: allauth asks for the addresses of pages that nobody may reach."""
    raise Http404


@transaction.atomic
def _set_password(request: HttpRequest, uidb36: str, key: str) -> HttpResponseBase:
    """Set a password by a one-time link: where two use it at once, the second finds it used."""
    if request.method == "POST":
        # From here on the stored password, of which the key is made, is nobody else's to change.
        User.objects.select_for_update(no_key=True).filter(pk=url_str_to_user_pk(uidb36)).first()
    found: HttpResponseBase = account.password_reset_from_key(request, uidb36=uidb36, key=key)
    return found


urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("signup/", _closed, name="account_signup"),
    path("password/set/", _closed, name="account_set_password"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    re_path(
        r"^password/link/(?P<uidb36>[0-9A-Za-z]{1,13})-(?P<key>[-0-9A-Za-z]{1,100})/$",
        _set_password,
        name="account_reset_password_from_key",
    ),
    path(
        "password/link/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("2fa/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
]
