"""Campaigns, and how they stood over time."""

from __future__ import annotations

from django.db import models
from django.urls import reverse


class Tlp(models.TextChoices):
    """The Traffic Light Protocol. Source: FIRST, TLP 2.0 (2022)."""

    CLEAR = "clear", "TLP:CLEAR"
    GREEN = "green", "TLP:GREEN"
    AMBER = "amber", "TLP:AMBER"
    AMBER_STRICT = "amber+strict", "TLP:AMBER+STRICT"
    RED = "red", "TLP:RED"


class Campaign(models.Model):
    """A pack and a constituency.

    `cves` is what is asked of each host: the pack's when the campaign was made. `totals` is what
    the last assessment counted, `as_of` the time of the newest row that it knew, `assessed_at`
    when it was made. `saving_by` names the one that is being saved, and `saving_at` is its last
    sign of life: until it is empty, hosts and totals are of different assessments. `next_import`
    numbers imports from 1.
    """

    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    pack = models.CharField(max_length=64)
    cves = models.JSONField(default=list)
    constituency = models.ForeignKey(
        "organisations.Constituency", on_delete=models.PROTECT, related_name="campaigns"
    )
    tlp = models.CharField(max_length=16, choices=Tlp, default=Tlp.AMBER)
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    vulnerable_holds_days = models.PositiveSmallIntegerField(default=7)
    absent_after = models.PositiveSmallIntegerField(default=2)
    next_import = models.PositiveIntegerField(default=1)
    assessed_at = models.DateTimeField(null=True, blank=True)
    as_of = models.DateTimeField(null=True, blank=True)
    saving_by = models.CharField(max_length=32, blank=True, default="")
    saving_at = models.DateTimeField(null=True, blank=True)
    totals = models.JSONField(default=dict, blank=True)

    class Meta:
        """Newest first."""

        ordering = ["-opened_at"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("dashboard:campaign", kwargs={"campaign": self.slug})


class Point(models.Model):
    """How a campaign stood at the end of a day (UTC), by what is known of that day now.

    `counts` holds, for ``assets`` and ``organisations``, ``red``, ``yellow``, ``green``,
    ``compromised``, ``vanished``: `tocsin.web.assessing` writes it.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="points")
    at = models.DateTimeField()
    counts = models.JSONField()

    class Meta:
        """In order of time, one for each."""

        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "at"], name="one_point_at_a_time")
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.at:%Y-%m-%d}"
