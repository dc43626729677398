"""The pages of organisations: counts that are right, a story, and contacts whose readers are noted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from tests.web.conftest import text_of
from tests.web.organisations.conftest import LIST
from tocsin.web.accounts.models import Role
from tocsin.web.assets.models import Asset
from tocsin.web.audit.models import Decision
from tocsin.web.campaigns.models import Campaign
from tocsin.web.cases.models import CaseKind
from tocsin.web.cases.services import open_case
from tocsin.web.organisations import views
from tocsin.web.organisations.keeping import add_claims, correct
from tocsin.web.organisations.listing import organisations_of
from tocsin.web.organisations.models import (
    Claim,
    ClaimKind,
    Constituency,
    Contact,
    Organisation,
)
from tocsin.web.organisations.services import import_list

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from tocsin.web.accounts.models import User

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def address(campaign: Campaign, name: str, *arguments: object) -> str:
    return reverse(f"organisations:{name}", args=[campaign.slug, *arguments])


@pytest.fixture
def town(constituency: Constituency, campaign: Campaign, analyst: User) -> Organisation:
    """With five hosts: red, yellow, green, vanished, and a red one with a web shell."""
    import_list(constituency, analyst, LIST, "list.csv")
    found = Organisation.objects.get(name="Town")
    for number, (colour, compromised, vanished) in enumerate(
        (
            ("red", False, False),
            ("yellow", False, False),
            ("green", False, False),
            ("red", False, True),
            ("red", True, False),
        )
    ):
        Asset.objects.create(
            campaign=campaign,
            key=f"198.51.100.{number}",
            place=bytes([4, number]),
            colour=colour,
            compromised=compromised,
            vanished=vanished,
            owner=found,
            owner_reason=f"198.51.100.{number} lies in 198.51.100.0/24",
            story={},
        )
    return found


def test_counts_leave_out_what_vanished_and_other_campaigns(
    campaign: Campaign, town: Organisation
) -> None:
    other = Campaign.objects.create(
        slug="other", name="Other", pack="proxylogon", constituency=campaign.constituency
    )
    Asset.objects.create(
        campaign=other, key="198.51.100.9", place=b"", colour="red", owner=town, story={}
    )
    open_case(campaign, "198.51.100.4", CaseKind.COMPROMISED, "a web shell", None)

    counts = ("hosts", "red", "yellow", "green", "vanished", "compromised", "open_cases")
    found = organisations_of(campaign).values_list(*counts, "reachable").get(pk=town.pk)

    assert (5, 2, 1, 1, 1, 1, 1, True) == found


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("worst=red", ["Town"]),
        ("worst=-", ["Hospital"]),
        ("worst=green", []),
        ("sector=health", ["Hospital"]),
        ("region=Zuid", ["Town"]),
        ("compromised=true", ["Town"]),
        ("compromised=false", ["Hospital"]),
        ("open_cases=true", []),
        ("reachable=true", ["Hospital", "Town"]),
        ("claim=town.exa", ["Town"]),
        ("claim=mail.Town.example", ["Town"]),
        ("claim=198.51.100.77", ["Town"]),
        ("claim=198.51.101.1", []),
        ("claim=town.example.net", []),
        ("gone=true", []),
        ("q=hosp", ["Hospital"]),
        ("sort=-red", ["Town", "Hospital"]),
    ],
)
def test_the_list_is_filtered_and_sorted(
    campaign: Campaign,
    town: Organisation,
    signed_in: Callable[..., Client],
    query: str,
    expected: list[str],
) -> None:
    page = signed_in(Role.VIEWER).get(f"{address(campaign, 'list')}?{query}").content.decode()

    assert expected == re.findall(r'<a class="table__link"[^>]*>\s*([^<]*?)\s*</a>', page)


def test_queries_of_the_list_do_not_grow(
    campaign: Campaign,
    town: Organisation,
    signed_in: Callable[..., Client],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    made = Organisation.objects.bulk_create(
        Organisation(constituency=campaign.constituency, name=f"O {number}", sector=f"s{number}")
        for number in range(300)
    )
    Contact.objects.bulk_create(
        Contact(organisation=one, kind="email", value="a@b.example") for one in made
    )
    client = signed_in(Role.VIEWER)
    with django_assert_max_num_queries(15):
        page = client.get(f"{address(campaign, 'list')}?per=250&sort=-red").content
    assert 250 == page.count(b"data-list-row")


def test_one_page_tells_hosts_reasons_claims_and_the_story(
    campaign: Campaign, town: Organisation, signed_in: Callable[..., Client], analyst: User
) -> None:
    correct(town, {"sector": "municipality"}, analyst, campaign)
    add_claims(town, ClaimKind.DOMAIN, "stad.example", "their letter", analyst, campaign)
    open_case(campaign, "198.51.100.4", CaseKind.COMPROMISED, "a web shell answered", analyst)

    text = text_of(signed_in(Role.VIEWER).get(address(campaign, "detail", town.pk)).content)

    assert "Sector municipality Corrected the list says government" in text
    assert "198.51.100.0 lies in 198.51.100.0/24 (low confidence)" in text
    assert text.index("198.51.100.4 lies") < text.index("198.51.100.0 lies")
    assert "stad.example Domain Entered by a person: the-analyst" in text
    story = text[text.index("What happened") :]
    for part in (
        "case 1 (compromised) opened: a web shell answered",
        f"network, domain, system or host added: organisation {town.pk}: Town",
        "organisation corrected",
    ):
        assert part in story


def test_hosts_beyond_the_first_ten_are_folded_on_a_phone_and_the_last_lead_to_the_list(
    campaign: Campaign,
    town: Organisation,
    signed_in: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hosts() -> tuple[list[str], list[str], bool]:
        content = signed_in(Role.VIEWER).get(address(campaign, "detail", town.pk)).content.decode()
        (part,) = re.findall(r'<section[^>]*labelledby="hosts".*?</section>', content, re.DOTALL)
        first, _, folded = part.partition("<details")
        named = re.compile(r">(198\.51\.100\.\d+)</a>")
        return named.findall(first), named.findall(folded), f"owner={town.pk}" in part

    assert ([f"198.51.100.{at}" for at in (4, 0, 1, 2, 3)], [], False) == hosts()

    Asset.objects.bulk_create(
        Asset(
            campaign=campaign,
            key=f"198.51.100.{at}",
            place=bytes([5, at]),
            colour="green",
            owner=town,
            story={},
        )
        for at in range(10, 18)
    )
    first, folded, has_more = hosts()
    assert ("198.51.100.4", 10, "198.51.100.15") == (first[0], len(first), first[-1])
    assert (["198.51.100.16", "198.51.100.17", "198.51.100.3"], False) == (folded, has_more)

    monkeypatch.setattr(views, "_HOSTS_SHOWN", 12)
    first, folded, has_more = hosts()
    assert (10, ["198.51.100.16", "198.51.100.17"], True) == (len(first), folded, has_more)


def test_shares_are_of_the_hosts_seen_as_on_the_campaign_page(
    campaign: Campaign, town: Organisation, signed_in: Callable[..., Client]
) -> None:
    text = text_of(signed_in().get(f"/c/{campaign.slug}/organisations/{town.pk}/").content)

    assert "2 hosts seen: Red of 4 hosts seen · 50.0 %" in text
    assert "1 hosts ever seen: Vanished of 5 hosts ever seen · 20.0 %" in text
    assert "Shares are of the hosts that did not vanish" in text


def test_the_page_shows_no_contact_and_reading_them_is_recorded_each_time(
    campaign: Campaign, town: Organisation, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(Role.VIEWER)
    page = client.get(address(campaign, "detail", town.pk)).content
    assert b"it@town.example" not in page
    assert "2 contacts, 0 keys" in text_of(page)
    assert 0 == Decision.objects.filter(action="contacts.read").count()

    for _ in range(2):
        page = client.get(address(campaign, "contacts", town.pk)).content
        assert b"it@town.example" in page
    read = Decision.objects.filter(action="contacts.read")
    assert [f"organisation {town.pk}: Town"] * 2 == [one.subject for one in read]
    assert "it@town" not in "".join(one.detail for one in Decision.objects.all())


def test_an_analyst_adds_and_describes_contacts_and_an_approver_withdraws_and_corrects(
    campaign: Campaign, town: Organisation, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(Role.ANALYST)
    client.post(
        address(campaign, "add-contact", town.pk),
        {"kind": "email", "value": "first@town.example", "name": "Desk", "first": "on"},
    )
    made = Contact.objects.get(value="first@town.example")
    client.post(
        address(campaign, "describe-contact", town.pk, made.pk), {"note": "call before noon"}
    )
    listed = Contact.objects.get(value="it@town.example")
    withdraw = address(campaign, "withdraw-contact", town.pk, listed.pk)
    assert 403 == client.post(withdraw).status_code

    client = signed_in(Role.APPROVER)
    client.post(
        address(campaign, "replace-contact", town.pk, made.pk), {"value": "desk@town.example"}
    )
    client.post(withdraw)

    counting = [one for one in town.contacts.all() if one.counts]
    assert [("desk@town.example", "call before noon"), ("+31205550100", "")] == [
        (one.value, one.note) for one in counting
    ]
    client.post(address(campaign, "restore-contact", town.pk, listed.pk))
    listed.refresh_from_db()
    assert listed.counts


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("email", "no address", "is no mail address"),
        ("email", "https://a.example", "is not of the kind mail"),
        ("key", "zz", "neither a fingerprint"),
        ("email", "a\u202e@b.example", "cannot be seen"),
    ],
)
def test_a_contact_that_cannot_be_used_is_refused_with_a_reason(
    campaign: Campaign,
    town: Organisation,
    signed_in: Callable[..., Client],
    kind: str,
    value: str,
    told: str,
) -> None:
    before = Contact.objects.count()
    page = signed_in(Role.ANALYST).post(
        address(campaign, "add-contact", town.pk), {"kind": kind, "value": value}, follow=True
    )
    assert told in text_of(page.content)
    assert before == Contact.objects.count()


def test_claims_are_added_withdrawn_and_restored_on_the_page(
    campaign: Campaign, town: Organisation, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(Role.ANALYST)
    client.post(
        address(campaign, "claim", town.pk),
        {"kind": "network", "value": "203.0.113.0/25 203.0.113.128/25"},
    )
    assert 3 == town.claims.filter(kind="network").count()

    one = Claim.objects.get(value="203.0.113.0/25")
    client.post(address(campaign, "withdraw-claim", town.pk, one.pk))
    assert not Claim.objects.get(pk=one.pk).counts
    client.post(address(campaign, "restore-claim", town.pk, one.pk))
    assert Claim.objects.get(pk=one.pk).counts

    page = client.post(
        address(campaign, "claim", town.pk), {"kind": "host", "value": "192.0.2.9"}, follow=True
    )
    assert "say why it is theirs" in text_of(page.content)


def test_a_correction_is_taken_back_on_the_page(
    campaign: Campaign, town: Organisation, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(Role.ANALYST)
    client.post(address(campaign, "correct", town.pk), {"sector": "water", "country": "be"})
    town.refresh_from_db()
    assert ("water", "BE", "") == (town.sector, town.country, town.region)

    client.post(address(campaign, "follow", town.pk), {"field": "region"})
    town.refresh_from_db()
    assert "Zuid" == town.region


def test_what_belongs_to_another_constituency_is_not_there(
    campaign: Campaign, town: Organisation, signed_in: Callable[..., Client], analyst: User
) -> None:
    south = Constituency.objects.create(slug="south", name="South")
    import_list(south, analyst, LIST, "list.csv")
    theirs = Organisation.objects.get(constituency=south, name="Town")
    client = signed_in(Role.APPROVER)
    for name in ("detail", "contacts"):
        assert 404 == client.get(address(campaign, name, theirs.pk)).status_code
    claim, contact = theirs.claims.first(), theirs.contacts.first()
    assert claim is not None
    assert contact is not None
    # Neither through its own address nor through that of an organisation of ours.
    for one in (theirs, town):
        for name, pk in (("withdraw-claim", claim.pk), ("withdraw-contact", contact.pk)):
            assert 404 == client.post(address(campaign, name, one.pk, pk)).status_code


def test_an_organisation_is_entered_by_hand(
    campaign: Campaign, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(Role.ANALYST)
    given = {"name": "New one", "sector": "water", "country": "nl"}
    response = client.post(address(campaign, "new"), given)
    assert 302 == response.status_code
    made = Organisation.objects.get(name="New one")
    assert ("manual", ["sector", "country"], "NL") == (made.origin, made.corrected, made.country)
    again = client.post(address(campaign, "new"), given)
    assert (400, True) == (again.status_code, b"already" in again.content)


def test_hostile_names_and_values_act_nowhere(
    campaign: Campaign, constituency: Constituency, signed_in: Callable[..., Client]
) -> None:
    one = Organisation.objects.create(
        constituency=constituency,
        name=HOSTILE,
        sector=HOSTILE,
        region=HOSTILE,
        language=HOSTILE[:35],
        imported={"sector": HOSTILE},
        corrected=["sector"],
    )
    constituency.notes = [HOSTILE]
    constituency.name = HOSTILE
    constituency.save()
    Claim.objects.create(organisation=one, kind="domain", value=HOSTILE, reason=HOSTILE)
    Contact.objects.create(
        organisation=one, kind="email", value=HOSTILE, name=HOSTILE, note=HOSTILE
    )
    Asset.objects.create(
        campaign=campaign,
        key=HOSTILE,
        hostname=HOSTILE,
        place=b"",
        colour="red",
        owner=one,
        owner_reason=HOSTILE,
        story={},
    )
    client = signed_in(Role.APPROVER)
    for url in (
        address(campaign, "list"),
        address(campaign, "detail", one.pk),
        address(campaign, "contacts", one.pk),
        reverse("constituencies:list"),
        reverse("constituencies:detail", args=[constituency.slug]),
        reverse("constituencies:import", args=[constituency.slug]),
    ):
        page = client.get(url)
        assert 200 == page.status_code
        assert b"<script>alert" not in page.content, url
        assert b"<img src=x" not in page.content, url
