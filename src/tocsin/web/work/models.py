"""Jobs: what a worker has to do, and how far it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import models
from django.urls import reverse

_LONG = timedelta(seconds=30)


class JobState(models.TextChoices):
    """Where a job is."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


OPEN = frozenset({JobState.QUEUED, JobState.RUNNING})
"""The states of a job of which more may come."""


class Job(models.Model):
    """One piece of work.

    `kind` names a task (``imports.run``), which a `TASKS` of some app's `tasks` module holds;
    `subject` is the key of what it is about. A worker that died leaves `heartbeat_at` behind, so
    that another takes the job up again, three times at most.
    """

    kind = models.CharField(max_length=64)
    subject = models.BigIntegerField()
    campaign = models.ForeignKey(
        "campaigns.Campaign", null=True, on_delete=models.CASCADE, related_name="jobs"
    )
    state = models.CharField(max_length=16, choices=JobState, default=JobState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    message = models.CharField(max_length=500, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        """Oldest first; what waits is found quickly."""

        ordering = ["id"]
        indexes = [models.Index(fields=["state", "id"], name="job_waiting")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}: {self.state}"

    def get_absolute_url(self) -> str:
        """Where its progress is shown."""
        return reverse("work:job", kwargs={"pk": self.pk})

    @property
    def is_open(self) -> bool:
        """Whether more may come of it."""
        return self.state in OPEN

    @property
    def waits_long(self) -> bool:
        """Whether no worker took it for so long that perhaps none runs."""
        return self.state == JobState.QUEUED and datetime.now(UTC) - self.created_at > _LONG

    @property
    def percent(self) -> int | None:
        """How far it is, 0 to 100; None where nobody can say."""
        return min(100, self.done * 100 // self.total) if self.total else None
