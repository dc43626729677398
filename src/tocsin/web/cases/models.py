"""Cases: compromised or disputed hosts that a person follows."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from tocsin.web.campaigns.models import Tlp


class CaseKind(models.TextChoices):
    """Why there is a case."""

    COMPROMISED = "compromised", "Compromised"
    DISPUTED = "disputed", "Disputed"


class CaseState(models.TextChoices):
    """Where it is."""

    OPEN = "open", "Open"
    WITH_OWNER = "with_owner", "With the owner"
    RESOLVED = "resolved", "Resolved"
    REJECTED = "rejected", "Unfounded"


class Case(models.Model):
    """A host that somebody follows.

    `host` is the asset's key: the asset may be worked out anew, the case stays. `because` says why
    it was opened. `number` counts from 1 in each campaign.
    """

    campaign = models.ForeignKey(
        "campaigns.Campaign", on_delete=models.CASCADE, related_name="cases"
    )
    number = models.PositiveIntegerField()
    host = models.CharField(max_length=255)
    organisation = models.ForeignKey(
        "organisations.Organisation",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="cases",
    )
    kind = models.CharField(max_length=16, choices=CaseKind)
    state = models.CharField(max_length=16, choices=CaseState, default=CaseState.OPEN)
    tlp = models.CharField(max_length=16, choices=Tlp, default=Tlp.AMBER)
    because = models.TextField()
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="cases",
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first."""

        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="case_number"),
        ]
        indexes = [models.Index(fields=["campaign", "host"], name="case_host")]

    def __str__(self) -> str:
        return f"case {self.number}: {self.host}"


class CaseNote(models.Model):
    """What somebody wrote; never changed, since others acted on it."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notes")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    text = models.TextField()

    class Meta:
        """In order of time."""

        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
