"""What people enter about a host."""

from __future__ import annotations

from typing import Any

from django import forms

from tocsin.web.campaigns.models import Campaign
from tocsin.web.organisations.models import Organisation


class OwnerForm(forms.Form):
    """Whose a host is, and why. The name is typed: there may be thousands of organisations."""

    organisation = forms.CharField(
        max_length=200,
        label="Organisation",
        help_text="Its name as in the list of organisations.",
        widget=forms.TextInput(attrs={"list": "organisation-names", "autocomplete": "off"}),
    )
    reason = forms.CharField(
        max_length=500, label="Why it is theirs", help_text="Others read it beside the host."
    )

    def __init__(self, campaign: Campaign, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 as Form's
        super().__init__(*args, **kwargs)
        self.campaign = campaign

    def clean_organisation(self) -> Organisation:
        """The organisation of this name; upper and lower case make no difference."""
        name = self.cleaned_data["organisation"]
        own = Organisation.objects.filter(constituency=self.campaign.constituency_id)
        found = own.filter(name=name).first() or own.filter(name__iexact=name).first()
        if found is None:
            raise forms.ValidationError("There is no organisation of this name.")
        return found
