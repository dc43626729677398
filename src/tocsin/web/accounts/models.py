"""People and their roles."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from tocsin.web.audit.models import LONGEST


class Role(models.TextChoices):
    """What a person may do in a campaign; each may do what those before it may."""

    VIEWER = "viewer", "Viewer"
    ANALYST = "analyst", "Analyst"
    APPROVER = "approver", "Approver"
    ADMINISTRATOR = "administrator", "Administrator"

    @property
    def rank(self) -> int:
        """Its place, the least first, from 0."""
        return list(Role).index(self)


class User(AbstractUser):
    """A person. Nobody is deleted, since decisions name them: `is_active` is taken away instead.

    An administrator of the desk is an administrator of every campaign.
    """

    is_administrator = models.BooleanField(
        "administrator of the desk",
        default=False,
        help_text="Manages people and campaigns, and may do everything in each campaign.",
    )

    class Meta:
        """Order and names."""

        ordering = ["username"]
        verbose_name = "person"
        verbose_name_plural = "people"

    def __str__(self) -> str:
        """Their name, and that by which they sign in, which is nobody else's for sure."""
        shown = self.get_full_name()[: LONGEST - len(self.username) - len(" ()")].strip()
        return f"{shown} ({self.username})" if shown else self.username


class Membership(models.Model):
    """A person's role in a campaign."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    campaign = models.ForeignKey(
        "campaigns.Campaign", on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=16, choices=Role, default=Role.VIEWER)

    class Meta:
        """One role for each person and campaign."""

        constraints = [
            models.UniqueConstraint(fields=["user", "campaign"], name="one_role_in_a_campaign")
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"
