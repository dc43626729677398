"""One-time links: by them a person sets a password, which nobody else ever knows.

The key in a link is an HMAC over the person, the time, the stored hash of the password and the
last sign-in. It is stored nowhere; it ends when it was used, when a newer one is made, and after
`PASSWORD_RESET_TIMEOUT`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse

if TYPE_CHECKING:
    from tocsin.web.accounts.models import User


def path_of(user: User) -> str:
    """The path of a link for them. Whoever calls has just taken the password away."""
    return reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(user),
            "key": default_token_generator.make_token(user),
        },
    )
