"""A passkey as the second factor: nobody comes in without one, and with it in one step."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.web.stories.visitor import Visitor
from tocsin.web.accounts.models import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, CDPSession

    from tests.web.stories.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.allow_hosts(["127.0.0.0/8"])]

NAME, PASSWORD = "petra", "heron willow 41 kestrel"


@pytest.fixture
def by_name(browser: Browser, desk: Desk) -> Iterator[Visitor]:
    """Somebody who calls the desk by a name: browsers give passkeys to no number."""
    visitor = Visitor(browser, desk, url=desk.url.replace("127.0.0.1", "localhost"))
    yield visitor
    visitor.close()


def hold_keys(visitor: Visitor) -> tuple[CDPSession, str]:
    """Plug in an authenticator that Chromium plays, with a PIN that its person knows."""
    session = visitor.page.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


def sign_in(visitor: Visitor, name: str) -> None:
    page = visitor.page
    page.goto("/accounts/login/")
    page.fill("#id_login", name)
    page.fill("#id_password", PASSWORD)
    page.click("main >> button:text-is('Sign in')")


def test_a_passkey_lets_in_and_nobody_comes_in_without_a_second_factor(
    by_name: Visitor, desk: Desk
) -> None:
    page = by_name.page
    session, key = hold_keys(by_name)
    page.goto(re.sub(r"^http://[^/]+", "", desk.invite(Role.ANALYST, NAME)))
    page.fill("input[name=password1]", PASSWORD)
    page.fill("input[name=password2]", PASSWORD)
    page.click("text=Set the password")

    # The password alone opens nothing: not the desk, not a campaign, not a list of it.
    page.context.clear_cookies()
    sign_in(by_name, NAME)
    for closed in ("/", "/c/proxylogon/", "/c/proxylogon/assets/?format=csv", "/people/me/"):
        page.goto(closed)
        assert page.url.endswith("/accounts/2fa/"), closed

    page.click("text=Add a passkey")
    by_name.look("add-passkey")
    page.fill("main >> input[name=name]", "blue key")
    page.click("#mfa_webauthn_add")
    page.wait_for_url(re.compile("/accounts/2fa/(?!webauthn/add)"))
    assert 1 == len(
        session.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    )
    by_name.goto("/c/proxylogon/")

    # The password is not enough any more; the passkey as the second step is.
    page.click("summary:has-text('Signed in as')")
    page.click("text=Sign out")
    sign_in(by_name, NAME)
    assert "/accounts/2fa/authenticate/" in page.url
    by_name.look("second-factor-passkey")
    page.goto("/c/proxylogon/")
    assert "/accounts/2fa/authenticate/" in page.url
    page.click("text=Use a passkey")
    page.wait_for_selector("main >> a:text-is('ProxyLogon')")

    # And it stands for both steps.
    page.click("summary:has-text('Signed in as')")
    page.click("text=Sign out")
    page.goto("/c/proxylogon/cases/")
    page.click("text=Sign in with a passkey")
    page.wait_for_selector("h1:text-is('Cases')")

    # Somebody who took the key and does not know its PIN stays outside.
    page.context.clear_cookies()
    session.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    page.goto("/accounts/login/")
    page.click("text=Sign in with a passkey")
    page.wait_for_selector("[role=alert]:has-text('No passkey of this desk answered')")
    page.goto("/c/proxylogon/")
    assert "/accounts/login/" in page.url


def test_an_address_that_gets_no_passkey_says_which_one_does(stranger: Visitor) -> None:
    page = stranger.page
    page.goto("/accounts/login/")
    page.click("text=Sign in with a passkey")
    page.wait_for_selector(f"[role=alert]:has-text('http://localhost:{stranger.desk.port}')")
    stranger.look("sign-in-no-passkey")
