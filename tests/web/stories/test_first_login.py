"""The first administrator: a one-time link, a password, a second factor, and then the desk."""

from __future__ import annotations

import base64
import hmac
import re
import struct
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.web.stories.desk import Desk
    from tests.web.stories.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.allow_hosts(["127.0.0.0/8"])]

PASSWORD = "heron willow 41 kestrel"


def code(secret: str) -> str:
    """What an authenticator app shows now. Source: RFC 6238, May 2011, with its defaults."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), "sha1")
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def test_the_first_administrator_comes_in_with_a_second_factor(
    stranger: Visitor, desk: Desk
) -> None:
    page = stranger.page
    page.goto("/")
    assert "/accounts/login/" in page.url
    stranger.look("sign-in")

    page.goto(desk.link)
    stranger.look("set-password")
    page.fill("input[name=password1]", PASSWORD)
    page.fill("input[name=password2]", PASSWORD)
    page.click("text=Set the password")
    assert page.url.endswith("/accounts/2fa/")
    stranger.look("second-factors")

    # No page opens before there is a second factor.
    page.goto("/")
    assert page.url.endswith("/accounts/2fa/")

    page.click("text=Set up an app")
    secret = page.input_value("#authenticator_secret")
    stranger.look("set-up-app")
    page.fill("input[name=code]", code(secret))
    page.click("button:text-is('Set it up')")
    page.wait_for_url(re.compile("/accounts/2fa/(?!totp)"))
    stranger.look("recovery-codes")

    stranger.goto("/")
    stranger.look("campaigns")
    page.click("main >> a:text-is('ProxyLogon')")
    assert "ProxyLogon" == page.inner_text("h1")
    stranger.look("campaign")

    # The link was for one time.
    page.context.clear_cookies()
    page.goto(desk.link)
    assert "This link is of no use" == page.inner_text("h1")
