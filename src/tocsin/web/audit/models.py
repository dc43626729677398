"""Decisions: what was done, in a chain that shows when a link was changed or taken out."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models

LONGEST = 200
"""Characters of a person, and of what a decision is about; the rest is cut off."""


class Decision(models.Model):
    """One link of the chain. The database itself refuses to change or delete it (triggers).

    `number` counts from 1 without gaps. `detail` is canonical JSON, as it was hashed. `hash` is
    SHA-256 over the link and `previous`, the hash before it.
    """

    number = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="decisions"
    )
    actor_name = models.CharField(max_length=LONGEST)
    campaign = models.ForeignKey(
        "campaigns.Campaign", null=True, on_delete=models.PROTECT, related_name="decisions"
    )
    action = models.CharField(max_length=64, db_index=True)
    subject = models.CharField(max_length=LONGEST)
    detail = models.TextField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        """The order of the chain."""

        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.number}: {self.action} {self.subject}"

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:  # noqa: ANN401 Django's signature
        """Refuse."""
        raise TypeError("a decision is never deleted")
