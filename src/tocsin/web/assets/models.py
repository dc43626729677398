"""Hosts of a campaign, as the last assessment saw them. Everything here can be worked out anew.

`tocsin.web.assessing` writes these tables from what `tocsin.campaign` says, and nobody else does.
"""

from __future__ import annotations

from django.db import models

from tocsin.campaign.merge import Colour as CampaignColour
from tocsin.campaign.transitions import Change as CampaignChange


class Colour(models.TextChoices):
    """The colours of `tocsin.campaign.merge`."""

    RED = CampaignColour.RED.value, "Red: vulnerable or compromised"
    YELLOW = CampaignColour.YELLOW.value, "Yellow: not known"
    GREEN = CampaignColour.GREEN.value, "Green: not vulnerable"


class Change(models.TextChoices):
    """The changes of `tocsin.campaign.transitions`."""

    FIRST_SEEN = CampaignChange.FIRST_SEEN.value, "First seen"
    FIXED = CampaignChange.FIXED.value, "Fixed"
    VULNERABLE_AGAIN = CampaignChange.VULNERABLE_AGAIN.value, "Vulnerable again"
    VANISHED = CampaignChange.VANISHED.value, "Vanished"
    BACK = CampaignChange.BACK.value, "Back"


class Asset(models.Model):
    """One host: an address, or a name where no address is known.

    `key` is `tocsin.campaign.sightings.Gathered.key`. `colour` is the worst over the CVEs that a
    build settles. `compromised` says that there are signs of compromise (`evidence` names them);
    `signs_noticed_in` is the first import that counts and holds one. `doubts` are why it is
    yellow. `build` is the lowest build of the servers that count, `cu` its cumulative update;
    `support` the state of support. `provider` is what signs of providers, front ends and decoys
    say. `owner` is whose it is by `owner_step`, `owner_reason`, with `owner_confidence`; None
    where nobody can be named. `sector` and `region` are the owner's, or else the feed's. `story`
    is the host as `tocsin.campaign.host_json` tells it.
    """

    campaign = models.ForeignKey(
        "campaigns.Campaign", on_delete=models.CASCADE, related_name="assets"
    )
    key = models.CharField(max_length=255)
    ip = models.CharField(max_length=45, blank=True)
    place = models.BinaryField(max_length=17)
    """Orders addresses as numbers: version and 16 bytes; names come last."""
    hostname = models.CharField(max_length=255, blank=True)
    colour = models.CharField(max_length=8, choices=Colour)
    compromised = models.BooleanField(default=False)
    vanished = models.BooleanField(default=False)
    owner_reports_fixed = models.BooleanField(default=False)
    claimed = models.BooleanField(default=False)
    doubts = models.CharField(max_length=200, blank=True)
    evidence = models.CharField(max_length=500, blank=True)
    signs_noticed_in = models.ForeignKey(
        "imports.Import", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    build = models.CharField(max_length=32, blank=True)
    product = models.CharField(max_length=64, blank=True)
    cu = models.CharField(max_length=64, blank=True)
    support = models.CharField(max_length=32, blank=True)
    servers = models.PositiveSmallIntegerField(default=1)
    country = models.CharField(max_length=16, blank=True)
    region = models.CharField(max_length=100, blank=True)
    sector = models.CharField(max_length=100, blank=True)
    provider = models.CharField(max_length=200, blank=True)
    owner = models.ForeignKey(
        "organisations.Organisation",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="assets",
    )
    owner_step = models.CharField(max_length=16, default="nobody")
    owner_confidence = models.CharField(max_length=8, default="low")
    owner_reason = models.TextField(blank=True)
    first_seen = models.DateTimeField(null=True)
    last_seen = models.DateTimeField(null=True)
    story = models.JSONField(default=dict)

    class Meta:
        """In order of address."""

        ordering = ["place", "key"]
        constraints = [models.UniqueConstraint(fields=["campaign", "key"], name="one_host")]
        indexes = [
            models.Index(fields=["campaign", "colour"], name="asset_colour"),
            models.Index(fields=["campaign", "owner"], name="asset_owner"),
            models.Index(fields=["campaign", "place", "key"], name="asset_place"),
            # Holds all that the campaign page counts: the rows themselves, with their stories, are
            # a hundred times as large.
            models.Index(
                fields=[
                    *("campaign", "compromised", "vanished", "colour", "support", "cu", "sector"),
                    *("region", "provider", "doubts", "claimed", "owner_reports_fixed", "owner"),
                ],
                name="asset_counts",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Exposure(models.Model):
    """One CVE on one host: the set of words (``vulnerable,undetermined``, worst first)."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="exposures")
    cve = models.CharField(max_length=20)
    statuses = models.CharField(max_length=120)
    colour = models.CharField(max_length=8, choices=Colour)
    doubts = models.CharField(max_length=200, blank=True)

    class Meta:
        """By number."""

        ordering = ["cve"]
        constraints = [models.UniqueConstraint(fields=["asset", "cve"], name="one_exposure")]
        indexes = [models.Index(fields=["cve", "colour"], name="exposure_colour")]

    def __str__(self) -> str:
        return f"{self.cve}: {self.statuses}"


class Transition(models.Model):
    """A change between two times (UTC).

    `noticed_in` is the import after which it was told for the first time, so that "new since the
    last import" has rows. `after` is None for the first sight.
    """

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="transitions")
    change = models.CharField(max_length=20, choices=Change)
    cve = models.CharField(max_length=20, blank=True)
    server = models.CharField(max_length=255, blank=True)
    after = models.DateTimeField(null=True)
    before = models.DateTimeField()
    builds = models.CharField(max_length=200, blank=True)
    noticed_in = models.ForeignKey(
        "imports.Import", null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        """In order of time."""

        ordering = ["before", "id"]
        indexes = [models.Index(fields=["noticed_in", "change"], name="noticed_change")]

    def __str__(self) -> str:
        return f"{self.change} {self.cve}"
