"""A second factor that is asked for cannot be got around."""

from __future__ import annotations

import re
import time
from unittest import mock

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.test import Client
from django.urls import get_resolver

from tests.web.accounts.signing_in import (
    PASSWORD,
    SECRET,
    code,
    give_app,
    is_inside,
    make,
    set_up_app,
    sign_in,
    where,
)
from tocsin.web.accounts.middleware import FOR_ANYBODY, TO_PROVE, TO_SET_UP
from tocsin.web.accounts.services import create_person, new_link
from tocsin.web.audit.models import Decision

pytestmark = pytest.mark.usefixtures("factor_needed")
commits = pytest.mark.usefixtures("commits")
inside_a_transaction = pytest.mark.usefixtures("db")

CLOSED = [
    "/",
    "/people/",
    "/people/me/",
    "/people/1/",
    "/work/",
    "/c/proxylogon/assets/",
    "/accounts/password/change/",
    "/accounts/sessions/",
    "/accounts/2fa/totp/deactivate/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/2fa/recovery-codes/download/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/keys/1/remove/",
    "/no/such/page/",
]


@inside_a_transaction
@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("ask", ["get", "post", "put", "options"])
def test_without_a_second_factor_a_person_only_gets_to_set_one_up(
    client: Client, path: str, ask: str
) -> None:
    make("ada", is_administrator=True)
    sign_in(client, "ada")

    response = getattr(client, ask)(path)

    assert (302, "/accounts/2fa/") == (response.status_code, where(response))


@inside_a_transaction
def test_a_path_in_disguise_leads_nowhere_else(client: Client) -> None:
    make("ada", is_administrator=True)
    sign_in(client, "ada")
    for path in (
        "/accounts/login/../../people/me/",
        "//people/me/",
        "/static/../people/me/",
        "/accounts/2fa/%2e%2e/%2e%2e/people/me/",
        "/PEOPLE/me/",
    ):
        assert 200 != client.get(path).status_code, path


@inside_a_transaction
def test_what_is_open_exists() -> None:
    """A name that was misspelt would open nothing, and one of another page too much."""
    names = {str(name) for name in get_resolver().reverse_dict if isinstance(name, str)}
    assert (FOR_ANYBODY | TO_SET_UP | TO_PROVE) - names == set()


@commits
def test_setting_up_an_app_opens_the_desk_and_gives_recovery_codes(client: Client) -> None:
    make("ada")
    sign_in(client, "ada")
    assert not is_inside(client)

    done = set_up_app(client)

    assert "/accounts/2fa/recovery-codes/" == where(done)
    assert 10 == len(re.findall(r"^\d{8}$", page(client, where(done)), flags=re.MULTILINE))
    assert is_inside(client)
    assert Decision.objects.filter(action="person.second_factor_added").exists()


def page(client: Client, path: str) -> str:
    text: str = client.get(path).content.decode()
    return re.sub(r"<[^>]*>", "\n", text)


@commits
def test_a_new_person_types_a_new_password_once_and_sets_up_an_app(client: Client) -> None:
    user, path = create_person("ada", by=None)
    form = client.get(path)["Location"]
    done = client.post(form, {"password1": PASSWORD, "password2": PASSWORD})
    assert "/accounts/2fa/" == where(client.get(where(done)))
    assert not is_inside(client)

    for address in ("/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"):
        assert 200 == client.get(address).status_code
    set_up_app(client)
    assert is_inside(client)
    assert Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


@inside_a_transaction
def test_a_link_does_not_stand_for_a_second_factor(client: Client) -> None:
    user = make("ada")
    give_app(user)
    form = client.get(new_link(user, by=None))["Location"]
    done = client.post(form, {"password1": PASSWORD, "password2": PASSWORD})
    assert "/accounts/2fa/authenticate/" == where(done)
    assert not is_inside(client)


@inside_a_transaction
def test_setting_up_an_app_takes_the_password_once_more_some_time_later(client: Client) -> None:
    make("ada")
    sign_in(client, "ada")
    assert 200 == client.get("/accounts/2fa/totp/activate/").status_code

    later = time.time() + 301
    with mock.patch("tocsin.web.accounts.factors.time.time", return_value=later):
        response = client.get("/accounts/2fa/totp/activate/")

    assert (302, "/accounts/reauthenticate/") == (response.status_code, where(response))


@commits
def test_another_factor_takes_the_password_once_more_some_time_later(client: Client) -> None:
    make("ada")
    sign_in(client, "ada")
    set_up_app(client)

    later = time.time() + 301
    with mock.patch("tocsin.web.accounts.factors.time.time", return_value=later):
        response = client.get("/accounts/2fa/webauthn/add/")

    assert "/accounts/reauthenticate/" == where(response)


@inside_a_transaction
def test_the_password_alone_is_not_enough_where_a_factor_was_set_up(client: Client) -> None:
    give_app(make("ada"))

    assert "/accounts/2fa/authenticate/" == where(sign_in(client, "ada"))
    assert not is_inside(client)
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert not is_inside(client)
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    assert is_inside(client)


