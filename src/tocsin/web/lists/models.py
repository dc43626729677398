"""Saved views of lists."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class SavedView(models.Model):
    """Filters, order and search of one list, under a name.

    `listing` names the list (``assets``), `query` is the part of the address behind ``?``. What is
    `shared` is seen by all who may see the campaign.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views"
    )
    campaign = models.ForeignKey(
        "campaigns.Campaign", on_delete=models.CASCADE, related_name="saved_views"
    )
    listing = models.CharField(max_length=32)
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=2000, blank=True)
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """One view of a name for each person, campaign and list."""

        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "campaign", "listing", "name"], name="one_view_of_a_name"
            )
        ]

    def __str__(self) -> str:
        return self.name
