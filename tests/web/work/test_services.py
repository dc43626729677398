from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.web.work.models import Job, JobState
from tocsin.web.work.services import enqueue, try_again

if TYPE_CHECKING:
    from tocsin.web.campaigns.models import Campaign


def test_an_equal_job_that_still_waits_is_enough(campaign: Campaign) -> None:
    first = enqueue("imports.run", 1, campaign=campaign)

    assert first == enqueue("imports.run", 1, campaign=campaign)
    assert 1 == Job.objects.count()


def test_a_job_that_differs_in_kind_subject_or_campaign_is_another(campaign: Campaign) -> None:
    enqueue("imports.run", 1, campaign=campaign)
    enqueue("imports.run", 2, campaign=campaign)
    enqueue("imports.undo", 1, campaign=campaign)
    enqueue("imports.run", 1)

    assert 4 == Job.objects.count()


def test_a_job_that_already_runs_does_not_do_for_what_changed_since(campaign: Campaign) -> None:
    first = enqueue("assessing.assess", 1, campaign=campaign)
    Job.objects.update(state=JobState.RUNNING)

    assert first != enqueue("assessing.assess", 1, campaign=campaign)


def test_only_a_job_that_failed_is_tried_again(campaign: Campaign) -> None:
    job = enqueue("imports.run", 1, campaign=campaign)

    assert not try_again(job)
    Job.objects.update(state=JobState.FAILED, attempts=3, error="It went wrong.")
    assert try_again(job)
    job.refresh_from_db()
    assert (JobState.QUEUED, 0, "") == (job.state, job.attempts, job.error)
