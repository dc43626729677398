from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tocsin.web.accounts.models import Role, User
from tocsin.web.audit.models import Decision
from tocsin.web.audit.services import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from tocsin.web.campaigns.models import Campaign


@pytest.fixture
def decisions(campaign: Campaign, person: Callable[[Role], User]) -> None:
    record(None, "import.done", "import 1", campaign=campaign, detail={"rows": 12})
    record(
        person(Role.ANALYST),
        "asset.assigned",
        "host 192.0.2.1",
        campaign=campaign,
        detail={"before": "", "after": "<b>Works</b>"},
    )
    record(person(Role.ANALYST), "person.signed_in", "person the-analyst")


def get(client: Client, query: str = "") -> str:
    response = client.get(f"/c/proxylogon/decisions/{query}")
    assert 200 == response.status_code
    return response.content.decode()


def test_the_list_shows_what_was_decided_in_this_campaign_and_no_other(
    signed_in: Callable[[Role], Client], decisions: None
) -> None:
    page = get(signed_in(Role.VIEWER))

    assert "host 192.0.2.1" in page
    assert "Asset assigned" in page
    assert "person the-analyst" not in page
    assert "ends at number 3" in page


@pytest.mark.parametrize(
    "query",
    ["?actor_name=the-analyst", "?action=asset.assigned", "?subject=192.0.2", "?q=192.0.2.1"],
)
def test_it_is_narrowed_by_who_what_and_about_what(
    signed_in: Callable[[Role], Client], decisions: None, query: str
) -> None:
    page = get(signed_in(Role.VIEWER), query)
    assert "host 192.0.2.1" in page
    assert "import 1" not in page


@pytest.mark.parametrize(
    ("query", "there"), [("?at_before=2020-01-01", False), ("?at_after=2020-01-01", True)]
)
def test_it_is_narrowed_by_time(
    signed_in: Callable[[Role], Client], decisions: None, query: str, *, there: bool
) -> None:
    assert there == ("host 192.0.2.1" in get(signed_in(Role.VIEWER), query))


def test_the_export_holds_the_hashes(signed_in: Callable[[Role], Client], decisions: None) -> None:
    response = signed_in(Role.VIEWER).get("/c/proxylogon/decisions/?format=json")
    rows = json.loads(response.getvalue())["rows"]

    assert [2, 1] == [row["number"] for row in rows]
    assert rows[1]["hash"] == rows[0]["previous"]


def test_a_decision_shows_its_detail_and_that_it_is_as_it_was_written(
    signed_in: Callable[[Role], Client], decisions: None
) -> None:
    page = signed_in(Role.VIEWER).get("/c/proxylogon/decisions/2/").content.decode()

    assert "&lt;b&gt;Works&lt;/b&gt;" in page
    assert "As it was written" in page
    assert Decision.objects.get(number=1).hash in page


def test_a_decision_of_another_campaign_is_not_there(
    signed_in: Callable[[Role], Client], decisions: None
) -> None:
    assert 404 == signed_in(Role.VIEWER).get("/c/proxylogon/decisions/3/").status_code


def test_approvers_check_the_whole_chain(
    signed_in: Callable[[Role], Client], decisions: None
) -> None:
    page = signed_in(Role.APPROVER).get("/c/proxylogon/decisions/chain/").content.decode()
    assert "The chain holds" in page
    assert "3 decisions" in page


def test_the_list_asks_as_often_for_many_decisions_as_for_few(
    signed_in: Callable[[Role], Client],
    decisions: None,
    campaign: Campaign,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(30):
        record(None, "thing.done", f"thing {number}", campaign=campaign)
    client = signed_in(Role.VIEWER)
    with django_assert_max_num_queries(13):
        get(client)
