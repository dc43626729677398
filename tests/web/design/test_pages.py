from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.template.backends.django import Template as DjangoTemplate
from django.template.loader import get_template, render_to_string
from django.urls import reverse

from tocsin.web.accounts.models import Role
from tocsin.web.design.errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client, RequestFactory

    from tocsin.web.campaigns.models import Campaign

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "name",
    [
        "account/account_inactive.html",
        "account/base_reauthenticate.html",
        "account/login.html",
        "account/logout.html",
        "account/password_change.html",
        "account/password_reset_from_key.html",
        "account/reauthenticate.html",
        "mfa/authenticate.html",
        "mfa/index.html",
        "mfa/reauthenticate.html",
        "mfa/recovery_codes/generate.html",
        "mfa/recovery_codes/index.html",
        "mfa/totp/activate_form.html",
        "mfa/totp/deactivate_form.html",
        "mfa/webauthn/add_form.html",
        "mfa/webauthn/authenticator_confirm_delete.html",
        "mfa/webauthn/authenticator_list.html",
        "mfa/webauthn/edit_form.html",
        "mfa/webauthn/reauthenticate.html",
        "usersessions/usersession_list.html",
    ],
)
def test_pages_of_signing_in_are_ours(name: str) -> None:
    template = get_template(name)
    assert isinstance(template, DjangoTemplate)
    assert "tocsin/web" in template.origin.name


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "413", "429", "500"])
def test_every_error_has_a_page_that_leads_on(name: str, rf: RequestFactory) -> None:
    page = render_to_string(f"{name}.html", {}, rf.get("/"))
    assert "<h1>" in page
    assert "style=" not in page
    assert re.search(r"Nothing was changed|was not saved|does not exist|Please wait", page)


@pytest.mark.parametrize(
    ("problem", "status"), [(RequestDataTooBig(), 413), (SuspiciousOperation(), 400)]
)
def test_what_is_too_large_is_told_apart_from_what_makes_no_sense(
    problem: Exception, status: int, rf: RequestFactory
) -> None:
    assert status == bad_request(rf.post("/"), problem).status_code


def test_a_form_that_is_too_large_is_refused_with_413(
    signed_in: Callable[[Role], Client], campaign: Campaign
) -> None:
    client = signed_in(Role.ANALYST)
    client.raise_request_exception = False
    much = client.post("/c/proxylogon/views/new/", {"name": "x" * (3 * 2**20)})
    assert 413 == much.status_code
    assert "more than the desk takes at once" in much.content.decode()


@pytest.mark.parametrize(
    "view", ["account_change_password", "account_logout", "mfa_index", "usersessions_list"]
)
def test_pages_of_a_person_need_no_inline_style_or_script(
    signed_in: Callable[[Role], Client], view: str
) -> None:
    page = signed_in(Role.VIEWER).get(reverse(view)).content.decode()
    assert "<h1>" in page
    assert not re.search(r"<style|style=|\son[a-z]+=", page)
    for script in re.findall(r"<script([^>]*)>", page):
        assert "src=" in script or "application/json" in script
