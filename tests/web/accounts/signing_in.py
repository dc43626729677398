"""Signs in as a browser would: with password and second factor, page by page."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

if TYPE_CHECKING:
    from django.test import Client
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

    from tocsin.web.accounts.models import User

PASSWORD = "a long pass phrase of the tests"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def make(username: str, **more: bool) -> User:
    from tocsin.web.accounts.models import User  # noqa: PLC0415 Django is set up only by now

    user = User(username=username, **more)
    user.set_password(PASSWORD)
    user.save()
    return user


def code(secret: str = SECRET, *, later: int = 0) -> str:
    """What the app shows now, or `later` half minutes from now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later)))


def give_app(user: User) -> None:
    """An authenticator app, set up some time ago."""
    TOTP.activate(user, SECRET)


def sign_in(client: Client, username: str, password: str = PASSWORD) -> Response:
    return client.post("/accounts/login/", {"login": username, "password": password})


def set_up_app(client: Client) -> Response:
    """What somebody goes through who has just signed in for the first time."""
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.search(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', page)
    assert secret, page
    return client.post("/accounts/2fa/totp/activate/", {"code": code(secret[1])})


def where(response: Response) -> str:
    """The path that an answer leads to."""
    return urlsplit(response["Location"]).path


def is_inside(client: Client) -> bool:
    """Whether the desk's own pages open."""
    return client.get("/people/me/").status_code == 200
