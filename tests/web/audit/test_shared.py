"""What campaigns of one constituency share: whoever looks in one sees who changed it in another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from tocsin.web.accounts.models import Membership, Role, User
from tocsin.web.audit.models import Decision
from tocsin.web.audit.queries import verify
from tocsin.web.audit.services import record, record_read
from tocsin.web.campaigns.models import Campaign
from tocsin.web.organisations.keeping import add_claims, correct
from tocsin.web.organisations.models import ClaimKind, Constituency, Organisation

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client


@pytest.fixture
def other(campaign: Campaign, person: Callable[[Role], User]) -> Campaign:
    """Another campaign of the constituency, in which a shared organisation was changed."""
    made = Campaign.objects.create(
        slug="secret-slug",
        name="A secret name",
        pack="proxylogon",
        cves=[],
        constituency=campaign.constituency,
    )
    eve = User.objects.create(username="eve")
    Membership.objects.create(user=eve, campaign=made, role=Role.ANALYST)
    works = Organisation.objects.create(constituency=campaign.constituency, name="Works")
    correct(works, {"sector": "water"}, eve, made)
    add_claims(works, ClaimKind.DOMAIN, "works.example", "theirs", eve, made)
    record_read(eve, "contact", f"organisation {works.pk}: Works", made)
    record(eve, "host.assigned", "host 192.0.2.9", campaign=made)
    return made


def _rows(client: Client) -> list[dict[str, Any]]:
    answer = client.get("/c/proxylogon/decisions/?format=json")
    rows: list[dict[str, Any]] = json.loads(cast("Any", answer).getvalue())["rows"]
    return rows


def test_a_change_of_what_is_shared_is_seen_in_each_campaign(
    signed_in: Callable[[Role], Client], other: Campaign
) -> None:
    client = signed_in(Role.VIEWER)
    rows = _rows(client)
    assert {("eve", "organisation.corrected"), ("eve", "claim.added")} == {
        (row["actor_name"], Decision.objects.get(number=row["number"]).action) for row in rows
    }
    page = client.get("/c/proxylogon/decisions/").content.decode()
    for row in rows:
        address = f"/c/proxylogon/decisions/{row['number']}/"
        assert f'href="{address}"' in page
        one = client.get(address).content.decode()
        assert "what all campaigns of the constituency share" in one
        assert "eve" in one
        assert "secret" not in page + one
    assert verify() is None


def test_what_was_done_to_other_things_elsewhere_and_reads_are_not_shown(
    signed_in: Callable[[Role], Client], other: Campaign
) -> None:
    client = signed_in(Role.VIEWER)
    for action in ("host.assigned", "contact.read"):
        number = Decision.objects.get(action=action).number
        assert 404 == client.get(f"/c/proxylogon/decisions/{number}/").status_code


def test_another_constituency_sees_nothing_of_it(
    signed_in: Callable[[Role], Client], other: Campaign
) -> None:
    south = Constituency.objects.create(slug="south", name="South")
    Campaign.objects.filter(slug="proxylogon").update(constituency=south)
    assert [] == _rows(signed_in(Role.VIEWER))
