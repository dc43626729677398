from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tocsin.web.accounts.models import Membership, Role, User
from tocsin.web.audit.models import Decision
from tocsin.web.work.models import Job, JobState
from tocsin.web.work.services import enqueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries

    from tocsin.web.campaigns.models import Campaign

    SignedIn = Callable[[Role], Client]

_HTMX = {"HX-Request": "true"}


@pytest.fixture
def administrator(client: Client, db: None) -> Client:
    user = User.objects.create(username="root", is_administrator=True)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_who_sees_the_campaign_sees_its_jobs(campaign: Campaign, signed_in: SignedIn) -> None:
    job = enqueue("imports.run", 1, campaign=campaign)

    assert 200 == signed_in(Role.VIEWER).get(job.get_absolute_url()).status_code


def test_a_job_of_another_campaign_does_not_exist(campaign: Campaign, signed_in: SignedIn) -> None:
    job = enqueue("imports.run", 1, campaign=campaign)
    client = signed_in(Role.ANALYST)
    Membership.objects.all().delete()

    assert 404 == client.get(job.get_absolute_url()).status_code


@pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, 404), (Role.ANALYST, 200)])
def test_a_job_without_a_campaign_is_for_those_who_change_something(
    role: Role, status: int, signed_in: SignedIn
) -> None:
    job = enqueue("organisations.import", 1)

    assert status == signed_in(role).get(job.get_absolute_url()).status_code


def test_a_running_job_is_polled_and_a_finished_one_loads_the_page_anew(
    campaign: Campaign, signed_in: SignedIn
) -> None:
    job = enqueue("imports.run", 1, campaign=campaign)
    Job.objects.update(state=JobState.RUNNING, done=1, total=3, message="<b>rows</b>")
    client = signed_in(Role.VIEWER)

    running = client.get(job.get_absolute_url(), headers=_HTMX)
    assert 'hx-trigger="every 2s"' in running.text
    assert 'value="33"' in running.text
    assert "&lt;b&gt;rows" in running.text
    assert "<html" not in running.text
    assert "HX-Refresh" not in running

    Job.objects.update(state=JobState.FAILED, error="It went <wrong>.")
    failed = client.get(job.get_absolute_url(), headers=_HTMX)
    assert "hx-trigger" not in failed.text
    assert "It went &lt;wrong&gt;." in failed.text
    assert "true" == failed["HX-Refresh"]


def test_a_job_that_no_worker_takes_says_what_to_do(
    campaign: Campaign, signed_in: SignedIn
) -> None:
    job = enqueue("imports.run", 1, campaign=campaign)
    client = signed_in(Role.VIEWER)

    assert "tocsin desk worker" not in client.get(job.get_absolute_url()).text
    Job.objects.update(created_at=job.created_at - timedelta(minutes=1))
    assert "tocsin desk worker" in client.get(job.get_absolute_url()).text


def test_the_list_and_retry_are_for_administrators(
    campaign: Campaign, signed_in: SignedIn
) -> None:
    client = signed_in(Role.APPROVER)

    assert 403 == client.get("/work/").status_code
    assert 403 == client.post("/work/1/retry/").status_code


def test_an_administrator_retries_a_failed_job_and_it_is_on_record(
    campaign: Campaign, administrator: Client
) -> None:
    job = enqueue("imports.run", 1, campaign=campaign)
    Job.objects.update(state=JobState.FAILED, error="It went wrong.")

    answer = administrator.post(f"/work/{job.pk}/retry/", follow=True)
    assert f"Job {job.pk} waits again." in answer.text
    job.refresh_from_db()
    assert JobState.QUEUED == job.state
    assert ["job.retried"] == list(Decision.objects.values_list("action", flat=True))

    answer = administrator.post(f"/work/{job.pk}/retry/", follow=True)
    assert "has not failed" in answer.text
    assert 1 == Decision.objects.count()


def test_the_list_asks_the_database_as_often_for_many_jobs_as_for_one(
    campaign: Campaign,
    administrator: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for subject in range(60):
        enqueue("imports.run", subject, campaign=campaign)

    with django_assert_max_num_queries(5):
        first = administrator.get("/work/")
    assert "Page 1 of 2, 60 jobs" in first.text
    assert "No job is in this state" in administrator.get("/work/?state=failed").text
