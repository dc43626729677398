from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from allauth.mfa.models import Authenticator

from tests.web.accounts.signing_in import give_app, is_inside, make, sign_in
from tocsin.errors import UsageError
from tocsin.web.accounts.models import Membership, Role, User
from tocsin.web.accounts.permissions import role_in
from tocsin.web.accounts.services import create_person, set_active, set_administrator
from tocsin.web.audit.models import Decision

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from tocsin.web.campaigns.models import Campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client: Client) -> User:
    user = make("boss", is_administrator=True)
    sign_in(client, "boss")
    return user


def actions() -> list[str]:
    return list(
        Decision.objects.exclude(action="person.signed_in")
        .order_by("number")
        .values_list("action", flat=True)
    )


def test_everybody_is_listed_with_roles_and_second_factors(
    client: Client, boss: User, campaign: Campaign
) -> None:
    ada = make("ada")
    give_app(ada)
    Membership.objects.create(user=ada, campaign=campaign, role=Role.APPROVER)
    create_person("new", by=None)
    make("gone", is_active=False)

    page = client.get("/people/").content.decode()

    for text in (
        "Approver in ProxyLogon",
        "authenticator app",
        "No password yet",
        "May not sign in",
    ):
        assert text in page


def test_people_are_found_by_name_and_state(client: Client, boss: User) -> None:
    make("ada")
    make("gone", is_active=False)
    assert ">ada<" in client.get("/people/?q=ad").content.decode()
    assert ">gone<" not in client.get("/people/?q=ad").content.decode()
    assert ">ada<" not in client.get("/people/?state=inactive").content.decode()
    assert "Nobody matches" in client.get("/people/?q=zz").content.decode()


def test_the_list_asks_as_often_for_many_people_as_for_few(
    client: Client,
    boss: User,
    campaign: Campaign,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(20):
        user = make(f"p{number}")
        Membership.objects.create(user=user, campaign=campaign, role=Role.VIEWER)
    with django_assert_max_num_queries(8):
        client.get("/people/")


def test_an_administrator_makes_an_account_and_sees_its_link_once(
    client: Client, boss: User
) -> None:
    page = client.post("/people/new/", {"username": "ada", "first_name": "Ada"}).content.decode()

    assert "http://testserver/accounts/password/link/" in page
    ada = User.objects.get(username="ada")
    assert not ada.has_usable_password()
    assert not ada.is_administrator
    assert "/password/link/" not in client.get(f"/people/{ada.pk}/").content.decode()
    assert ["person.created", "person.link_made"] == actions()
    assert boss == Decision.objects.get(action="person.created").actor


def test_a_name_that_differs_in_case_alone_is_refused(client: Client, boss: User) -> None:
    make("ada")
    response = client.post("/people/new/", {"username": "ADA"})
    assert 422 == response.status_code
    assert "already" in response.content.decode()


def test_a_role_is_given_changed_and_taken(client: Client, boss: User, campaign: Campaign) -> None:
    ada = make("ada")
    for wanted, expected in (("viewer", Role.VIEWER), ("approver", Role.APPROVER), ("", None)):
        client.post(f"/people/{ada.pk}/role/", {"campaign": campaign.pk, "role": wanted})
        assert expected == role_in(ada, campaign)

    assert ["person.role_given", "person.role_given", "person.role_taken"] == actions()
    assert campaign == Decision.objects.get(action="person.role_taken").campaign


def test_a_role_that_does_not_exist_is_refused(
    client: Client, boss: User, campaign: Campaign
) -> None:
    ada = make("ada")
    client.post(f"/people/{ada.pk}/role/", {"campaign": campaign.pk, "role": "emperor"})
    assert role_in(ada, campaign) is None


def test_who_is_deactivated_is_out_at_once_and_back_when_activated(
    client: Client, boss: User
) -> None:
    from django.test import Client as Another  # noqa: PLC0415 a second browser

    ada, browser = make("ada"), Another()
    sign_in(browser, "ada")

    client.post(f"/people/{ada.pk}/active/", {"to": "no"})
    assert not is_inside(browser)
    sign_in(browser, "ada")
    assert not is_inside(browser)

    client.post(f"/people/{ada.pk}/active/", {"to": "yes"})
    sign_in(browser, "ada")
    assert is_inside(browser)
    assert ["person.deactivated", "person.activated"] == actions()


def test_the_last_administrator_can_neither_resign_nor_be_deactivated(
    client: Client, boss: User
) -> None:
    for change in ("active", "administrator"):
        page = client.post(f"/people/{boss.pk}/{change}/", {"to": "no"}, follow=True)
        assert "nobody else is an administrator" in page.content.decode()
    with pytest.raises(UsageError):
        set_active(boss, to=False, by=None)
    boss.refresh_from_db()
    assert boss.is_active
    assert boss.is_administrator

    make("another", is_administrator=True)
    assert set_administrator(boss, to=False, by=None)


def test_taking_a_second_factor_away_takes_the_name_and_ends_the_sessions(
    client: Client, boss: User
) -> None:
    from django.test import Client as Another  # noqa: PLC0415 a second browser

    ada, browser = make("ada"), Another()
    sign_in(browser, "ada")
    give_app(ada)
    path = f"/people/{ada.pk}/second-factor/"

    assert "authenticator app" in client.get(path).content.decode()
    client.post(path, {"username": "bob"})
    assert Authenticator.objects.filter(user=ada).exists()
    client.post(path, {"username": "ada"})

    assert not Authenticator.objects.filter(user=ada).exists()
    assert not is_inside(browser)
    assert ["person.second_factor_reset"] == actions()


def test_a_new_link_is_asked_about_before_it_is_made(client: Client, boss: User) -> None:
    ada = make("ada")
    client.get(f"/people/{ada.pk}/link/")
    ada.refresh_from_db()
    assert ada.has_usable_password()

    page = client.post(f"/people/{ada.pk}/link/").content.decode()
    assert "/accounts/password/link/" in page
    ada.refresh_from_db()
    assert not ada.has_usable_password()


def test_people_change_their_own_name_and_nothing_else(client: Client) -> None:
    ada = make("ada")
    sign_in(client, "ada")

    client.post(
        "/people/me/",
        {"first_name": "Ada", "last_name": "L", "is_administrator": "on", "username": "boss"},
    )

    ada.refresh_from_db()
    assert ("Ada L (ada)", "ada", False) == (str(ada), ada.username, ada.is_administrator)
    assert ["person.renamed"] == actions()


def test_what_somebody_calls_themselves_is_never_markup(client: Client, boss: User) -> None:
    ada = make("ada")
    ada.first_name = "<script>alert(1)</script>"
    ada.save()
    for path in ("/people/", f"/people/{ada.pk}/", f"/people/{ada.pk}/link/"):
        assert "<script>alert" not in client.get(path).content.decode()


def test_an_account_may_begin_with_a_role(campaign: Campaign) -> None:
    ada, _path = create_person("ada", by=None, role=(campaign, Role.ANALYST))
    assert Role.ANALYST == role_in(ada, campaign)
    assert ["person.created", "person.role_given", "person.link_made"] == actions()
