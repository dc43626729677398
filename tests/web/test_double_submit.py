"""The same form sent several times at once: one takes effect, and none fails.

Threads need a database for several at a time, so this is for PostgreSQL; SQLite has one writer.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.web.addresses import THINGS
from tests.web.test_roles import BACKEND
from tocsin.web.accounts.links import path_of
from tocsin.web.accounts.models import Membership, User
from tocsin.web.audit.models import Decision
from tocsin.web.audit.queries import verify
from tocsin.web.campaigns.models import Campaign
from tocsin.web.cases.models import Case
from tocsin.web.lists.models import SavedView
from tocsin.web.organisations.models import Claim, Constituency, Contact, Organisation

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.postgresql, pytest.mark.usefixtures("commits")]
_AT_ONCE, _ROUNDS = 4, 4


@pytest.fixture
def desk(campaign: Campaign) -> User:
    return User.objects.create(username="the-desk", is_administrator=True)


def at_once(user: User | None, path: str, data: dict[str, object]) -> list[int]:
    """What several clients get that send the same form in the same moment."""
    clients = [Client(raise_request_exception=False) for _ in range(_AT_ONCE)]
    if user is not None:
        for client in clients:
            client.force_login(user, backend=BACKEND)
    together = Barrier(_AT_ONCE)

    def send(client: Client) -> int:
        try:
            together.wait(timeout=20)
            return client.post(path, data).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(send, clients))


def _view(campaign: Campaign, name: str) -> tuple[str, dict[str, object]]:
    path = reverse("lists:create", args=[campaign.slug])
    return path, {"listing": "assets", "query": "colour=red", "name": name, "shared": "on"}


def _organisation(campaign: Campaign, name: str) -> tuple[str, dict[str, object]]:
    return reverse("organisations:new", args=[campaign.slug]), {"name": name}


def _constituency(_campaign: Campaign, name: str) -> tuple[str, dict[str, object]]:
    return reverse("constituencies:new"), {"name": name, "slug": name}


def _person(_campaign: Campaign, name: str) -> tuple[str, dict[str, object]]:
    return reverse("people:new"), {"username": name}


def _member(campaign: Campaign, name: str) -> tuple[str, dict[str, object]]:
    User.objects.create(username=name)
    return reverse("campaigns:members", args=[campaign.slug]), {"username": name, "role": "viewer"}


def _campaign(campaign: Campaign, name: str) -> tuple[str, dict[str, object]]:
    return reverse("campaigns:new"), {
        "pack": "proxylogon",
        "name": name,
        "constituency": campaign.constituency_id,
        "tlp": "amber",
        "cves": ["CVE-2021-26855"],
        "vulnerable_holds_days": 30,
        "absent_after": 2,
    }


def _contact(campaign: Campaign, name: str) -> tuple[str, dict[str, object]]:
    pk = THINGS["organisations", "pk"](campaign)
    path = reverse("organisations:add-contact", args=[campaign.slug, pk])
    return path, {"kind": "email", "value": f"{name}@works.example"}


def _claim(campaign: Campaign, name: str) -> tuple[str, dict[str, object]]:
    pk = THINGS["organisations", "pk"](campaign)
    path = reverse("organisations:claim", args=[campaign.slug, pk])
    return path, {"kind": "domain", "value": f"{name}.example"}


def _case(campaign: Campaign, name: str) -> tuple[str, dict[str, object]]:
    Case.objects.filter(campaign=campaign).update(state="resolved", closed_at="2021-03-03T00:00Z")
    path = reverse("cases:open", args=[campaign.slug, THINGS["assets", "pk"](campaign)])
    return path, {"kind": "disputed", "because": name}


@pytest.mark.parametrize(
    ("make", "count", "most"),
    [
        (_view, lambda name: SavedView.objects.filter(name=name).count(), 1),
        (_organisation, lambda name: Organisation.objects.filter(name=name).count(), 1),
        (_constituency, lambda name: Constituency.objects.filter(slug=name).count(), 1),
        (_person, lambda name: User.objects.filter(username=name).count(), 1),
        (_member, lambda name: Membership.objects.filter(user__username=name).count(), 1),
        # Two campaigns of one name are no mistake; they differ in their addresses.
        (_campaign, lambda name: Campaign.objects.filter(name=name).count(), _AT_ONCE),
        (_contact, lambda name: Contact.objects.filter(value__startswith=name).count(), 1),
        (_claim, lambda name: Claim.objects.filter(value=f"{name}.example").count(), 1),
        (_case, lambda _name: Case.objects.filter(closed_at=None).count(), 1),
    ],
    ids=lambda one: getattr(one, "__name__", "").strip("_") or str(one),
)
def test_a_form_sent_several_times_at_once_counts_once(
    make: Callable[[Campaign, str], tuple[str, dict[str, object]]],
    count: Callable[[str], int],
    most: int,
    campaign: Campaign,
    desk: User,
) -> None:
    for number in range(_ROUNDS):
        name = f"name-{number}"
        answers = at_once(desk, *make(campaign, name))
        assert max(answers) < 500
        assert min(answers) < 400
        assert 1 <= count(name) <= most
    assert verify() is None


def test_two_closed_cases_of_one_host_are_not_both_opened_again(
    campaign: Campaign, desk: User
) -> None:
    for number in range(1, 5):
        Case.objects.create(
            campaign=campaign,
            number=number,
            host="192.0.2.1",
            kind="disputed",
            state="resolved",
            closed_at="2021-03-03T00:00Z",
        )
    clients = {number: Client() for number in range(1, 5)}
    for client in clients.values():
        client.force_login(desk, backend=BACKEND)
    together = Barrier(len(clients))

    def reopen(number: int) -> int:
        path = reverse("cases:move", args=[campaign.slug, number])
        try:
            together.wait(timeout=20)
            return clients[number].post(path, {"state": "open", "why": "again"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(clients)) as pool:
        assert {302} == set(pool.map(reopen, clients))
    assert 1 == Case.objects.exclude(state="resolved").count()


def test_a_one_time_link_that_two_use_at_once_sets_one_password(campaign: Campaign) -> None:
    user = User.objects.create(username="ada")
    user.set_unusable_password()
    user.save()
    link = path_of(user)
    clients = [Client() for _ in range(_AT_ONCE)]
    forms = [client.get(link, follow=True).request["PATH_INFO"] for client in clients]
    together = Barrier(_AT_ONCE)

    def use(number: int) -> None:
        password = f"a long pass phrase of number {number}"
        try:
            together.wait(timeout=20)
            clients[number].post(forms[number], {"password1": password, "password2": password})
        finally:
            connection.close()

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(use, range(_AT_ONCE)))
    assert 1 == Decision.objects.filter(action="person.password_set_by_link").count()


def test_people_who_change_different_things_do_not_wait_for_each_other_in_a_circle(
    campaign: Campaign, desk: User
) -> None:
    """Whoever locks a campaign waits for the chain; whoever has the chain names the campaign."""
    Case.objects.create(campaign=campaign, number=1, host="192.0.2.9", kind="disputed")
    asset = THINGS["assets", "pk"](campaign)
    organisation = THINGS["organisations", "pk"](campaign)

    def forms(number: int) -> list[tuple[str, dict[str, object]]]:
        fields: dict[str, object] = {
            "country": "",
            "region": "",
            "language": "",
            "sector": f"Sector {number}",
        }
        return [
            (reverse("cases:note", args=[campaign.slug, 1]), {"text": str(number)}),
            (
                reverse("cases:open", args=[campaign.slug, asset]),
                {"kind": "compromised", "because": str(number)},
            ),
            (reverse("organisations:correct", args=[campaign.slug, organisation]), fields),
            _contact(campaign, f"name-{number}"),
        ]

    together = Barrier(4)

    def send(place: int) -> set[int]:
        client = Client(raise_request_exception=False)
        client.force_login(desk, backend=BACKEND)
        try:
            together.wait(timeout=20)
            return {client.post(*forms(number)[place]).status_code for number in range(12)}
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert [{302}] * 4 == list(pool.map(send, range(4)))
    assert verify() is None
