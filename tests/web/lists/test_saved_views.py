from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tocsin.web.accounts.models import Role, User
from tocsin.web.audit.models import Decision
from tocsin.web.campaigns.models import Campaign
from tocsin.web.lists.kept import kept
from tocsin.web.lists.models import SavedView

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    SignedIn = Callable[[Role], Client]
    Person = Callable[[Role], User]

HERE = "/c/proxylogon/views/"


@pytest.fixture
def view(campaign: Campaign, person: Person) -> SavedView:
    """One that an analyst keeps to themselves."""
    return SavedView.objects.create(
        user=person(Role.ANALYST),
        campaign=campaign,
        listing="organisations",
        name="Hospitals",
        query="sector=health",
    )


@pytest.fixture
def shared(view: SavedView) -> SavedView:
    view.shared = True
    view.save()
    return view


def new(client: Client, **more: str) -> HttpResponse:
    about = {"listing": "organisations", "query": "sector=health&page=3", "name": "Hospitals"}
    return client.post(f"{HERE}new/", {**about, **more})  # type: ignore[return-value]  # of the test client


def actions() -> list[str]:
    return list(Decision.objects.order_by("number").values_list("action", flat=True))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "?sort=name&page=4&format=csv&q=&sector=water&sector=health",
            "sector=water&sector=health&sort=name",
        ),
        ("", ""),
        ("page=2", ""),
        ("q=%00", ""),
    ],
)
def test_a_view_keeps_what_is_not_of_the_moment(query: str, expected: str) -> None:
    assert expected == kept(query)


def test_equal_filters_are_equal_views_whatever_their_order() -> None:
    assert kept("a=1&b=2") == kept("b=2&a=1&page=9")


def test_an_analyst_saves_a_view_and_comes_back_to_the_list(
    signed_in: SignedIn, campaign: Campaign
) -> None:
    response = new(signed_in(Role.ANALYST))
    assert "/c/proxylogon/organisations/?sector=health" == response.headers["Location"]
    view = SavedView.objects.get()
    assert ("Hospitals", "sector=health", False) == (view.name, view.query, view.shared)
    assert [] == actions()


def test_a_viewer_keeps_views_of_their_own_but_shares_none(signed_in: SignedIn) -> None:
    client = signed_in(Role.VIEWER)
    assert 302 == new(client).status_code
    assert 403 == new(client, name="For all", shared="on").status_code
    assert 1 == SavedView.objects.count()


def test_sharing_a_view_is_a_decision(signed_in: SignedIn) -> None:
    new(signed_in(Role.ANALYST), shared="on")
    decision = Decision.objects.get()
    assert ("view.shared", "view Hospitals") == (decision.action, decision.subject)
    assert '"query":"sector=health"' in decision.detail


def test_a_name_that_is_taken_is_said_beside_the_field(
    signed_in: SignedIn, view: SavedView
) -> None:
    response = new(signed_in(Role.ANALYST))
    assert 400 == response.status_code
    page = response.content.decode()
    assert "There is a view of this name already." in page
    assert 'value="sector=health"' in page
    assert 1 == SavedView.objects.count()


@pytest.mark.parametrize("listing", ["", "nowhere", "../x", "admin", "x" * 99])
def test_a_view_of_no_list_is_refused(signed_in: SignedIn, listing: str) -> None:
    assert 400 == new(signed_in(Role.ANALYST), listing=listing).status_code


def test_a_view_is_renamed_and_shared_by_its_owner(signed_in: SignedIn, view: SavedView) -> None:
    client = signed_in(Role.ANALYST)
    assert "Hospitals" in client.get(f"{HERE}{view.pk}/change/").content.decode()
    client.post(f"{HERE}{view.pk}/change/", {"name": "Clinics", "shared": "on"})
    client.post(f"{HERE}{view.pk}/change/", {"name": "Clinics", "shared": "on"})
    client.post(f"{HERE}{view.pk}/change/", {"name": "Wards", "shared": "on"})
    client.post(f"{HERE}{view.pk}/change/", {"name": "Wards"})
    client.post(f"{HERE}{view.pk}/change/", {"name": "My wards"})
    view.refresh_from_db()
    assert ("My wards", False) == (view.name, view.shared)
    assert ["view.shared", "view.renamed", "view.unshared"] == actions()


