"""Every address of the desk, asked by everybody: nobody, a stranger, and each role."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from django.test import Client

from tests.web.addresses import REFUSED_FOR_ANOTHER_REASON, Address, all_addresses
from tocsin.web.accounts.middleware import FOR_ANYBODY, TO_PROVE, TO_SET_UP
from tocsin.web.accounts.models import Role, User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.test.client import _MonkeyPatchedWSGIResponse as Response

    from tocsin.web.campaigns.models import Campaign

ADDRESSES = all_addresses()
OF_ALLAUTH = (
    FOR_ANYBODY
    | TO_SET_UP
    | TO_PROVE
    | {
        # Closed.
        "account_signup",
        "account_set_password",
        # One's own account alone.
        "account_change_password",
        "mfa_deactivate_totp",
        "mfa_download_recovery_codes",
        "mfa_edit_webauthn",
        "mfa_generate_recovery_codes",
        "mfa_list_webauthn",
        "mfa_remove_webauthn",
        "mfa_view_recovery_codes",
        "usersessions_list",
    }
)
"""Pages that are not ours; `tests/web/accounts` tests them."""

OURS = [one for one in ADDRESSES if one.name not in OF_ALLAUTH]
IN_CAMPAIGNS = [one for one in OURS if isinstance(one.needs, Role)]
OF_THE_DESK = [one for one in OURS if one.needs == "desk"]
OF_EVERYBODY = [one for one in OURS if one.needs == "signed in"]

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def each(addresses: list[Address]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("address", addresses, ids=lambda one: one.name)


def as_(user: User) -> Client:
    client = Client(raise_request_exception=True)
    client.force_login(user, backend=BACKEND)
    return client


def answers(client: Client, path: str) -> Iterator[Response]:
    """What each method gets that the view knows at all."""
    for ask in (client.get, client.post):
        response = ask(path)
        if response.status_code != 405:
            yield response


def codes(client: Client, path: str) -> set[int]:
    found = {response.status_code for response in answers(client, path)}
    assert found, f"{path} knows neither GET nor POST"
    return found


@pytest.fixture
def stranger(campaign: Campaign) -> User:
    return User.objects.create(username="stranger")


@pytest.fixture
def administrator(campaign: Campaign) -> User:
    User.objects.create(username="another-administrator", is_administrator=True)
    return User.objects.create(username="the-desk", is_administrator=True)


def test_every_view_says_who_may_open_it() -> None:
    assert [] == [one.name for one in OURS if one.needs is None]


def test_pages_of_others_are_listed_one_by_one() -> None:
    assert OF_ALLAUTH == {one.name for one in ADDRESSES} & OF_ALLAUTH


def test_views_of_a_campaign_are_below_one_and_no_others() -> None:
    below = {one.name for one in OURS if "campaign" in one.arguments}
    assert below == {one.name for one in IN_CAMPAIGNS}


@each(OURS)
def test_nobody_is_sent_to_sign_in(address: Address, campaign: Campaign, client: Client) -> None:
    for ask in (client.get, client.post):
        response = ask(address.path(campaign))
        assert 302 == response.status_code
        assert "/accounts/login/" == urlsplit(response["Location"]).path


@each(IN_CAMPAIGNS)
def test_for_a_stranger_the_campaign_does_not_exist(
    address: Address, campaign: Campaign, stranger: User
) -> None:
    assert {404} == codes(as_(stranger), address.path(campaign))


@each(IN_CAMPAIGNS)
def test_a_role_below_is_refused(
    address: Address, campaign: Campaign, person: Callable[[Role], User]
) -> None:
    path = address.path(campaign)
    assert isinstance(address.needs, Role)
    for role in Role:
        if role.rank < address.needs.rank:
            assert {403} == codes(as_(person(role)), path), role


@each(IN_CAMPAIGNS)
def test_the_role_itself_and_those_above_may_open_it(
    address: Address, campaign: Campaign, person: Callable[[Role], User]
) -> None:
    path = address.path(campaign)
    refused = {403, 404} - {REFUSED_FOR_ANOTHER_REASON.get(address.name)}
    assert isinstance(address.needs, Role)
    for role in Role:
        if role.rank >= address.needs.rank:
            response = next(answers(as_(person(role)), path))
            assert response.status_code not in refused, role
            assert response.status_code < 500


@each(OF_THE_DESK)
def test_pages_of_the_desk_are_for_its_administrators_alone(
    address: Address,
    campaign: Campaign,
    person: Callable[[Role], User],
    administrator: User,
) -> None:
    path = address.path(campaign)
    for role in Role:
        assert {403} == codes(as_(person(role)), path), role

    response = next(answers(as_(administrator), path))
    assert response.status_code not in {403, 404}
    assert response.status_code < 500


@each(OF_EVERYBODY)
def test_pages_of_everybody_open_for_whoever_signed_in(
    address: Address, campaign: Campaign, person: Callable[[Role], User]
) -> None:
    response = next(answers(as_(person(Role.ANALYST)), address.path(campaign)))
    assert response.status_code not in {403, 404}
    assert response.status_code < 500


@each(OURS)
def test_a_post_without_its_token_is_refused(
    address: Address, campaign: Campaign, administrator: User
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(administrator, backend=BACKEND)
    response = strict.post(address.path(campaign))
    # Either the token is missed, or the view knows no POST at all.
    assert response.status_code in {403, 405}
