"""One-time links: by them, and only by them, a person gets a password."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from allauth.account.forms import default_token_generator
from django.test import Client
from django.utils import timezone

from tests.web.accounts.signing_in import PASSWORD, give_app, is_inside, make, sign_in, where
from tocsin.errors import UsageError
from tocsin.web.accounts.services import create_person, new_link, set_active
from tocsin.web.audit.models import Decision

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = pytest.mark.django_db

NEW = "a pass phrase of one's own"


def follow(client: Client, path: str, password: str = NEW) -> Response:
    """Open the link, and set a password on the page behind it."""
    opened = client.get(path)
    target = opened["Location"] if opened.status_code == 302 else path
    return client.post(target, {"password1": password, "password2": password})


def test_a_new_person_sets_a_password_by_the_link_and_is_signed_in(client: Client) -> None:
    user, path = create_person("ada", by=None)
    assert not user.has_usable_password()

    done = follow(client, path)

    assert "/" == where(done)
    assert is_inside(client)
    again = Client()
    sign_in(again, "ada", NEW)
    assert is_inside(again)
    assert {"person.created", "person.link_made", "person.password_set_by_link"} <= set(
        Decision.objects.values_list("action", flat=True)
    )


def test_the_key_leaves_the_address_at_once(client: Client) -> None:
    _user, path = create_person("ada", by=None)
    opened = client.get(path)
    assert opened["Location"].endswith("-set-password/")
    assert "no-store" in client.get(opened["Location"])["Cache-Control"]


def test_a_link_counts_once(client: Client) -> None:
    _user, path = create_person("ada", by=None)
    follow(client, path)

    again = Client()
    assert "of no use" in again.get(path).content.decode()
    follow(again, path, "a pass phrase of a thief")
    assert not sign_in(again, "ada", "a pass phrase of a thief").has_header("Location")


def test_a_link_ends_after_a_day(client: Client) -> None:
    _user, path = create_person("ada", by=None)
    soon = timezone.now().replace(tzinfo=None) + timedelta(hours=23)
    late = soon + timedelta(hours=2)
    with mock.patch.object(type(default_token_generator), "_now", return_value=soon):
        assert 302 == client.get(path).status_code
    with mock.patch.object(type(default_token_generator), "_now", return_value=late):
        assert "of no use" in Client().get(path).content.decode()


def test_a_newer_link_ends_the_older_one_the_password_and_the_sessions(client: Client) -> None:
    user = make("ada")
    sign_in(client, "ada")
    older = new_link(user, by=None)

    assert not is_inside(client)
    assert not sign_in(Client(), "ada").has_header("Location")
    newer = new_link(user, by=None)
    assert "of no use" in Client().get(older).content.decode()
    assert 302 == Client().get(newer).status_code


def test_a_link_of_somebody_who_was_deactivated_is_of_no_use(client: Client) -> None:
    make("boss", is_administrator=True)
    user, path = create_person("ada", by=None)
    set_active(user, to=False, by=None)

    assert "of no use" in client.get(path).content.decode()
    with pytest.raises(UsageError, match="not active"):
        new_link(user, by=None)


@pytest.mark.usefixtures("factor_needed")
def test_a_link_does_not_stand_for_the_second_factor(client: Client) -> None:
    user = make("ada")
    give_app(user)
    follow(client, new_link(user, by=None))

    assert "/accounts/2fa/authenticate/" == where(sign_in(client, "ada", NEW))
    assert not is_inside(client)


def test_a_link_that_was_changed_is_of_no_use(client: Client) -> None:
    create_person("bob", by=None)
    _user, path = create_person("ada", by=None)
    for wrong in (
        re.sub(r"link/\w+-", "link/1-", path),
        path[:-2] + ("0/" if path[-2] != "0" else "1/"),
        "/accounts/password/link/1-set-password/",
    ):
        if wrong != path:
            assert "of no use" in Client().get(wrong).content.decode()


def test_a_link_takes_no_weak_password(client: Client) -> None:
    _user, path = create_person("ada", by=None)
    assert "12 characters" in follow(client, path, "short").content.decode()


def test_the_password_of_the_tests_is_long_enough() -> None:
    assert len(PASSWORD) >= 12
