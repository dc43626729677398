"""Sign somebody in who has a role and a second factor, and print the cookie as JSON.

``python -m tests.web.stories.enter CAMPAIGN ROLE NAME``: only one story plays the sign-in itself.
"""

from __future__ import annotations

import json
import sys
import time

import django

django.setup()

from allauth.mfa.models import Authenticator  # noqa: E402 models need Django's settings
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret  # noqa: E402 as above
from django.contrib.auth import (  # noqa: E402 as above
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
)
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402 as above

from tocsin.web.accounts.models import Membership, User  # noqa: E402 as above
from tocsin.web.campaigns.models import Campaign  # noqa: E402 as above


def main(slug: str, role: str, name: str) -> None:
    """Do it."""
    user, new = User.objects.get_or_create(username=name, defaults={"first_name": name.title()})
    if new:
        user.set_unusable_password()
        user.save()
        Membership.objects.create(user=user, campaign=Campaign.objects.get(slug=slug), role=role)
        TOTP.activate(user, generate_totp_secret())
    factor = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    proof = {"method": "mfa", "at": time.time(), "id": factor.pk, "type": "totp"}
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session["account_authentication_methods"] = [proof]
    session["account_authentication_methods_user"] = str(user.pk)
    session.create()
    print(json.dumps({"name": "sessionid", "value": session.session_key}))


if __name__ == "__main__":
    main(*sys.argv[1:])
