"""Puts work into the queue. Whoever calls from within a transaction queues it on commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, transaction

from tocsin.web.work.models import Job, JobState

if TYPE_CHECKING:
    from tocsin.web.campaigns.models import Campaign


@transaction.atomic
def enqueue(kind: str, subject: int, *, campaign: Campaign | None = None) -> Job:
    """Have a worker do the task `kind` on `subject`; an equal job that still waits is enough.

    The job that waits is held until the caller's transaction ends, so that no worker begins it
    before what the caller changed is there to be seen.
    """
    waiting = Job.objects.filter(kind=kind, subject=subject, campaign=campaign)
    # One that a worker is just taking is passed over: it may not see what the caller changed.
    found = waiting.filter(state=JobState.QUEUED).select_for_update(
        no_key=True,
        skip_locked=connection.features.has_select_for_update_skip_locked,
        of=("self",),
    )
    job = found.first()
    if job is None:
        job = Job.objects.create(kind=kind, subject=subject, campaign=campaign)
    return job


@transaction.atomic
def try_again(job: Job) -> bool:
    """Put a job that failed back into the queue; whether it had."""
    return bool(
        Job.objects.filter(pk=job.pk, state=JobState.FAILED).update(
            state=JobState.QUEUED,
            attempts=0,
            started_at=None,
            heartbeat_at=None,
            finished_at=None,
            done=0,
            total=0,
            message="",
            error="",
        )
    )
