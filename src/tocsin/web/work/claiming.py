"""Which job a worker takes, and what it writes when it lets go of it.

Workers may run on several machines. `started_at` is the claim's token: a worker whose job was
given to another, because it seemed dead, no longer matches and writes nothing.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from tocsin.web.work.models import Job, JobState

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet

DEAD_AFTER = timedelta(minutes=2)
"""A worker that has not said for so long that it lives does not."""
MOST_ATTEMPTS = 3
_LOCK = 0x70C52
"""PostgreSQL's advisory lock of claiming, so that two never begin what excludes each other."""
_LONG_WAIT_S = 1.0


def claim(beside_each_other: Collection[str] = ()) -> Job | None:
    """The oldest job that may begin, now marked as running; None where there is none.

    One job of a kind runs in a campaign at a time, unless `beside_each_other` names the kind, and
    one of a kind on a subject always. A job whose worker died is taken up again.
    """
    if not _may_begin(beside_each_other).exists():
        return None
    began_s = time.monotonic()
    with transaction.atomic():
        _only_one_claims()
        if time.monotonic() - began_s > _LONG_WAIT_S:
            # On SQLite somebody wrote all the time; who could not say that it lives may do so now.
            return None
        waiting = _may_begin(beside_each_other).select_for_update(
            no_key=True,
            skip_locked=connection.features.has_select_for_update_skip_locked,
            of=("self",),
        )
        job = waiting.first()
        if job is not None:
            _begin(job)
        return job


def _begin(job: Job) -> None:
    job.state = JobState.RUNNING
    job.attempts += 1
    job.started_at = job.heartbeat_at = _now()
    job.finished_at = None
    job.done = job.total = 0
    job.message = job.error = ""
    job.save()


def _only_one_claims() -> None:
    """From here to the end of the transaction. On SQLite only one writes anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _may_begin(beside_each_other: Collection[str]) -> QuerySet[Job]:
    dead_since = _now() - DEAD_AFTER
    like = Job.objects.filter(
        state=JobState.RUNNING, heartbeat_at__gte=dead_since, kind=OuterRef("kind")
    )
    in_campaign = like.filter(campaign=OuterRef("campaign")).exclude(kind__in=beside_each_other)
    on_subject = like.filter(subject=OuterRef("subject"))
    waits = Q(state=JobState.QUEUED)
    orphaned = Q(state=JobState.RUNNING, heartbeat_at__lt=dead_since, attempts__lt=MOST_ATTEMPTS)
    free = Job.objects.filter(waits | orphaned)
    return free.exclude(Exists(in_campaign)).exclude(Exists(on_subject)).order_by("id")


def given_up() -> list[Job]:
    """Mark as failed, and give, jobs whose workers died as often as is tried."""
    dead = Job.objects.filter(
        state=JobState.RUNNING,
        heartbeat_at__lt=_now() - DEAD_AFTER,
        attempts__gte=MOST_ATTEMPTS,
    )
    error = f"It was begun {MOST_ATTEMPTS} times, and each time its worker died."
    return [job for job in dead if finish(job, error=error)]


def finish(job: Job, *, error: str = "") -> bool:
    """Mark as done, or as failed with `error`; False where the job is no longer this worker's."""
    now = _now()
    ended = JobState.FAILED if error else JobState.DONE
    return _let_go(job, state=ended, error=error, finished_at=now, heartbeat_at=now)


def give_back(job: Job, *, counts: bool) -> bool:
    """Put the job back into the queue. An attempt that was broken off on purpose counts not."""
    attempts = job.attempts if counts else job.attempts - 1
    return _let_go(job, state=JobState.QUEUED, attempts=attempts, heartbeat_at=None, message="")


def _let_go(job: Job, **changes: object) -> bool:
    mine = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, started_at=job.started_at)
    return bool(mine.update(**changes))


def _now() -> datetime:
    return datetime.now(UTC)
