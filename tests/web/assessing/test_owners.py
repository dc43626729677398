"""Whose a host is, worked out again for one host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tocsin.web.assessing.owners import reassign_owner
from tocsin.web.assessing.services import assess
from tocsin.web.assessing.tasks import TASKS
from tocsin.web.assets.models import Asset
from tocsin.web.organisations.models import Claim, ClaimKind, Organisation, Origin
from tocsin.web.work.models import Job

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

    from tocsin.web.campaigns.models import Campaign
    from tocsin.web.imports.models import Import

pytestmark = pytest.mark.django_db


def by_hand(organisation: Organisation, host: str) -> None:
    Claim.objects.create(
        organisation=organisation, kind=ClaimKind.HOST, value=host, origin=Origin.MANUAL
    )


def test_one_host_is_assigned_at_once_as_the_next_assessment_would(
    campaign: Campaign, three_days: list[Import], organisations: dict[str, Organisation]
) -> None:
    assess(campaign)
    host = Asset.objects.get(key="192.0.2.2")
    assert (host.owner, host.sector, host.region) == (None, "Health", "SOUTH")
    by_hand(organisations["C"], "192.0.2.2")

    reassign_owner(host)

    assert (host.owner, host.owner_step, host.owner_confidence) == (
        organisations["C"],
        "manual",
        "high",
    )
    assert (host.sector, host.region) == ("Water", "West")
    assert host.story["owner"]["organisation"] == "C"
    at_once = {k: v for k, v in vars(host).items() if k not in {"_state", "place"}}
    outcome = assess(campaign)
    assert outcome.changed == 0
    host.refresh_from_db()
    assert at_once == {k: v for k, v in vars(host).items() if k not in {"_state", "place"}}


def test_taking_the_assignment_back_gives_what_feeds_say(
    campaign: Campaign, three_days: list[Import], organisations: dict[str, Organisation]
) -> None:
    by_hand(organisations["C"], "192.0.2.2")
    assess(campaign)
    host = Asset.objects.get(key="192.0.2.2")
    assert host.owner_id == organisations["C"].pk
    Claim.objects.filter(kind=ClaimKind.HOST).delete()

    reassign_owner(host)

    after = Asset.objects.get(pk=host.pk)
    assert after.owner is None
    assert (after.owner_step, after.sector, after.region) == ("nobody", "Health", "SOUTH")


def test_other_hosts_are_left_alone(
    campaign: Campaign,
    three_days: list[Import],
    organisations: dict[str, Organisation],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    assess(campaign)
    by_hand(organisations["C"], "192.0.2.1")
    by_hand(organisations["C"], "192.0.2.2")

    with django_assert_max_num_queries(12):
        reassign_owner(Asset.objects.get(key="192.0.2.2"))

    assert Asset.objects.get(key="192.0.2.1").owner == organisations["A"]


def test_the_tasks_do_it_for_a_worker(
    campaign: Campaign, three_days: list[Import], organisations: dict[str, Organisation]
) -> None:
    told: list[str] = []

    def progress(done: int, total: int, message: str = "") -> None:
        told.append(message)

    TASKS["assessing.assess"](Job(kind="assessing.assess", subject=campaign.pk), progress)
    assert told[-1] == "6 hosts: 6 new, 0 changed, 0 gone"
    by_hand(organisations["C"], "192.0.2.2")
    host = Asset.objects.get(key="192.0.2.2")

    TASKS["assessing.owner"](Job(kind="assessing.owner", subject=host.pk), progress)

    host.refresh_from_db()
    assert host.owner == organisations["C"]


def test_a_host_that_is_gone_by_then_is_no_error() -> None:
    TASKS["assessing.owner"](Job(kind="assessing.owner", subject=7), lambda *_, **__: None)
