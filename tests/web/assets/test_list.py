"""The list of hosts: each filter finds what it says, in a number of queries that does not grow."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from tocsin.web.accounts.models import Role
from tocsin.web.assets.filters import AssetFilter
from tocsin.web.assets.models import Asset
from tocsin.web.assets.queries import hosts_of
from tocsin.web.cases.models import CaseKind
from tocsin.web.cases.services import open_case
from tocsin.web.organisations.models import Organisation

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from tocsin.web.campaigns.models import Campaign

EVERY = {
    "192.0.2.1",
    "192.0.2.2",
    "198.51.100.7",
    "203.0.113.9",
    "203.0.113.10",
    "203.0.113.11",
}


def address(campaign: Campaign, query: str = "") -> str:
    return f"{reverse('assets:list', args=[campaign.slug])}?{query}"


def found(client: Client, campaign: Campaign, query: str) -> set[str]:
    """The hosts of an export: all rows that match."""
    response = client.get(address(campaign, f"format=csv&{query}"))
    assert 200 == response.status_code, response.content
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]  # an export streams
    return {row["key"] for row in csv.DictReader(io.StringIO(text))}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", EVERY),
        ("colour=red&vanished=false", {"198.51.100.7", "203.0.113.11"}),
        ("colour=red&colour=green&vanished=false", EVERY - {"192.0.2.2", "203.0.113.10"}),
        ("compromised=true", {"198.51.100.7"}),
        ("vanished=true", {"192.0.2.2"}),
        ("sector=Health", {"192.0.2.2"}),
        ("sector=Energy&sector=Health", {"192.0.2.2", "203.0.113.9"}),
        ("sector=-", EVERY - {"192.0.2.2", "203.0.113.9"}),
        ("region=East", {"192.0.2.1"}),
        ("cu=-", {"203.0.113.10"}),
        ("owner=-", EVERY - {"192.0.2.1", "203.0.113.9"}),
        ("doubt=no_build", {"203.0.113.10"}),
        ("cve=CVE-2021-26855&cve_colour=red&vanished=false", {"198.51.100.7", "203.0.113.11"}),
        ("cve=CVE-2021-26855&cve_status=fixed", {"192.0.2.1", "198.51.100.7", "203.0.113.9"}),
        ("cve_status=vulnerable", {"203.0.113.11"}),
        ("claimed=true", {"203.0.113.10"}),
        ("change=fixed", {"192.0.2.1"}),
        ("change=first_seen&noticed_in=3", {"203.0.113.11"}),
        ("change=fixed&noticed_in=3", set()),
        ("change=fixed&noticed_in=2", {"192.0.2.1"}),
        ("noticed_in=2", {"192.0.2.1", "192.0.2.2"}),
        ("q=mail.a.example", {"192.0.2.1"}),
        ("q=ex01", {"192.0.2.1"}),
        ("q=15.2.721.2", {"203.0.113.11"}),
        ("q=198.51", {"198.51.100.7"}),
        ("case=none", EVERY),
        ("case=open", set()),
    ],
)
def test_a_filter_finds_what_it_says(
    assessed: Campaign, signed_in: Callable[..., Client], query: str, expected: set[str]
) -> None:
    assert expected == found(signed_in(Role.VIEWER), assessed, query)


def test_hosts_of_one_organisation_are_found_by_its_key(
    assessed: Campaign, signed_in: Callable[..., Client]
) -> None:
    own = Organisation.objects.get(name="A")
    client = signed_in(Role.VIEWER)

    assert {"192.0.2.1"} == found(client, assessed, f"owner={own.pk}")
    assert (
        b"Organisation: <strong>A</strong>"
        in client.get(address(assessed, f"owner={own.pk}")).content
    )


def test_an_organisation_of_another_constituency_is_no_choice(
    assessed: Campaign, signed_in: Callable[..., Client]
) -> None:
    for wrong in ("999999", "9" * 30, "x", "\u0663"):
        response = signed_in(Role.VIEWER).get(address(assessed, f"format=csv&owner={wrong}"))
        assert 400 == response.status_code


def test_hosts_with_an_open_case_are_found(
    assessed: Campaign, signed_in: Callable[..., Client]
) -> None:
    open_case(assessed, "198.51.100.7", CaseKind.COMPROMISED, "a web shell answered", None)

    client = signed_in(Role.VIEWER)
    assert {"198.51.100.7"} == found(client, assessed, "case=open")
    assert EVERY - {"198.51.100.7"} == found(client, assessed, "case=none")


def test_no_host_of_another_campaign_is_listed(assessed: Campaign) -> None:
    assert EVERY == {one.key for one in hosts_of(assessed)}
    assert {"proxylogon"} == {one.campaign.slug for one in hosts_of(assessed)}


def test_links_of_other_pages_hold() -> None:
    """The dashboard and the list of organisations link to these."""
    names = "colour compromised vanished sector region country cu provider owner cve cve_colour"
    more = "cve_status doubt change noticed_in support case claimed owner_reports_fixed"
    more += " signs_noticed_in"
    assert {*names.split(), *more.split()} == set(AssetFilter.base_filters)


def test_queries_do_not_grow_with_hosts(
    assessed: Campaign,
    signed_in: Callable[..., Client],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    owner = Organisation.objects.get(name="A")
    Asset.objects.bulk_create(
        Asset(
            campaign=assessed,
            key=f"10.0.{number // 256}.{number % 256}",
            place=bytes([4]) + number.to_bytes(16, "big"),
            colour="red",
            owner=owner,
            sector=f"sector {number % 20}",
            story={},
        )
        for number in range(400)
    )
    client = signed_in(Role.VIEWER)
    with django_assert_max_num_queries(22):
        response = client.get(address(assessed, "per=250"))
    assert 250 == response.content.count(b"data-list-row")
