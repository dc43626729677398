"""What a hunt said of a host from the inside."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class HuntKind(models.TextChoices):
    """What was uploaded."""

    RESULT = "result", "A result of tocsin hunt"
    EVIDENCE = "evidence", "Evidence of a server"


class HuntState(models.TextChoices):
    """Where it is."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Hunt(models.Model):
    """One upload and what came of it.

    `host` is the asset's key that it is about. `stored_as` is the upload, `folder` what the
    hunt wrote (``result.json``, ``report.html``), both below the desk's files. `level` and
    `assurance` are the verdict's. An owner's result is a claim, and shown as one.
    """

    campaign = models.ForeignKey(
        "campaigns.Campaign", on_delete=models.CASCADE, related_name="hunts"
    )
    number = models.PositiveIntegerField()
    host = models.CharField(max_length=255, blank=True)
    kind = models.CharField(max_length=16, choices=HuntKind)
    state = models.CharField(max_length=16, choices=HuntState, default=HuntState.QUEUED)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    file_name = models.CharField(max_length=255)
    stored_as = models.CharField(max_length=255, blank=True)
    folder = models.CharField(max_length=255, blank=True)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField(default=0)
    job = models.ForeignKey(
        "work.Job", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    level = models.CharField(max_length=24, blank=True)
    assurance = models.CharField(max_length=16, blank=True)
    summary = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        """Newest first."""

        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="hunt_number"),
        ]
        indexes = [models.Index(fields=["campaign", "host"], name="hunt_host")]

    def __str__(self) -> str:
        return f"hunt {self.number}: {self.file_name}"
