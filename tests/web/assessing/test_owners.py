"""Whose a host is, worked out again for one host."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

import pytest

from tests.web.assessing.conftest import DAY_1, DAY_2, DAY_3
from tocsin.web.assessing.owners import reassign_owner
from tocsin.web.assessing.saving import Saving
from tocsin.web.assessing.services import assess
from tocsin.web.assessing.tasks import TASKS
from tocsin.web.assets.models import Asset
from tocsin.web.organisations.models import Claim, ClaimKind, Organisation, Origin
from tocsin.web.work.models import Job

if TYPE_CHECKING:
    from collections.abc import Callable

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


def assess_while(
    campaign: Campaign, happens: Callable[[], None], patch: pytest.MonkeyPatch
) -> None:
    """Assess, and let something happen when all is compared and nothing written."""
    real = Saving.write

    def write(self: Saving, waiting: IO[bytes], batch: Callable[[], Any]) -> None:
        happens()
        real(self, waiting, batch)

    with patch.context() as patched:
        patched.setattr(Saving, "write", write)
        assess(campaign)


def test_who_assigns_a_host_while_an_assessment_is_saved_is_not_overruled_by_it(
    campaign: Campaign,
    bring: Callable[..., Import],
    organisations: dict[str, Organisation],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bring(DAY_1)
    assess(campaign)
    bring(DAY_2, "2021-05-15-scan_exchange-north-geo.csv")

    def assigned() -> None:
        by_hand(organisations["C"], "203.0.113.9")
        reassign_owner(Asset.objects.get(key="203.0.113.9"))

    assess_while(campaign, assigned, monkeypatch)

    host = Asset.objects.get(key="203.0.113.9")
    assert (host.owner, host.owner_step) == (organisations["C"], "manual")
    assert (host.sector, host.story["owner"]["organisation"]) == ("Water", "C")
    assert host.last_seen == datetime(2021, 5, 15, 0, 13, tzinfo=UTC)
    assert assess(campaign).changed == 0

    bring(DAY_3, "2021-05-16-scan_exchange-north-geo.csv")

    def taken_back() -> None:
        Claim.objects.filter(kind=ClaimKind.HOST).update(withdrawn_at=datetime.now(UTC))
        reassign_owner(Asset.objects.get(key="203.0.113.9"))

    assess_while(campaign, taken_back, monkeypatch)

    host.refresh_from_db()
    assert (host.owner, host.owner_step) == (organisations["B"], "domain")
    assert host.last_seen == datetime(2021, 5, 16, 0, 13, tzinfo=UTC)


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
