"""The list of campaigns, new ones, settings and members: what they show, do and refuse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tocsin.knowledge.packs import all_packs
from tocsin.web.accounts.models import Membership, Role, User
from tocsin.web.audit.models import Decision
from tocsin.web.campaigns.models import Campaign
from tocsin.web.work.models import Job

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from tocsin.web.organisations.models import Constituency

pytestmark = pytest.mark.django_db

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SETTINGS = {
    "name": "ProxyLogon",
    "tlp": "amber",
    "cves": ["CVE-2021-26855", "CVE-2021-26857", "CVE-2021-26858", "CVE-2021-27065"],
    "vulnerable_holds_days": 7,
    "absent_after": 2,
}


@pytest.fixture
def chief(client: Client, db: None) -> Client:
    """An administrator of the desk."""
    client.force_login(
        User.objects.create(username="chief", is_administrator=True), backend=BACKEND
    )
    return client


def text(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined, no-any-return]  # a test client's


def actions() -> list[str]:
    return list(Decision.objects.order_by("number").values_list("action", flat=True))


def test_the_list_shows_only_campaigns_in_which_one_has_a_role(
    signed_in: Callable[[Role], Client], campaign: Campaign
) -> None:
    Campaign.objects.create(
        slug="other", name="Secret other", pack="proxyshell", constituency=campaign.constituency
    )

    page = text(signed_in(Role.VIEWER).get("/"))

    assert "/c/proxylogon/" in page
    assert "Secret other" not in page
    assert "not assessed yet" in page
    assert "New campaign" not in page


def test_somebody_without_a_role_is_told_what_to_do(client: Client, campaign: Campaign) -> None:
    client.force_login(User.objects.create(username="newcomer"), backend=BACKEND)

    page = text(client.get("/"))

    assert "You have no role in any campaign yet" in page
    assert "<strong>newcomer</strong>" in page


def test_an_administrator_is_led_to_the_first_campaign(chief: Client) -> None:
    assert "Open the first campaign" in text(chief.get("/"))


def test_the_list_shows_what_the_last_assessment_counted(
    signed_in: Callable[[Role], Client], campaign: Campaign
) -> None:
    campaign.totals = {
        "hosts": 7777,
        "together": {"red": 1111, "yellow": 2222, "green": 4333, "vanished": 111},
    }
    campaign.save()

    page = text(signed_in(Role.VIEWER).get("/"))

    for number in ("7,777", "1,111", "2,222", "4,333", "111"):
        assert f">{number}</td>" in page


def test_the_list_takes_as_many_queries_for_many_campaigns_as_for_one(
    signed_in: Callable[[Role], Client],
    campaign: Campaign,
    person: Callable[[Role], User],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(20):
        more = Campaign.objects.create(
            slug=f"c{number}", name=f"C {number}", pack="x", constituency=campaign.constituency
        )
        Membership.objects.create(user=person(Role.VIEWER), campaign=more, role=Role.ANALYST)
    client = signed_in(Role.VIEWER)

    with django_assert_max_num_queries(6):
        page = text(client.get("/"))

    assert page.count("/c/c") == 20


def test_packs_without_a_cve_cannot_be_chosen(chief: Client) -> None:
    page = text(chief.get("/campaigns/new/"))

    for pack in all_packs():
        assert (f"?pack={pack.about.slug}" in page) is bool(pack.about.cves)
    assert chief.get("/campaigns/new/?pack=web-shells").status_code == 404
    assert chief.get("/campaigns/new/?pack=no-such-pack").status_code == 404


def test_a_new_campaign_gets_its_packs_cves_and_an_address_of_its_own(
    chief: Client, constituency: Constituency
) -> None:
    page = text(chief.get("/campaigns/new/?pack=proxylogon"))
    assert page.count('name="cves"') == 4

    for slug in ("proxylogon-2026", "proxylogon-2026-2"):
        response = chief.post(
            "/campaigns/new/",
            {
                **SETTINGS,
                "pack": "proxylogon",
                "name": "ProxyLogon 2026",
                "constituency": constituency.pk,
                "cves": ["CVE-2021-26855"],
            },
        )
        assert response.status_code == 302
        assert response["Location"] == f"/c/{slug}/"
    made = Campaign.objects.get(slug="proxylogon-2026")
    assert (made.pack, made.cves, made.tlp) == ("proxylogon", ["CVE-2021-26855"], "amber")
    assert actions() == ["campaign.opened", "campaign.opened"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("cves", [], "Choose at least one CVE."),
        ("cves", ["CVE-1999-0001"], "is not one of the available choices"),
        ("vulnerable_holds_days", 0, "greater than or equal to 1"),
        ("absent_after", 101, "less than or equal to 100"),
        ("name", "", "This field is required"),
        ("constituency", 999_999, "not one of the available choices"),
    ],
)
def test_a_new_campaign_with_mistakes_is_refused_and_says_why(
    chief: Client, constituency: Constituency, field: str, value: object, said: str
) -> None:
    data = {**SETTINGS, "pack": "proxylogon", "constituency": constituency.pk, field: value}

    page = text(chief.post("/campaigns/new/", data))

    assert said in page
    assert not Campaign.objects.exists()


def test_without_a_constituency_one_is_told_to_add_one(chief: Client) -> None:
    assert "There is no constituency yet" in text(chief.get("/campaigns/new/?pack=proxylogon"))


def test_a_change_of_the_rules_queues_one_assessment(
    signed_in: Callable[[Role], Client], campaign: Campaign
) -> None:
    client = signed_in(Role.ADMINISTRATOR)
    address = "/c/proxylogon/settings/"

    client.post(address, {**SETTINGS, "absent_after": 3})
    client.post(address, {**SETTINGS, "absent_after": 4})

    campaign.refresh_from_db()
    assert campaign.absent_after == 4
    [job] = Job.objects.all()
    assert (job.kind, job.subject) == ("assessing.assess", campaign.pk)
    last = Decision.objects.first()
    assert last is not None
    assert json.loads(last.detail) == {"before": {"absent_after": 3}, "after": {"absent_after": 4}}


def test_a_new_name_assesses_nothing(
    signed_in: Callable[[Role], Client], campaign: Campaign
) -> None:
    client = signed_in(Role.ADMINISTRATOR)

    client.post("/c/proxylogon/settings/", {**SETTINGS, "name": "Renamed", "tlp": "red"})

    campaign.refresh_from_db()
    assert (campaign.name, campaign.tlp, campaign.slug) == ("Renamed", "red", "proxylogon")
    assert not Job.objects.exists()


def test_saving_without_a_change_is_no_decision(
    signed_in: Callable[[Role], Client], campaign: Campaign
) -> None:
    signed_in(Role.ADMINISTRATOR).post("/c/proxylogon/settings/", SETTINGS)

    assert actions() == []
    assert not Job.objects.exists()


def test_cves_that_the_pack_no_longer_names_stay_to_be_chosen(
    signed_in: Callable[[Role], Client], campaign: Campaign
) -> None:
    campaign.cves = ["CVE-2020-0688"]
    campaign.save()

    page = text(signed_in(Role.ADMINISTRATOR).get("/c/proxylogon/settings/"))

    assert page.count('name="cves"') == 5


def test_a_campaign_is_closed_and_opened_again(
    signed_in: Callable[[Role], Client], campaign: Campaign
) -> None:
    client = signed_in(Role.ADMINISTRATOR)

    client.post("/c/proxylogon/settings/close/")
    client.post("/c/proxylogon/settings/close/")
    closed = Campaign.objects.filter(closed_at__isnull=False)
    assert closed.count() == 1
    client.post("/c/proxylogon/settings/close/", {"open": "yes"})

    assert closed.count() == 0
    assert actions() == ["campaign.closed", "campaign.reopened"]


def test_people_get_change_and_lose_roles(
    signed_in: Callable[[Role], Client], campaign: Campaign
) -> None:
    client = signed_in(Role.ADMINISTRATOR)
    user = User.objects.create(username="amira")
    address = "/c/proxylogon/members/"

    client.post(address, {"username": "amira", "role": "analyst"})
    held = Membership.objects.get(user=user)
    assert held.role == Role.ANALYST
    client.post(f"{address}{held.pk}/", {"role": "approver"})
    held.refresh_from_db()
    assert held.role == Role.APPROVER
    client.post(f"{address}{held.pk}/", {"role": "king"})
    held.refresh_from_db()
    assert held.role == Role.APPROVER
    client.post(f"{address}{held.pk}/", {"remove": "yes"})

    assert not Membership.objects.filter(user=user).exists()
    assert actions() == ["member.role_given", "member.role_given", "member.removed"]


@pytest.mark.parametrize("name", ["nobody", "left"])
def test_only_people_who_may_sign_in_get_a_role(
    signed_in: Callable[[Role], Client], campaign: Campaign, name: str
) -> None:
    User.objects.create(username="left", is_active=False)
    client = signed_in(Role.ADMINISTRATOR)

    page = text(client.post("/c/proxylogon/members/", {"username": name, "role": "viewer"}))

    assert "Nobody of this name may sign in" in page
    assert Membership.objects.count() == 1


def test_a_member_of_another_campaign_is_not_found(
    signed_in: Callable[[Role], Client], campaign: Campaign
) -> None:
    other = Campaign.objects.create(
        slug="other", name="Other", pack="x", constituency=campaign.constituency
    )
    user = User.objects.create(username="amira")
    held = Membership.objects.create(user=user, campaign=other, role=Role.VIEWER)

    response = signed_in(Role.ADMINISTRATOR).post(
        f"/c/proxylogon/members/{held.pk}/", {"remove": "yes"}
    )

    assert response.status_code == 404
    assert Membership.objects.filter(pk=held.pk).exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST, Role.APPROVER])
@pytest.mark.parametrize("path", ["settings/", "members/"])
def test_settings_and_members_are_for_administrators(
    signed_in: Callable[[Role], Client], role: Role, path: str
) -> None:
    client = signed_in(role)

    assert client.get(f"/c/proxylogon/{path}").status_code == 403
    assert client.post(f"/c/proxylogon/{path}", SETTINGS).status_code == 403


@pytest.mark.parametrize("role", list(Role))
def test_new_campaigns_are_for_administrators_of_the_desk(
    signed_in: Callable[[Role], Client], role: Role
) -> None:
    assert signed_in(role).get("/campaigns/new/").status_code == 403
