"""What a worker does for hunts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.web.hunts import services
from tocsin.web.hunts.claims import claim
from tocsin.web.hunts.models import Hunt, HuntState
from tocsin.web.hunts.running import hunt_and_digest, redact
from tocsin.web.work.registry import beside_each_other

if TYPE_CHECKING:
    from tocsin.web.work.models import Job
    from tocsin.web.work.registry import Progress


@beside_each_other
def run_hunt(job: Job, progress: Progress) -> None:
    """Hunt what was uploaded, or read the result that was."""
    hunt = _hunt(job)
    if hunt.state in (HuntState.QUEUED, HuntState.RUNNING):
        services.began(hunt)
        hunt = services.finished(hunt, hunt_and_digest(hunt, progress))[0]
    claim(hunt, progress)


@beside_each_other
def run_redaction(job: Job, progress: Progress) -> None:
    """Make the report without names."""
    hunt = _hunt(job)
    redact(hunt, progress)
    services.redacted(hunt)


def run_claim(job: Job, progress: Progress) -> None:
    """Make what a hunt says count for its host."""
    claim(_hunt(job), progress)


def failed(job: Job) -> None:
    """A hunt came to nothing; one that was done before stays so, and its page shows the job."""
    hunt = Hunt.objects.filter(pk=job.subject).first()
    if hunt is not None and hunt.state in (HuntState.QUEUED, HuntState.RUNNING):
        services.failed(hunt, job.error)


def failed_redaction(job: Job) -> None:
    """There is no report without names."""
    hunt = Hunt.objects.filter(pk=job.subject).first()
    if hunt is not None:
        services.redacted(hunt, job.error)


def _hunt(job: Job) -> Hunt:
    return Hunt.objects.select_related("campaign", "by").get(pk=job.subject)


TASKS = {
    services.RUN: run_hunt,
    services.REDACT: run_redaction,
    services.CLAIM: run_claim,
}
ON_FAILURE = {services.RUN: failed, services.REDACT: failed_redaction}
