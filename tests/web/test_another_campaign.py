"""Keys and numbers of another campaign: whoever has a role in one reaches nothing of another.

`IDS` is the table of all addresses that name a thing. A new one must be entered here, with what
it answers to the highest role of another campaign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from tests.web.addresses import THINGS, Address, all_addresses
from tests.web.test_roles import BACKEND, OF_ALLAUTH
from tocsin.web.accounts.models import Membership, Role, User
from tocsin.web.audit.services import record
from tocsin.web.campaigns.models import Campaign
from tocsin.web.cases.models import Case
from tocsin.web.imports.models import Import, Rejected
from tocsin.web.organisations import held
from tocsin.web.organisations.models import Claim, Constituency, Contact, Organisation

if TYPE_CHECKING:
    from collections.abc import Callable

HIDDEN, FORBIDDEN = {404}, {403}
IDS: dict[str, set[int]] = {
    **dict.fromkeys(
        (
            *("assets:assign", "assets:detail", "assets:owner", "assets:rows", "assets:unassign"),
            "audit:detail",
            "campaigns:member",
            *("cases:assign", "cases:detail", "cases:mark", "cases:move", "cases:note"),
            "cases:open",
            *("constituencies:confirm", "constituencies:detail", "constituencies:import"),
            *("hunts:again", "hunts:delete-evidence", "hunts:detail", "hunts:host"),
            *("hunts:redact", "hunts:redacted", "hunts:report", "hunts:result"),
            *("imports:detail", "imports:discard", "imports:dismiss", "imports:effect"),
            *("imports:go", "imports:preview", "imports:quarantine", "imports:retry"),
            "imports:undo",
            *("lists:change", "lists:delete", "lists:open"),
            *("organisations:add-contact", "organisations:claim", "organisations:contacts"),
            *("organisations:correct", "organisations:describe-contact", "organisations:detail"),
            *("organisations:follow", "organisations:replace-contact"),
            *("organisations:restore-claim", "organisations:restore-contact"),
            *("organisations:withdraw-claim", "organisations:withdraw-contact"),
            "work:job",
        ),
        HIDDEN,
    ),
    # Of the desk's administrators alone.
    **dict.fromkeys(
        (
            *("people:active", "people:administrator", "people:detail", "people:link"),
            *("people:role", "people:second_factor", "work:retry"),
        ),
        FORBIDDEN,
    ),
}
OURS = {one.name: one for one in all_addresses() if one.name not in OF_ALLAUTH}
_NO_STATE = {"audit.decision", "sessions.session", "usersessions.usersession"}
"""What reading itself may write."""


@pytest.fixture
def other(campaign: Campaign) -> Campaign:
    """Another campaign with another constituency, and something of each kind in it."""
    south = Constituency.objects.create(slug="south", name="South")
    found = Campaign.objects.create(
        slug="south-2021", name="South 2021", pack="proxylogon", constituency=south
    )
    for make in THINGS.values():
        make(found)
    return found


@pytest.fixture
def insider(campaign: Campaign, other: Campaign) -> Client:
    """Of somebody with the highest role in the first campaign, and none in the other."""
    user = User.objects.create(username="insider")
    Membership.objects.create(user=user, campaign=campaign, role=Role.ADMINISTRATOR)
    client = Client(raise_request_exception=True)
    client.force_login(user, backend=BACKEND)
    return client


def state() -> dict[str, list[Any]]:
    """All that the database holds."""
    return {
        model._meta.label_lower: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model._meta.label_lower not in _NO_STATE
    }


def test_every_address_that_names_a_thing_is_in_the_table() -> None:
    words = {"campaign", "column", "what"}  # name a page, and nothing that belongs to anybody
    named = {name for name, one in OURS.items() if set(one.arguments) - words}
    assert named == set(IDS)


@pytest.mark.parametrize("name", sorted(IDS))
def test_things_of_another_campaign_are_out_of_reach(
    name: str, campaign: Campaign, other: Campaign, insider: Client
) -> None:
    address: Address = OURS[name]
    theirs = address.path(other)
    before = state()
    # In the other campaign itself, and its thing as if it were one of ours.
    for path in {theirs, theirs.replace(f"/c/{other.slug}/", f"/c/{campaign.slug}/")}:
        answers = {ask(path).status_code for ask in (insider.get, insider.post)}
        assert IDS[name] == answers - {405}, path
    assert before == state()


@pytest.mark.parametrize(
    "name",
    [name for name, one in OURS.items() if {"claim", "contact"} & set(one.arguments)],
)
def test_facts_of_an_organisation_are_not_reached_through_another(
    name: str, campaign: Campaign, other: Campaign, insider: Client
) -> None:
    own = Organisation.objects.create(constituency=campaign.constituency, name="Own Works")
    stranger = Organisation.objects.create(constituency=campaign.constituency, name="Stranger")
    neighbours = {
        "claim": Claim.objects.create(organisation=stranger, kind="domain", value="a.example").pk,
        "contact": Contact.objects.create(organisation=stranger, kind="email", value="a@a.de").pk,
    }
    theirs = {part: THINGS["organisations", part](other) for part in neighbours}
    before = state()
    for found in (neighbours, theirs):
        arguments = {part: found[part] for part in OURS[name].arguments if part in found}
        path = reverse(name, kwargs={"campaign": campaign.slug, "pk": own.pk, **arguments})
        assert insider.post(path, {"value": "b@a.de", "kind": "email"}).status_code == 404
    assert before == state()


def _assign_case(campaign: Campaign, other: Campaign) -> tuple[str, dict[str, object]]:
    Case.objects.create(campaign=campaign, number=7, host="192.0.2.9", kind="disputed")
    theirs = User.objects.create(username="of-the-other")
    Membership.objects.create(user=theirs, campaign=other, role=Role.ANALYST)
    return reverse("cases:assign", args=[campaign.slug, 7]), {"assignee": theirs.pk}


def _dismiss(campaign: Campaign, other: Campaign) -> tuple[str, dict[str, object]]:
    maker = User.objects.get(username="maker")
    Import.objects.create(campaign=campaign, number=7, by=maker, state="done")
    theirs = Import.objects.get(campaign=other)
    row = Rejected.objects.create(part_of=theirs, file_name="a", feed="csv", code="x", detail="y")
    path = reverse("imports:dismiss", args=[campaign.slug, 7])
    return path, {"row": row.pk, "reason": "because"}


def _assign_host(campaign: Campaign, other: Campaign) -> tuple[str, dict[str, object]]:
    Organisation.objects.create(constituency=other.constituency, name="Only There")
    path = reverse("assets:assign", args=[campaign.slug, THINGS["assets", "pk"](campaign)])
    return path, {"organisation": "Only There", "reason": "because"}


def _confirm(campaign: Campaign, other: Campaign) -> tuple[str, dict[str, object]]:
    seal = held.sealed(
        constituency=other.constituency.slug, list="0" * 64, name="list.csv", digest="0"
    )
    return reverse("constituencies:confirm", args=[campaign.constituency.slug]), {"seal": seal}


def _list_elsewhere(campaign: Campaign, other: Campaign) -> tuple[str, dict[str, object]]:
    path = reverse("constituencies:confirm", args=[other.constituency.slug])
    return path, {"seal": held.sealed(constituency=other.constituency.slug)}


def _other_settings(campaign: Campaign, other: Campaign) -> tuple[str, dict[str, object]]:
    """A field that the form of settings does not have."""
    return reverse("campaigns:settings", args=[campaign.slug]), {
        "name": campaign.name,
        "tlp": campaign.tlp,
        "cves": campaign.cves,
        "vulnerable_holds_days": campaign.vulnerable_holds_days,
        "absent_after": campaign.absent_after,
        "constituency": other.constituency_id,
        "slug": other.slug,
    }


def _give_view(campaign: Campaign, other: Campaign) -> tuple[str, dict[str, object]]:
    return reverse("lists:create", args=[campaign.slug]), {
        "listing": "constituencies",
        "name": "View",
        "user": User.objects.get(username="maker").pk,
        "campaign": other.pk,
    }


@pytest.mark.parametrize(
    "make",
    [
        *(_assign_case, _dismiss, _assign_host, _confirm, _list_elsewhere, _other_settings),
        _give_view,
    ],
    ids=lambda one: one.__name__.strip("_"),
)
def test_keys_of_another_campaign_in_a_form_change_nothing(
    make: Callable[[Campaign, Campaign], tuple[str, dict[str, object]]],
    campaign: Campaign,
    other: Campaign,
    insider: Client,
) -> None:
    path, data = make(campaign, other)
    before = state()
    insider.post(path, data)
    assert before == state()


def test_filters_by_keys_of_another_campaign_tell_no_name(
    campaign: Campaign, other: Campaign, insider: Client
) -> None:
    theirs = User.objects.create(username="of-the-other", first_name="Secret", last_name="Person")
    Membership.objects.create(user=theirs, campaign=other, role=Role.ANALYST)
    there = Organisation.objects.create(constituency=other.constituency, name="Secret Works")
    for path in (
        f"{reverse('cases:list', args=[campaign.slug])}?assignee={theirs.pk}",
        f"{reverse('assets:list', args=[campaign.slug])}?owner={there.pk}",
        f"{reverse('assets:names', args=[campaign.slug])}?organisation=Secret",
        f"{reverse('organisations:list', args=[campaign.slug])}?q=Secret",
        f"{reverse('constituencies:list')}?q=Secret",
        reverse("campaigns:list"),
    ):
        text = insider.get(path).content.decode()
        assert "Secret Works" not in text
        assert "Secret Person" not in text
        assert "South 2021" not in text


def test_decisions_of_others_and_of_the_whole_desk_are_not_listed(
    campaign: Campaign, other: Campaign, insider: Client
) -> None:
    record(None, "thing.done", "a thing of the desk")
    record(None, "thing.done", "a thing of the other", campaign=other)
    path = reverse("audit:list", args=[campaign.slug])
    for query in ("", "?format=csv", "?format=json", "?q=thing"):
        response = insider.get(path + query)
        text = b"".join(response) if response.streaming else response.content
        assert b"a thing of" not in text