@inside_a_transaction
def test_a_code_counts_once(client: Client) -> None:
    give_app(make("ada"))
    shown = code()
    sign_in(client, "ada")
    client.post("/accounts/2fa/authenticate/", {"code": shown})
    assert is_inside(client)

    other = Client()
    sign_in(other, "ada")
    other.post("/accounts/2fa/authenticate/", {"code": shown})
    assert not is_inside(other)


@inside_a_transaction
@pytest.mark.parametrize("written", ["{}", " {} ", "{}\u200b", "-{}"], ids=ascii)
def test_a_code_counts_once_for_as_long_as_it_would_be_taken(
    client: Client, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    """Of a phone that is half a minute ahead, or seen over a shoulder and used late."""
    give_app(make("ada"))
    shown = code(later=1)
    sign_in(client, "ada")
    client.post("/accounts/2fa/authenticate/", {"code": shown})
    assert is_inside(client)

    now = time.time
    for later_s in (31, 45):
        monkeypatch.setattr(time, "time", lambda later_s=later_s: now() + later_s)
        other = Client()
        sign_in(other, "ada")
        other.post("/accounts/2fa/authenticate/", {"code": written.format(shown)})
        assert not is_inside(other)


@inside_a_transaction
def test_codes_cannot_be_tried_one_after_the_other(client: Client) -> None:
    give_app(make("ada"))
    sign_in(client, "ada")
    for number in range(5):
        client.post("/accounts/2fa/authenticate/", {"code": f"{number:06}"})

    client.post("/accounts/2fa/authenticate/", {"code": code()})
    assert not is_inside(client)


@commits
def test_a_session_from_before_the_factor_does_not_become_a_full_one(client: Client) -> None:
    """Somebody who stole the password waits, signed in, until its person sets up the app."""
    user = make("ada")
    thief = Client()
    sign_in(thief, "ada")
    sign_in(client, "ada")
    set_up_app(client)
    assert is_inside(client)

    assert "/accounts/login/" == where(thief.get("/people/me/"))  # that session has ended

    third = Client()
    third.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "/accounts/2fa/reauthenticate/" == where(third.get("/people/me/"))


@inside_a_transaction
@pytest.mark.parametrize(
    "path",
    [
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/totp/deactivate/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/reauthenticate/",
        "/accounts/password/change/",
        "/accounts/2fa/recovery-codes/generate/",
    ],
)
def test_a_session_that_did_not_prove_the_factor_can_neither_add_nor_remove_one(
    client: Client, path: str
) -> None:
    user = make("ada")
    give_app(user)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")

    for ask in (client.get, client.post):
        response = ask(path, {"password": PASSWORD})
        assert "/accounts/2fa/reauthenticate/" == where(response), path
    assert 1 == Authenticator.objects.filter(user=user).count()


@inside_a_transaction
def test_such_a_session_proves_it_and_goes_on_to_the_page_it_wanted(client: Client) -> None:
    user = make("ada")
    give_app(user)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    asked = client.get("/people/me/")

    done = client.post("/accounts/2fa/reauthenticate/", {"code": code(), "next": "/people/me/"})

    assert "/accounts/2fa/reauthenticate/?next=%2Fpeople%2Fme%2F" == asked["Location"]
    assert "/people/me/" == done["Location"]
    assert is_inside(client)


@inside_a_transaction
def test_a_recovery_code_opens_the_desk_once(client: Client) -> None:
    user = make("ada")
    give_app(user)
    spare = RecoveryCodes.activate(user).get_unused_codes()[0]

    for expected in (True, False):
        fresh = Client()
        sign_in(fresh, "ada")
        fresh.post("/accounts/2fa/authenticate/", {"code": spare})
        assert expected == is_inside(fresh)


@inside_a_transaction
def test_a_factor_that_is_removed_closes_the_desk_again(client: Client) -> None:
    user = make("ada")
    give_app(user)
    sign_in(client, "ada")
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": "/people/me/"})

    client.post("/accounts/2fa/totp/deactivate/")

    assert not Authenticator.objects.filter(user=user).exists()
    assert "/accounts/2fa/" == where(client.get("/people/me/"))
    assert Decision.objects.filter(action="person.second_factor_removed").exists()


@inside_a_transaction
def test_removing_a_factor_takes_the_password_once_more(client: Client) -> None:
    user = make("ada")
    give_app(user)
    sign_in(client, "ada")
    client.post("/accounts/2fa/authenticate/", {"code": code()})

    response = client.post("/accounts/2fa/totp/deactivate/")

    assert "/accounts/reauthenticate/" == where(response)
    assert Authenticator.objects.filter(user=user).exists()


@inside_a_transaction
def test_the_secret_of_an_app_is_not_readable_in_the_database() -> None:
    user = make("ada")
    give_app(user)
    assert SECRET not in str(Authenticator.objects.get(user=user).data)
