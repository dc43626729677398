"""What every answer of the desk says to browsers."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import allauth
import pytest
from django.test import Client

import tocsin.web
from tests.web.addresses import all_addresses
from tocsin.web.accounts.models import User

if TYPE_CHECKING:
    from tocsin.web.campaigns.models import Campaign

WEB = Path(tocsin.web.__file__).parent
TEMPLATES = sorted(WEB.glob("*/templates/**/*.html"))
OF_ALLAUTH = [
    path
    for folder in ("account", "mfa", "usersessions")
    for path in sorted((Path(allauth.__file__).parent / "templates" / folder).rglob("*.html"))
    # Pages that have no address here.
    if path.name not in {"phone_change.html", "email_change.html", "email.html"}
]

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def named(path: Path) -> str:
    """``accounts:people/me.html``: the app, and the template."""
    before, _, template = path.as_posix().partition("/templates/")
    return f"{before.rpartition('/')[2]}:{template}"


class Inline(HTMLParser):
    """Finds what the Content-Security-Policy would refuse to run or to apply."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style":
            self.found.append("<style>")
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self.found.append("<script>")
        for name, value in attrs:
            if name.startswith(("on", "hx-on")):
                self.found.append(name)
            if name == "style":
                self.found.append("style=")
            if (value or "").strip().lower().startswith("javascript:"):
                self.found.append(f"{name}=javascript:")

    handle_startendtag = handle_starttag


def inline(text: str) -> list[str]:
    parser = Inline()
    parser.feed(text)
    return parser.found


@pytest.mark.parametrize(
    "text",
    [
        "<p onclick='x'>",
        "<p style='x'>",
        "<script>x</script>",
        "<style>",
        "<a href='javascript:x'>",
        "<svg onload=x />",
    ],
)
def test_the_scan_finds_each_kind(text: str) -> None:
    assert inline(text)


@pytest.mark.parametrize("path", TEMPLATES + OF_ALLAUTH, ids=named)
def test_no_template_has_an_inline_script_or_style(path: Path) -> None:
    text = re.sub(r"{[%#].*?[%#]}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert [] == inline(text)


@pytest.fixture
def administrator(campaign: Campaign) -> User:
    return User.objects.create(username="the-desk", is_administrator=True)


@pytest.mark.parametrize("address", all_addresses(), ids=lambda one: one.name)
def test_no_answer_has_an_inline_script_or_style_and_each_has_its_headers(
    address: object, campaign: Campaign, administrator: User
) -> None:
    from tests.web.addresses import Address  # noqa: PLC0415 for its type

    assert isinstance(address, Address)
    client = Client()
    client.force_login(administrator, backend=BACKEND)
    path = (
        address.path(campaign)
        if ":" in address.name
        else "/accounts/2fa/webauthn/keys/1/edit/"
        if "pk" in address.arguments
        else "/accounts/password/link/1-abc/"
        if "key" in address.arguments
        else address.path(campaign)
    )
    response = client.get(path)

    if response["Content-Type"].startswith("text/html") and not response.streaming:
        assert [] == inline(response.content.decode())
    assert "no-store" in response["Cache-Control"]
    assert "nosniff" == response["X-Content-Type-Options"]
    assert "same-origin" == response["Referrer-Policy"]
    assert "same-origin" == response["Cross-Origin-Opener-Policy"]
    assert "same-origin" == response["Cross-Origin-Resource-Policy"]
    assert "camera=()" in response["Permissions-Policy"]
    assert response["X-Frame-Options"] in {"DENY", "SAMEORIGIN"}
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_pages_for_nobody_have_the_headers_too(client: Client) -> None:
    response = client.get("/accounts/login/")
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert "DENY" == response["X-Frame-Options"]


@pytest.mark.django_db
def test_the_page_for_what_is_not_there_has_them(client: Client) -> None:
    client.force_login(User.objects.create(username="ada"), backend=BACKEND)
    response = client.get("/no/such/page/")
    assert 404 == response.status_code
    assert "There is no such page" in response.content.decode()
    assert "default-src 'none'" in response["Content-Security-Policy"]
