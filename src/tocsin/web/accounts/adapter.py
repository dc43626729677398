"""How allauth behaves here: nobody signs up by themselves, and secrets are stored encrypted."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.encoding import force_bytes

from tocsin.web.accounts.factors import begins

if TYPE_CHECKING:
    from django.http import HttpRequest


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth brings no types
    """An administrator makes accounts; `tocsin desk create-user` makes the first."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 allauth's signature
        """Never."""
        return False

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Not for a first second factor, right after the password was given or set."""
        if app == "allauth.mfa" and begins(self.request, app_settings.REAUTHENTICATION_TIMEOUT):
            return False
        return bool(super().is_reauthentication_required(app=app))

    def send_mail(self, *_args: object, **_kwargs: object) -> None:
        """Nothing: the desk sends no mail, so that none can be forged in its name."""


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth brings no types
    """Secrets of authenticator apps lie encrypted in the database and its copies.

    The key comes from SECRET_KEY. After that was changed, SECRET_KEY_FALLBACKS still opens them.
    """

    def encrypt(self, text: str) -> str:
        """As it is stored."""
        return _box().encrypt(text.encode()).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        """As the app has it. Raises `ImproperlyConfigured` where the key is another one."""
        try:
            return _box().decrypt(encrypted_text.encode("ascii")).decode()
        except InvalidToken:
            raise ImproperlyConfigured(
                "a second factor was stored under another key: set SECRET_KEY_FALLBACKS to it"
            ) from None


def _box() -> MultiFernet:
    return MultiFernet(
        [_key(text) for text in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    )


def _key(text: str | bytes) -> Fernet:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"tocsin desk: second factors")
    return Fernet(base64.urlsafe_b64encode(kdf.derive(force_bytes(text))))
