"""A person says whose a host is; the ladder is asked again, and what evidence says is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from tocsin.errors import UsageError
from tocsin.web.accounts.models import Role
from tocsin.web.assessing.services import assess
from tocsin.web.assessing.tasks import TASKS
from tocsin.web.assets.services import OWNER_TASK, assign_owner, is_being_asked, take_back
from tocsin.web.audit.models import Decision
from tocsin.web.audit.queries import verify
from tocsin.web.campaigns.models import Campaign
from tocsin.web.organisations.models import Claim, Constituency, Organisation
from tocsin.web.work.models import Job, JobState

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from tocsin.web.accounts.models import User
    from tocsin.web.assets.models import Asset


def work() -> None:
    """Do what waits, as a worker does."""
    for job in Job.objects.filter(state=JobState.QUEUED, kind=OWNER_TASK):
        TASKS[job.kind](job, lambda *_: None)
        Job.objects.filter(pk=job.pk).update(state=JobState.DONE)


def test_the_task_that_is_queued_is_one_that_there_is() -> None:
    assert OWNER_TASK in TASKS


def test_a_host_is_assigned_by_hand_and_stays_so(
    assessed: Campaign, host: Callable[[str], Asset], analyst: User
) -> None:
    to = Organisation.objects.get(name="C")

    assign_owner(host("192.0.2.1"), to, "their ticket 7 says so", analyst)
    assert is_being_asked(host("192.0.2.1"))
    work()

    found = host("192.0.2.1")
    assert (to, "manual", "high", "West") == (
        found.owner,
        found.owner_step,
        found.owner_confidence,
        found.region,
    )
    assert not is_being_asked(found)
    assess(assessed)
    assert to == host("192.0.2.1").owner


def test_it_is_decided_by_whom_and_why(
    assessed: Campaign, host: Callable[[str], Asset], analyst: User
) -> None:
    assign_owner(host("192.0.2.1"), Organisation.objects.get(name="C"), "why", analyst)

    told = Decision.objects.get(action="host.assigned")
    assert ("host 192.0.2.1", assessed, analyst) == (told.subject, told.campaign, told.actor)
    assert {"from": "A", "to": "C", "reason": "why"} == json.loads(told.detail)
    assert verify() is None


def test_a_host_belongs_to_one_by_hand_alone(
    assessed: Campaign, host: Callable[[str], Asset], analyst: User
) -> None:
    for name in ("C", "B"):
        assign_owner(host("192.0.2.1"), Organisation.objects.get(name=name), "why", analyst)
        work()

    assert "B" == str(host("192.0.2.1").owner)
    assert ["C"] == [str(one.organisation) for one in Claim.objects.exclude(withdrawn_at=None)]


def test_taken_back_the_evidence_decides_again(
    assessed: Campaign, host: Callable[[str], Asset], analyst: User
) -> None:
    assign_owner(host("192.0.2.1"), Organisation.objects.get(name="C"), "why", analyst)
    work()
    take_back(host("192.0.2.1"), analyst)
    work()

    found = host("192.0.2.1")
    assert ("A", "network") == (str(found.owner), found.owner_step)


def test_another_campaign_of_the_constituency_is_asked_as_well(
    assessed: Campaign, host: Callable[[str], Asset], analyst: User
) -> None:
    other = Campaign.objects.create(
        slug="other", name="Other", pack="proxylogon", constituency=assessed.constituency
    )
    asset = host("192.0.2.1")
    mine, asset.pk, asset.campaign = asset.pk, None, other
    asset.save()

    assign_owner(host("192.0.2.1"), Organisation.objects.get(name="C"), "why", analyst)

    assert {mine, asset.pk} == {one.subject for one in Job.objects.filter(kind=OWNER_TASK)}


def test_no_host_is_given_to_an_organisation_of_another_constituency(
    assessed: Campaign, host: Callable[[str], Asset], analyst: User
) -> None:
    south = Constituency.objects.create(slug="south", name="South")
    stranger = Organisation.objects.create(constituency=south, name="S")

    with pytest.raises(UsageError, match="not in the constituency"):
        assign_owner(host("192.0.2.1"), stranger, "why", analyst)


def test_the_page_assigns_and_waits_for_the_worker(
    assessed: Campaign, host: Callable[[str], Asset], signed_in: Callable[..., Client]
) -> None:
    client = signed_in(Role.ANALYST)
    arguments = [assessed.slug, host("192.0.2.1").pk]

    response = client.post(
        reverse("assets:assign", args=arguments),
        {"organisation": "c", "reason": "why"},
        follow=True,
    )
    assert b"the desk is working it out" in response.content
    work()
    part = client.get(reverse("assets:owner", args=arguments)).content
    assert b"assigned by hand" in part
    assert b"hx-trigger" not in part

    client.post(reverse("assets:unassign", args=arguments))
    work()
    assert "network" == host("192.0.2.1").owner_step


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"organisation": "Nobody", "reason": "why"}, b"no organisation of this name"),
        ({"organisation": "C", "reason": ""}, b"This field is required"),
        ({"organisation": "C", "reason": "a\u202eb"}, b"cannot be seen"),
    ],
)
def test_what_is_wrong_is_told_and_what_was_typed_stays(
    assessed: Campaign,
    host: Callable[[str], Asset],
    signed_in: Callable[..., Client],
    given: dict[str, str],
    told: bytes,
) -> None:
    url = reverse("assets:assign", args=[assessed.slug, host("192.0.2.1").pk])

    response = signed_in(Role.ANALYST).post(url, given)

    assert 400 == response.status_code
    assert told in response.content
    assert f'value="{given["organisation"]}"'.encode() in response.content
    assert 0 == Job.objects.filter(kind=OWNER_TASK).count()


def test_names_are_offered_while_somebody_types(
    assessed: Campaign, signed_in: Callable[..., Client]
) -> None:
    Organisation.objects.create(constituency=assessed.constituency, name='"><script>')
    url = reverse("assets:names", args=[assessed.slug])

    assert b'<option value="B">' in signed_in(Role.ANALYST).get(f"{url}?organisation=b").content
    assert b"<script>" not in signed_in(Role.ANALYST).get(f"{url}?organisation=script").content
    assert b"<option" not in signed_in(Role.ANALYST).get(url).content
