"""Forms of campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from tocsin.knowledge.packs import Pack
from tocsin.web.accounts.models import Role, User
from tocsin.web.campaigns.models import Campaign
from tocsin.web.campaigns.queries import described, pack_of

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Campaign]
else:
    _ModelForm = forms.ModelForm  # of no kind at run time

_DAYS, _SCANS = (1, 365), (1, 100)
_LABELS = {
    "vulnerable_holds_days": "A vulnerable build counts for (days)",
    "absent_after": "Vanished after so many scans without it",
    "tlp": "Traffic Light Protocol",
}
_HELP = {
    "vulnerable_holds_days": "So long it counts beside newer rows that show three parts of a "
    "build only. After that the host is yellow, for it may have been updated since.",
    "absent_after": "Only whole scans of a feed that saw the host before are counted. Vanished "
    "is not fixed.",
    "tlp": "Shown on every page of the campaign, and the mark of its exports.",
}


class CampaignForm(_ModelForm):
    """Name, mark, CVEs and rules of a campaign."""

    cves = forms.MultipleChoiceField(
        label="CVEs",
        widget=forms.CheckboxSelectMultiple,
        help_text="Each host is judged for these. Its colour is the worst over those that a "
        "build settles.",
        error_messages={"required": "Choose at least one CVE."},
    )

    class Meta:
        """The fields, in the order of the page."""

        model = Campaign
        fields = ["name", "tlp", "cves", "vulnerable_holds_days", "absent_after"]
        labels = _LABELS
        help_texts = _HELP

    def __init__(self, *args: Any, pack: Pack | None, **kwargs: Any) -> None:  # noqa: ANN401 Django's signature
        super().__init__(*args, **kwargs)
        known = list(pack.about.cves) if pack is not None else []
        # What was chosen under older knowledge stays to be chosen.
        known += [cve for cve in self.instance.cves or () if cve not in known]
        cves = self.fields["cves"]
        if isinstance(cves, forms.MultipleChoiceField):
            cves.choices = described(known)
        for name, (least, most) in (("vulnerable_holds_days", _DAYS), ("absent_after", _SCANS)):
            field = self.fields[name]
            field.validators += [MinValueValidator(least), MaxValueValidator(most)]
            field.widget.attrs |= {"min": least, "max": most}


class NewCampaignForm(CampaignForm):
    """A new campaign: whose hosts it is about comes with it."""

    class Meta(CampaignForm.Meta):
        """The constituency cannot be changed later: owners hang on it."""

        fields = ["name", "constituency", "tlp", "cves", "vulnerable_holds_days", "absent_after"]
        help_texts = {
            **_HELP,
            "constituency": "Those whom you look after. It cannot be changed later.",
        }


class MemberForm(forms.Form):
    """A person, named as they sign in, and their role."""

    username = forms.CharField(
        label="User name",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.VIEWER)

    def clean_username(self) -> str:
        """There must be somebody of this name who may sign in."""
        name: str = self.cleaned_data["username"]
        self.user = User.objects.filter(username=name, is_active=True).first()
        if self.user is None:
            raise forms.ValidationError(
                "Nobody of this name may sign in. An administrator of the desk adds people."
            )
        return name


class RoleForm(forms.Form):
    """Another role for somebody who has one."""

    role = forms.ChoiceField(label="Role", choices=Role.choices)


def settings_form(campaign: Campaign, data: Any = None) -> CampaignForm:  # noqa: ANN401 what was posted
    """The form of a campaign that is there."""
    return CampaignForm(data, instance=campaign, pack=pack_of(campaign.pack))
