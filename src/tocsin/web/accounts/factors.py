"""Second factors: who has one, and which session has proved it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator

if TYPE_CHECKING:
    from django.http import HttpRequest

    from tocsin.web.accounts.models import User


def proved_factor(request: HttpRequest) -> bool:
    """Whether this very session gave a second factor that the person still has.

    That the person has one is not enough: somebody else's session, begun with the password before
    the factor was there, must not become a full one by it.
    """
    used = {
        record.get("id")
        for record in get_authentication_records(request, request.user)
        if record.get("method") == "mfa"
    }
    return bool(used) and bool(
        Authenticator.objects.filter(user=request.user, pk__in=used).exists()
    )


def remember_proof(request: HttpRequest, authenticator: Authenticator) -> None:
    """Say that this session has just proved `authenticator`, by setting it up.

    That took the password, so its recovery codes are shown without asking for it again.
    """
    record_authentication(
        request,
        authenticator.user,
        "mfa",
        id=authenticator.pk,
        type=authenticator.type,
        reauthenticated=True,
    )


def begins(request: HttpRequest, seconds: float) -> bool:
    """Whether this session gave or set its password just now, and its person has no factor yet."""
    given = [
        float(record.get("at", 0))
        for record in get_authentication_records(request, request.user)
        if record.get("method") in {"password", "password_reset"}
    ]
    if not given or time.time() - given[-1] >= seconds:
        return False
    return not Authenticator.objects.filter(user=request.user).exists()


def page_to_prove(user: User) -> str | None:
    """The name of the page on which they can prove theirs, the likeliest one; None without any.

    Recovery codes stand in for an app or a passkey, and are no second factor by themselves.
    """
    kinds = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    if Authenticator.Type.TOTP in kinds:
        return "mfa_reauthenticate"
    if Authenticator.Type.WEBAUTHN in kinds:
        return "mfa_reauthenticate_webauthn"
    return None