def test_a_view_is_deleted_by_its_owner_and_a_shared_one_is_told_of(
    signed_in: SignedIn, shared: SavedView
) -> None:
    response = signed_in(Role.ANALYST).post(f"{HERE}{shared.pk}/delete/", follow=True)
    assert "The view Hospitals is deleted." in response.content.decode()
    assert not SavedView.objects.exists()
    assert ["view.deleted"] == actions()


def test_others_open_a_shared_view_and_change_it_only_as_administrators(
    signed_in: SignedIn, shared: SavedView
) -> None:
    client = signed_in(Role.APPROVER)
    assert "sector=health" in client.get(f"{HERE}{shared.pk}/").headers["Location"]
    assert "Hospitals" in client.get(HERE).content.decode()
    assert 403 == client.get(f"{HERE}{shared.pk}/change/").status_code
    assert 403 == client.post(f"{HERE}{shared.pk}/delete/").status_code
    client = signed_in(Role.ADMINISTRATOR)
    assert 200 == client.get(f"{HERE}{shared.pk}/change/").status_code
    assert 302 == client.post(f"{HERE}{shared.pk}/delete/").status_code


def test_the_views_of_others_do_not_exist(signed_in: SignedIn, view: SavedView) -> None:
    client = signed_in(Role.ADMINISTRATOR)
    assert 404 == client.get(f"{HERE}{view.pk}/").status_code
    assert 404 == client.get(f"{HERE}{view.pk}/change/").status_code
    assert 404 == client.post(f"{HERE}{view.pk}/delete/").status_code
    assert "Hospitals" not in client.get(HERE).content.decode()


def test_the_views_of_another_campaign_do_not_exist_here(
    signed_in: SignedIn, shared: SavedView, campaign: Campaign
) -> None:
    client = signed_in(Role.ANALYST)
    other = Campaign.objects.create(
        slug="other", name="Other", pack="proxylogon", constituency=campaign.constituency
    )
    SavedView.objects.update(campaign=other)
    assert 404 == client.get(f"{HERE}{shared.pk}/").status_code


def test_making_and_deleting_are_never_a_link(signed_in: SignedIn, view: SavedView) -> None:
    client = signed_in(Role.ANALYST)
    assert 405 == client.get(f"{HERE}new/").status_code
    assert 405 == client.get(f"{HERE}{view.pk}/delete/").status_code


def test_the_page_of_views_asks_few_queries(
    signed_in: SignedIn,
    campaign: Campaign,
    person: Person,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    SavedView.objects.bulk_create(
        SavedView(
            user=person(role), campaign=campaign, listing="organisations", name=str(n), shared=True
        )
        for n in range(20)
        for role in (Role.ANALYST, Role.APPROVER)
    )
    client = signed_in(Role.ANALYST)
    # Session, person, campaign, role, views.
    with django_assert_max_num_queries(6):
        page = client.get(HERE).content.decode()
    assert 20 == page.count("/change/")


def test_a_list_shows_its_views_and_which_of_them_it_is(
    asked: Callable[..., HttpResponse], shared: SavedView, organisations: object
) -> None:
    page = asked("sector=health&page=1").content.decode()
    assert "This is the view <strong>Hospitals</strong>" in page
    assert '<a href="/organisations/?sector=health">Hospitals</a>' in page
    page = asked("sector=water").content.decode()
    assert "Save this view" in page
    assert '<input type="hidden" name="query" value="sector=water">' in page
    assert "Save this view" not in asked().content.decode()
