"""What the core is told of a constituency: that which counts, and no more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tocsin.web.organisations.models import Claim, ClaimKind, Contact, Organisation, Origin
from tocsin.web.organisations.queries import constituency_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.web.organisations.models import Constituency

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def organisation(constituency: Constituency, name: str, **fields: object) -> Organisation:
    return Organisation.objects.create(constituency=constituency, name=name, **fields)


def test_the_core_gets_every_field_and_what_counts(constituency: Constituency) -> None:
    one = organisation(constituency, "A", sector="health", country="NL", region="N", language="nl")
    for kind, value in (
        (ClaimKind.NETWORK, "192.0.2.0/24"),
        (ClaimKind.DOMAIN, "example.org"),
        (ClaimKind.ASN, "64496"),
        (ClaimKind.HOST, "198.51.100.1"),
    ):
        Claim.objects.create(organisation=one, kind=kind, value=value)
    Contact.objects.create(organisation=one, kind="phone", value="+31205550100", position=1)
    Contact.objects.create(organisation=one, kind="email", value="soc@example.org", position=0)
    Contact.objects.create(organisation=one, kind="key", value="AB" * 20, position=2)

    [found] = constituency_of(constituency).constituents

    assert ("A", "health", "NL", "N", "nl") == (
        found.organisation,
        found.sector,
        found.country,
        found.region,
        found.language,
    )
    assert (("192.0.2.0/24",), ("example.org",), (64496,), ("198.51.100.1",)) == (
        found.networks,
        found.domains,
        found.asns,
        found.hosts,
    )
    assert (("soc@example.org", "tel:+31205550100"), ("AB" * 20,)) == (found.contacts, found.keys)


def test_what_was_withdrawn_or_is_gone_does_not_count(constituency: Constituency) -> None:
    one = organisation(constituency, "A")
    Claim.objects.create(organisation=one, kind="domain", value="a.example", withdrawn_at=NOW)
    Claim.objects.create(organisation=one, kind="domain", value="b.example", gone_at=NOW)
    Contact.objects.create(organisation=one, kind="email", value="a@a.example", withdrawn_at=NOW)

    [found] = constituency_of(constituency).constituents

    assert ((), ()) == (found.domains, found.contacts)


def test_an_organisation_that_is_gone_stays_as_long_as_a_person_holds_something_of_it(
    constituency: Constituency,
) -> None:
    organisation(constituency, "Gone", gone_at=NOW)
    held = organisation(constituency, "Held", gone_at=NOW)
    Claim.objects.create(organisation=held, kind="host", value="192.0.2.1", origin=Origin.MANUAL)

    assert ["Held"] == [one.organisation for one in constituency_of(constituency).constituents]


def test_no_list_assigns_a_host_that_a_person_assigned_to_somebody_else(
    constituency: Constituency,
) -> None:
    one, other = organisation(constituency, "A"), organisation(constituency, "B")
    Claim.objects.create(organisation=one, kind="host", value="192.0.2.1", origin=Origin.IMPORTED)
    Claim.objects.create(organisation=other, kind="host", value="192.0.2.1", origin=Origin.MANUAL)

    assert [("A", ()), ("B", ("192.0.2.1",))] == [
        (found.organisation, found.hosts) for found in constituency_of(constituency).constituents
    ]


def test_overlaps_are_told(constituency: Constituency) -> None:
    for name in ("A", "B"):
        Claim.objects.create(
            organisation=organisation(constituency, name), kind="domain", value="example.org"
        )

    [note] = constituency_of(constituency).notes

    assert note.startswith("the domain example.org is claimed by A")


def test_three_queries_serve_any_number_of_organisations(
    constituency: Constituency, django_assert_num_queries: Callable[..., object]
) -> None:
    for number in range(20):
        one = organisation(constituency, f"Organisation {number}")
        Claim.objects.create(organisation=one, kind="domain", value=f"{number}.example")

    with django_assert_num_queries(3):  # type: ignore[attr-defined]  # a context manager
        assert 20 == len(constituency_of(constituency).constituents)
