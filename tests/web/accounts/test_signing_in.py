from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.web.accounts.signing_in import PASSWORD, is_inside, make, sign_in, where
from tocsin.web.audit.models import Decision

pytestmark = pytest.mark.django_db


def test_name_and_password_open_the_desk_where_no_second_factor_is_asked(client: Client) -> None:
    user = make("ada")

    assert "/" == where(sign_in(client, "ada"))
    assert is_inside(client)
    assert ["person.signed_in"] == list(Decision.objects.values_list("action", flat=True))
    assert user == Decision.objects.get().actor


def test_nobody_sees_a_page_without_signing_in(client: Client) -> None:
    for path in ("/", "/people/", "/people/me/", "/work/", "/accounts/2fa/", "/no/such/page/"):
        response = client.get(path)
        assert (302, "/accounts/login/") == (response.status_code, where(response)), path


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/signup/",
        "/accounts/email/",
        "/accounts/confirm-email/",
        "/accounts/password/reset/",
        "/accounts/password/set/",
        "/accounts/login/code/",
        "/accounts/login/code/confirm/",
        "/accounts/3rdparty/",
        "/admin/",
    ],
)
def test_pages_that_the_desk_does_not_need_are_not_there(client: Client, path: str) -> None:
    make("ada")
    assert 302 == client.get(path).status_code  # to the page for signing in
    sign_in(client, "ada")
    assert 404 == client.get(path).status_code


def test_the_sixth_wrong_password_is_refused_even_if_the_next_one_is_right(
    client: Client,
) -> None:
    make("ada")
    for _ in range(5):
        assert "not correct" in sign_in(client, "ada", "wrong").content.decode()

    assert "Too many failed" in sign_in(client, "ada").content.decode()
    assert not is_inside(client)


def test_too_many_attempts_from_one_address_get_the_page_429(client: Client) -> None:
    last = [sign_in(client, f"nobody{number}", "wrong").status_code for number in range(21)][-1]
    assert 429 == last

    page = sign_in(client, "nobody", "wrong")
    assert "wait" in page.content.decode()


def test_an_unknown_name_and_a_wrong_password_look_alike(client: Client) -> None:
    make("ada")
    answers = {
        re.sub(
            r'value="[^"]*"|"X-CSRFToken": "[^"]*"',
            "",
            sign_in(client, name, "wrong").content.decode(),
        )
        for name in ("ada", "nobody")
    }
    assert 1 == len(answers)


def test_the_session_gets_a_new_name_at_sign_in(client: Client) -> None:
    make("ada")
    client.get("/accounts/login/")
    session = client.session
    session["before"] = "sign-in"
    session.save()
    client.cookies["sessionid"] = str(session.session_key)

    sign_in(client, "ada")

    assert session.session_key != client.session.session_key
    assert is_inside(client)


def test_signing_out_takes_a_click_and_ends_the_session(client: Client) -> None:
    make("ada")
    sign_in(client, "ada")
    old = client.cookies["sessionid"].value

    client.get("/accounts/logout/")
    assert is_inside(client)
    client.post("/accounts/logout/")

    assert not is_inside(client)
    client.cookies["sessionid"] = old
    assert not is_inside(client)


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example"]
)
def test_sign_in_never_leads_to_another_site(client: Client, elsewhere: str) -> None:
    make("ada")
    response = client.post(
        "/accounts/login/", {"login": "ada", "password": PASSWORD, "next": elsewhere}
    )
    assert "/" == response["Location"]


def test_sign_in_leads_to_the_page_that_was_asked_for(client: Client) -> None:
    make("ada")
    asked = client.get("/people/me/")
    assert "/accounts/login/?next=/people/me/" == asked["Location"]
    response = client.post(
        "/accounts/login/", {"login": "ada", "password": PASSWORD, "next": "/people/me/"}
    )
    assert "/people/me/" == response["Location"]


def test_a_deactivated_person_is_told_so_and_stays_outside(client: Client) -> None:
    make("ada", is_active=False)
    response = sign_in(client, "ada")
    assert not is_inside(client)
    assert response.status_code in {200, 302}


def test_a_changed_password_ends_every_session(client: Client) -> None:
    make("ada")
    other = Client()
    sign_in(client, "ada")
    sign_in(other, "ada")

    changed = client.post(
        "/accounts/password/change/",
        {
            "oldpassword": PASSWORD,
            "password1": "another long pass phrase",
            "password2": "another long pass phrase",
        },
    )

    assert 302 == changed.status_code
    assert not is_inside(client)
    assert not is_inside(other)
    sign_in(client, "ada", "another long pass phrase")
    assert is_inside(client)
    assert Decision.objects.filter(action="person.password_changed").exists()


def test_a_short_password_is_refused(client: Client) -> None:
    make("ada")
    sign_in(client, "ada")
    refused = client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "short", "password2": "short"},
    )
    assert "12 characters" in refused.content.decode()


def test_a_form_without_its_token_is_refused() -> None:
    make("ada")
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    assert 403 == response.status_code
    assert not is_inside(strict)


def test_ones_own_sessions_are_listed_and_the_others_can_be_ended(client: Client) -> None:
    make("ada")
    other = Client(headers={"user-agent": "another browser"})
    sign_in(client, "ada")
    sign_in(other, "ada")

    page = client.get("/accounts/sessions/").content.decode()
    assert "another browser" in page
    client.post("/accounts/sessions/")

    assert is_inside(client)
    assert not is_inside(other)
