"""A list is merged: nothing that a person decided is undone, and nothing is deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.web.organisations.conftest import LIST
from tocsin.errors import UsageError
from tocsin.web.audit.models import Decision
from tocsin.web.organisations.keeping import (
    add_claims,
    add_organisation,
    correct,
    follow_list,
    withdraw_claim,
)
from tocsin.web.organisations.merging import Verdict
from tocsin.web.organisations.models import (
    Claim,
    ClaimKind,
    Contact,
    ContactKind,
    Organisation,
    Origin,
)
from tocsin.web.organisations.queries import constituency_of
from tocsin.web.organisations.reaching import add_contact, replace_contact, withdraw_contact
from tocsin.web.organisations.services import import_list, plan_import
from tocsin.web.work.models import Job

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.web.accounts.models import User
    from tocsin.web.campaigns.models import Campaign
    from tocsin.web.organisations.models import Constituency


def one(name: str) -> Organisation:
    return Organisation.objects.get(name=name)


def test_a_list_brings_organisations_with_what_is_theirs(
    constituency: Constituency, analyst: User
) -> None:
    plan = import_list(constituency, analyst, LIST, "list.csv")

    assert (2, 0) == (plan.counts["added"], plan.counts["changed"])
    hospital = one("Hospital")
    assert ("health", "NL", "Noord", "nl", Origin.IMPORTED) == (
        hospital.sector,
        hospital.country,
        hospital.region,
        hospital.language,
        hospital.origin,
    )
    assert [("domain", "hospital.example"), ("network", "192.0.2.0/25")] == list(
        hospital.claims.values_list("kind", "value")
    )
    assert [("email", "it@town.example", 1), ("phone", "+31205550100", 2)] == list(
        one("Town").contacts.values_list("kind", "value", "position")
    )


def test_an_import_is_a_decision_without_personal_data_and_asks_for_an_assessment(
    constituency: Constituency, campaign: Campaign, analyst: User
) -> None:
    import_list(constituency, analyst, LIST, "list.csv")

    told = Decision.objects.get(action="constituency.imported")
    assert "soc@" not in told.detail
    assert 2 == json.loads(told.detail)["organisations"]["added"]
    assert [("assessing.assess", campaign.pk)] == list(Job.objects.values_list("kind", "subject"))


def test_the_same_list_again_changes_nothing(constituency: Constituency, analyst: User) -> None:
    import_list(constituency, analyst, LIST, "list.csv")

    assert not plan_import(constituency, LIST, "list.csv").changes


def test_what_the_list_no_longer_has_is_gone_and_still_there_and_comes_back(
    constituency: Constituency, analyst: User
) -> None:
    import_list(constituency, analyst, LIST, "list.csv")
    shorter = LIST.rpartition(b"Town")[0]

    plan = import_list(constituency, analyst, shorter, "list.csv")

    assert 1 == plan.counts["gone"]
    town = one("Town")
    assert (False, False) == (town.gone_at is None, any(c.counts for c in town.claims.all()))
    assert ["Hospital"] == [c.organisation for c in constituency_of(constituency).constituents]

    plan = import_list(constituency, analyst, LIST, "list.csv")

    assert 1 == plan.counts["back"]
    town = one("Town")
    assert (None, True) == (town.gone_at, all(c.counts for c in town.contacts.all()))


def test_a_corrected_field_stays_until_the_person_follows_the_list_again(
    constituency: Constituency, campaign: Campaign, analyst: User
) -> None:
    import_list(constituency, analyst, LIST, "list.csv")
    correct(one("Town"), {"sector": "municipality"}, analyst, campaign)

    plan = import_list(constituency, analyst, LIST.replace(b"government", b"state"), "list.csv")

    assert ["sector: the list says state, a person corrected it to municipality"] == [
        sentence for planned in plan.planned for sentence in planned.kept
    ]
    assert ("municipality", "state") == (one("Town").sector, one("Town").imported["sector"])

    follow_list(one("Town"), "sector", analyst, campaign)
    assert ("state", []) == (one("Town").sector, one("Town").corrected)


def test_what_a_person_withdrew_stays_withdrawn(
    constituency: Constituency, campaign: Campaign, analyst: User
) -> None:
    import_list(constituency, analyst, LIST, "list.csv")
    withdraw_contact(Contact.objects.get(value="it@town.example"), analyst, campaign)
    withdraw_claim(Claim.objects.get(value="town.example"), analyst, campaign)

    plan = import_list(constituency, analyst, LIST, "list.csv")

    assert [
        "domain town.example: a person withdrew it",
        "1 contact: a person withdrew what the list names",
    ] == [sentence for planned in plan.planned for sentence in planned.kept]
    [_, town] = constituency_of(constituency).constituents
    assert ((), ("tel:+31205550100",)) == (town.domains, town.contacts)


def test_what_was_withdrawn_and_left_the_list_stays_withdrawn_when_it_comes_back(
    constituency: Constituency, campaign: Campaign, analyst: User
) -> None:
    import_list(constituency, analyst, LIST, "list.csv")
    withdraw_claim(Claim.objects.get(value="town.example"), analyst, campaign)
    import_list(constituency, analyst, LIST.replace(b"town.example", b"x.example"), "list.csv")

    import_list(constituency, analyst, LIST, "list.csv")

    assert not Claim.objects.get(value="town.example").counts


def test_what_a_person_entered_stays_when_no_list_has_it(
    constituency: Constituency, campaign: Campaign, analyst: User
) -> None:
    mine = add_organisation(campaign, "Mine", {"sector": "water"}, analyst)
    import_list(constituency, analyst, LIST, "list.csv")
    add_claims(one("Town"), ClaimKind.DOMAIN, "stad.example", "", analyst, campaign)
    add_contact(one("Town"), ContactKind.EMAIL, "a@stad.example", {}, analyst, campaign)

    import_list(constituency, analyst, LIST.rpartition(b"Town")[0], "list.csv")

    mine.refresh_from_db()
    assert mine.gone_at is None
    [_, _, town] = constituency_of(constituency).constituents
    assert (("stad.example",), ("a@stad.example",)) == (town.domains, town.contacts)


def test_a_list_that_has_an_entered_organisation_too_fills_what_the_person_left_open(
    constituency: Constituency, campaign: Campaign, analyst: User
) -> None:
    add_organisation(campaign, "Town", {"sector": "municipality"}, analyst)

    import_list(constituency, analyst, LIST, "list.csv")

    town = one("Town")
    assert ("municipality", "Zuid", Origin.MANUAL) == (town.sector, town.region, town.origin)


def test_a_corrected_contact_takes_the_place_of_the_wrong_one_for_good(
    constituency: Constituency, campaign: Campaign, analyst: User
) -> None:
    import_list(constituency, analyst, LIST, "list.csv")
    wrong = Contact.objects.get(value="it@town.example")

    replace_contact(wrong, "ict@town.example", analyst, campaign)
    import_list(constituency, analyst, LIST, "list.csv")

    [_, town] = constituency_of(constituency).constituents
    assert ("ict@town.example", "tel:+31205550100") == town.contacts


def test_nothing_is_done_where_somebody_changed_the_constituency_since_the_preview(
    constituency: Constituency, campaign: Campaign, analyst: User
) -> None:
    digest = plan_import(constituency, LIST, "list.csv").digest
    add_organisation(campaign, "Town", {}, analyst)

    with pytest.raises(UsageError, match="look again"):
        import_list(constituency, analyst, LIST, "list.csv", digest=digest)
    assert 1 == Organisation.objects.count()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"organisation\n" + b"a" * 201 + b"\n", "organisation: a.* is longer than 200"),
        (b"organisation,sector\nA," + b"s" * 101 + b"\n", "sector: s.* is longer than 100"),
        ("organisation\nA\u202eB\n".encode(), "‹U\\+202E› *B* holds characters"),
        (b'[{"organisation": "A\\u0000B"}]', "A‹U\\+0000›B holds characters"),
        (b'[{"organisation": "A\\ud800B"}]', "A‹U\\+D800›B holds characters"),
        (b"organisation,networks\nA,192.0.2.1/24\n", "names a host inside a network"),
    ],
)
def test_a_list_that_cannot_be_kept_is_refused_as_a_whole(
    constituency: Constituency, content: bytes, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        import_list(constituency, None, content, "list.csv")
    assert 0 == Organisation.objects.count()


def test_overlaps_with_what_a_person_entered_are_told(
    constituency: Constituency, campaign: Campaign, analyst: User
) -> None:
    mine = add_organisation(campaign, "Mine", {}, analyst)
    add_claims(mine, ClaimKind.DOMAIN, "town.example", "", analyst, campaign)

    plan = import_list(constituency, analyst, LIST, "list.csv")

    assert any("the domain town.example is claimed by" in note for note in plan.notes)


def test_queries_do_not_grow_with_the_list(
    constituency: Constituency, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    rows = "".join(f"O{n},health,n{n}.example,a@n{n}.example\n" for n in range(300))
    content = f"organisation,sector,domains,contacts\n{rows}".encode()
    with django_assert_max_num_queries(40):  # type: ignore[attr-defined]  # a context manager
        import_list(constituency, None, content, "list.csv")
    with django_assert_max_num_queries(40):  # type: ignore[attr-defined]  # a context manager
        import_list(constituency, None, content.replace(b"health", b"care"), "list.csv")
    assert (
        Verdict.SAME
        == plan_import(constituency, content.replace(b"health", b"care"), "list.csv")
        .planned[0]
        .verdict
    )
