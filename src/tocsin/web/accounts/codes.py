"""A code of an authenticator app counts once, for as long as it would be taken."""

from __future__ import annotations

from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as allauth_forms
from allauth.mfa.models import Authenticator
from django.core.cache import cache


class AuthenticateForm(allauth_forms.AuthenticateForm):  # type: ignore[misc]  # allauth brings no types
    """A code at sign-in.

    allauth remembers used codes for one period, but takes each for `MFA_TOTP_TOLERANCE` more on
    either side: who looked over a shoulder could use it half a minute later.
    """

    def clean_code(self) -> str:
        """Check it."""
        return _once(super().clean_code(), self.authenticator)


class ReauthenticateForm(allauth_forms.ReauthenticateForm):  # type: ignore[misc]  # as above
    """A code that is asked for once more."""

    def clean_code(self) -> str:
        """Check it."""
        return _once(super().clean_code(), self.authenticator)


def _once(code: str, by: Authenticator) -> str:
    """The code, unless somebody used it before. Recovery codes see to that by themselves."""
    if by.type != Authenticator.Type.TOTP:
        return code
    taken_s = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    digits = "".join(filter(str.isdecimal, code))
    if not cache.add(f"tocsin.totp.used?user={by.user_id}&code={digits}", "y", timeout=taken_s):
        raise get_adapter().validation_error("incorrect_code")
    return code
