"""What people enter of organisations and constituencies; services check it."""

from __future__ import annotations

from django import forms

from tocsin.web.organisations.models import ClaimKind, Constituency, ContactKind


class ConstituencyForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's takes none at run time
    """A new constituency."""

    class Meta:
        """Its name, and the part of addresses that stands for it."""

        model = Constituency
        fields = ("name", "slug")
        labels = {"slug": "Short name"}
        help_texts = {"slug": "Letters, digits and hyphens; it stands in addresses."}


class ListForm(forms.Form):
    """A list to import."""

    file = forms.FileField(
        label="List",
        help_text="A CSV or JSON file in UTF-8. You see what would change before anything does.",
    )


class FieldsForm(forms.Form):
    """What a list says of an organisation, as a person corrects it."""

    sector = forms.CharField(max_length=100, required=False, label="Sector")
    country = forms.CharField(max_length=2, required=False, label="Country", help_text="NL")
    region = forms.CharField(max_length=100, required=False, label="Region")
    language = forms.CharField(
        max_length=35, required=False, label="Language", help_text="nl, de-CH"
    )


class OrganisationForm(FieldsForm):
    """An organisation that no list has."""

    name = forms.CharField(max_length=200, label="Name")
    field_order = ("name", "sector", "country", "region", "language")


class ClaimForm(forms.Form):
    """What tells which hosts are theirs."""

    kind = forms.ChoiceField(choices=ClaimKind.choices, label="Kind")
    value = forms.CharField(
        max_length=2000,
        label="Which",
        help_text="Several between blanks: 192.0.2.0/24 198.51.100.0/24",
    )
    reason = forms.CharField(
        max_length=500,
        required=False,
        label="Why",
        help_text="Needed for a host. Others read it beside the claim.",
    )


class ContactForm(forms.Form):
    """A way to reach them."""

    kind = forms.ChoiceField(choices=ContactKind.choices, label="Kind")
    value = forms.CharField(max_length=500, label="Address, number or fingerprint")
    name = forms.CharField(max_length=200, required=False, label="Who it is")
    language = forms.CharField(max_length=35, required=False, label="Language")
    note = forms.CharField(max_length=500, required=False, label="Note")
    first = forms.BooleanField(required=False, label="Before all others")


class DescribeForm(forms.Form):
    """What stands beside a contact, and the contact itself where it is wrong."""

    value = forms.CharField(max_length=500, label="Address, number or fingerprint")
    name = forms.CharField(max_length=200, required=False, label="Who it is")
    language = forms.CharField(max_length=35, required=False, label="Language")
    note = forms.CharField(max_length=500, required=False, label="Note")
