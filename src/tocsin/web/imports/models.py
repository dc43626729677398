"""Imports of scan feeds. Observations lie here exactly as received; nothing is judged."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ImportState(models.TextChoices):
    """Where an import is."""

    UPLOADED = "uploaded", "Uploaded, not yet decided"
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    UNDONE = "undone", "Undone"
    DISCARDED = "discarded", "Discarded"


class Import(models.Model):
    """One upload: a file of a feed, packed or in an archive.

    `number` counts from 1 in each campaign. `feed` is what a person chose, ``auto`` otherwise;
    `mapping` says which column of a free CSV file holds what; `host` is what an owner's result is
    about. `sha256` is that of the file as uploaded, `stored_as` its name below the desk's files.
    `observations`, `rejected` and `repeated` count rows: stored, in quarantine, and those of files
    that an earlier import holds. `earliest` and `latest` are the times of its rows.
    `effect` counts what the assessment found new because of it, by `Change`.
    """

    campaign = models.ForeignKey(
        "campaigns.Campaign", on_delete=models.CASCADE, related_name="imports"
    )
    number = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    file_name = models.CharField(max_length=255)
    stored_as = models.CharField(max_length=255, blank=True)
    size_bytes = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, db_index=True)
    feed = models.CharField(max_length=32, default="auto")
    mapping = models.JSONField(default=dict, blank=True)
    host = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=16, choices=ImportState, default=ImportState.UPLOADED)
    job = models.ForeignKey(
        "work.Job", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    finished_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    error = models.TextField(blank=True)
    observations = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    repeated = models.PositiveBigIntegerField(default=0)
    earliest = models.DateTimeField(null=True, blank=True)
    latest = models.DateTimeField(null=True, blank=True)
    effect = models.JSONField(default=dict, blank=True)

    class Meta:
        """Newest first."""

        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="numbered_in_a_campaign")
        ]

    def __str__(self) -> str:
        return f"import {self.number}"


class FeedFile(models.Model):
    """One file of an import: its name (with the archive it came in), its unpacked content's hash.

    The same content is stored once in a campaign, and an owner's result once for each `host` that
    it is about; `host` is empty for every other feed.
    """

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="+")
    part_of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="files")
    feed = models.CharField(max_length=32)
    name = models.CharField(max_length=1000)
    sha256 = models.CharField(max_length=64)
    host = models.CharField(max_length=255, blank=True, default="")
    observations = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)

    class Meta:
        """Content once in a campaign, and for an owner's result once for each host."""

        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "sha256", "feed", "host"], name="content_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Observation(models.Model):
    """One row as received: the fields of `tocsin.campaign.observation.Observation`.

    `host` is the key that the row is gathered by: the address, or the name in lower case. Lists
    are JSON text, empty where there is nothing. `tocsin.web.imports.rows` converts both ways.
    """

    # Rows come in bulk below a file that was just made, and go before it does: having the database
    # look for the file of each of them costs PostgreSQL a quarter of its time.
    file = models.ForeignKey(
        FeedFile, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    row = models.PositiveBigIntegerField()
    host = models.CharField(max_length=255)
    time = models.DateTimeField(null=True)
    ip = models.CharField(max_length=45, blank=True)
    port = models.PositiveIntegerField(null=True)
    hostname = models.TextField(blank=True)
    server_name = models.TextField(blank=True)
    asn = models.BigIntegerField(null=True)
    country = models.CharField(max_length=16, blank=True)
    sector = models.TextField(blank=True)
    about_exchange = models.BooleanField(default=True)
    builds = models.TextField(blank=True)
    names = models.TextField(blank=True)
    tags = models.TextField(blank=True)
    evidence = models.TextField(blank=True)
    claims = models.TextField(blank=True)
    extra = models.TextField(blank=True)

    class Meta:
        """Looked up by file, which is removed as a whole, and by host."""

        indexes = [models.Index(fields=["host"], name="observation_host")]

    def __str__(self) -> str:
        return f"{self.host}, row {self.row}"


class RejectedState(models.TextChoices):
    """What became of a row that could not be read."""

    OPEN = "open", "In quarantine"
    READ = "read", "Read at a later try"
    DISMISSED = "dismissed", "Put aside by a person"


class Rejected(models.Model):
    """A row that could not be read, and why; `row` is None where the whole file is meant.

    `ip` and `evidence` are what could be told of it all the same: a sign of a web shell counts.
    """

    part_of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rejected_rows")
    file_name = models.CharField(max_length=1000)
    file_sha256 = models.CharField(max_length=64, blank=True)
    feed = models.CharField(max_length=32)
    row = models.PositiveBigIntegerField(null=True)
    code = models.CharField(max_length=64)
    detail = models.TextField()
    ip = models.CharField(max_length=45, blank=True)
    evidence = models.TextField(blank=True)
    state = models.CharField(max_length=16, choices=RejectedState, default=RejectedState.OPEN)

    class Meta:
        """In the order of the file."""

        ordering = ["file_name", "row", "id"]
        indexes = [models.Index(fields=["part_of", "state"], name="quarantine")]

    def __str__(self) -> str:
        return f"{self.file_name}, row {self.row}: {self.code}"
