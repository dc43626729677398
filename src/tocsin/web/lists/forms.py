"""The form of a saved view."""

from __future__ import annotations

from typing import Any

from django import forms

from tocsin.report.visible import visible
from tocsin.web.accounts.models import Role, User
from tocsin.web.campaigns.models import Campaign
from tocsin.web.lists.kept import kept, page_of
from tocsin.web.lists.models import SavedView


class ViewForm(forms.Form):
    """A name, and whether others see it; a new view also says of which list it is."""

    name = forms.CharField(max_length=80, label="Name")
    shared = forms.BooleanField(
        required=False,
        label="Show it to everybody in this campaign",
        help_text="Others can open a shared view; only you and administrators can change it.",
    )

    def __init__(self, *args: Any, of: SavedView, role: Role, **more: Any) -> None:  # noqa: ANN401 Django's own
        super().__init__(*args, **more)
        self._of = of
        if role.rank < Role.ANALYST.rank:
            del self.fields["shared"]

    def clean_name(self) -> str:
        """Each name once for a person and a list, and what others read can be seen whole."""
        name: str = self.cleaned_data["name"]
        if visible(name) != name:
            raise forms.ValidationError("It holds characters that cannot be seen; remove them.")
        of = self._of
        others = SavedView.objects.filter(
            user_id=of.user_id, campaign_id=of.campaign_id, listing=of.listing, name=name
        )
        if others.exclude(pk=of.pk).exists():
            raise forms.ValidationError("There is a view of this name already.")
        return name


class PlaceForm(forms.Form):
    """Which list a new view is of, and what it keeps of the address."""

    listing = forms.CharField(max_length=32)
    query = forms.CharField(max_length=2000, required=False)

    def view(self, user: User, campaign: Campaign) -> SavedView | None:
        """A view that is not saved yet; None where there is no such list."""
        if not self.is_valid() or page_of(self.cleaned_data["listing"], campaign) is None:
            return None
        return SavedView(
            user=user,
            campaign=campaign,
            listing=self.cleaned_data["listing"],
            query=kept(self.cleaned_data["query"])[:2000],
        )
