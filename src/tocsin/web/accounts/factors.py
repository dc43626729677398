"""Second factors: who has one, and which session has proved it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator

if TYPE_CHECKING:
    from django.http import HttpRequest

    from tocsin.web.accounts.models import User

_MAIN = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""Recovery codes stand in for one of these, and are none by themselves."""


def has_factor(user: User) -> bool:
    """Whether they have an authenticator app or a passkey."""
    return bool(Authenticator.objects.filter(user=user, type__in=_MAIN).exists())


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
    """Say that this session has just proved `authenticator`, by setting it up."""
    record_authentication(
        request, authenticator.user, "mfa", id=authenticator.pk, type=authenticator.type
    )


def methods_to_prove(user: User) -> list[str]:
    """Names of the pages on which they can prove it, the likeliest first."""
    kinds = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    pages = []
    if Authenticator.Type.TOTP in kinds:
        pages.append("mfa_reauthenticate")
    if Authenticator.Type.WEBAUTHN in kinds:
        pages.append("mfa_reauthenticate_webauthn")
    return pages
