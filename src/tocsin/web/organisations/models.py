"""The constituency: organisations, what is theirs, and how to reach them.

What a person entered and what a list said are kept apart. A list that is imported anew changes
what came from lists and never undoes what a person corrected.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Origin(models.TextChoices):
    """Where a fact comes from."""

    MANUAL = "manual", "Entered by a person"
    IMPORTED = "imported", "From a list"


class Constituency(models.Model):
    """Those whom a CSIRT looks after. `notes` are what the last import of its list said."""

    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    imported_at = models.DateTimeField(null=True, blank=True)
    notes = models.JSONField(default=list, blank=True)

    class Meta:
        """By name."""

        ordering = ["name"]
        verbose_name_plural = "constituencies"

    def __str__(self) -> str:
        return self.name


class Organisation(models.Model):
    """One organisation.

    `sector`, `country`, `region` and `language` hold what counts: what the list says (`imported`,
    by field), unless a person corrected the field (`corrected` names it). `gone_at` is when a
    list no longer had it; it stays, since hosts and decisions speak of it.
    """

    constituency = models.ForeignKey(
        Constituency, on_delete=models.CASCADE, related_name="organisations"
    )
    name = models.CharField(max_length=200)
    sector = models.CharField(max_length=100, blank=True, db_index=True)
    country = models.CharField(max_length=2, blank=True)
    region = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=35, blank=True)
    origin = models.CharField(max_length=16, choices=Origin, default=Origin.IMPORTED)
    imported = models.JSONField(default=dict, blank=True)
    corrected = models.JSONField(default=list, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """By name, which is unique in a constituency."""

        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["constituency", "name"], name="one_organisation_of_a_name"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Held(models.Model):
    """What all facts of an organisation share.

    `withdrawn_at` is when a person took it away: it no longer counts, and a list that still names
    it does not bring it back. `gone_at` is when a list no longer had it.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    origin = models.CharField(max_length=16, choices=Origin, default=Origin.IMPORTED)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """No table of its own."""

        abstract = True

    @property
    def counts(self) -> bool:
        """Whether it is used."""
        return self.withdrawn_at is None and self.gone_at is None


class ClaimKind(models.TextChoices):
    """What tells whose a host is."""

    NETWORK = "network", "Network"
    DOMAIN = "domain", "Domain"
    ASN = "asn", "Autonomous system"
    HOST = "host", "Host, assigned by hand"


class Claim(Held):
    """A network (CIDR), a domain, an autonomous system (its number) or a host of an organisation.

    `reason` says why a person assigned a host, `by` who.
    """

    kind = models.CharField(max_length=16, choices=ClaimKind)
    value = models.CharField(max_length=255)
    reason = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Each once for an organisation."""

        ordering = ["kind", "value"]
        default_related_name = "claims"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "kind", "value"], name="claimed_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class ContactKind(models.TextChoices):
    """How it reaches somebody."""

    EMAIL = "email", "Mail"
    PHONE = "phone", "Telephone"
    WEB = "web", "Web page"
    POST = "post", "Post"
    KEY = "key", "Key or certificate"


class Contact(Held):
    """A way to reach an organisation, or a key to write to it with. Personal data.

    `position` orders them, the first choice first. `value` is a mail address, a number, a URI or a
    fingerprint.
    """

    kind = models.CharField(max_length=16, choices=ContactKind)
    value = models.CharField(max_length=500)
    name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=35, blank=True)
    note = models.CharField(max_length=500, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        """The first choice first."""

        ordering = ["position", "id"]
        default_related_name = "contacts"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "kind", "value"], name="reached_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"
