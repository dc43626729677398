"""What people fill in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django import forms

from tocsin.campaign.feed import all_feeds
from tocsin.campaign.observing import AUTO, COLUMNS, Asked
from tocsin.web.imports.mapping import LABELS, proposed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FREE = tuple(name for name, feed in all_feeds().items() if feed.needs_mapping)
"""Feeds that need a mapping: CSV files of any kind."""
_KEY = re.compile(r"[0-9]{1,18}")
_MAP = "map_"
_NOWHERE = ("", "– not in this file –")


class UploadForm(forms.Form):
    """A file of a feed."""

    file = forms.FileField(
        label="File of a scan feed",
        max_length=1000,
        allow_empty_file=True,
        help_text="Choose it, or drop it onto the field. It may be packed (gz, bz2, xz, zst), or "
        "lie in an archive (zip, tar, 7z) with others. Its content tells which feed it is.",
    )


class MappingForm(forms.Form):
    """Which column of a free CSV file holds what."""

    def __init__(self, data: Mapping[str, str] | None, *, columns: Sequence[str]) -> None:
        """With a field for each of our names; none where there are no columns."""
        super().__init__(data)
        self.columns = tuple(dict.fromkeys(columns))
        if self.columns:
            choices = [_NOWHERE, *((name, name) for name in self.columns)]
            for ours in COLUMNS:
                self.fields[f"{_MAP}{ours}"] = forms.ChoiceField(
                    label=LABELS[ours], choices=choices, required=False
                )

    @property
    def mapping_fields(self) -> list[forms.BoundField]:
        """The fields of the mapping."""
        return [self[name] for name in self.fields if name.startswith(_MAP)]

    def mapping(self) -> dict[str, str]:
        """What was chosen; call it once the form is valid."""
        return {
            ours: column
            for ours in COLUMNS
            if (column := self.cleaned_data.get(f"{_MAP}{ours}", ""))
        }

    def clean(self) -> dict[str, object] | None:
        """A row must name its host."""
        cleaned = super().clean()
        if self.columns and not self.errors and not {"ip", "hostname"} & self.mapping().keys():
            raise forms.ValidationError(
                "Say which column holds the address or the name: a row must name its host."
            )
        return cleaned


class ReadAsForm(MappingForm):
    """What a file is to be read as."""

    feed = forms.ChoiceField(label="Read it as")
    host = forms.CharField(
        label="Host that it is about",
        required=False,
        max_length=253,
        help_text="An owner's result does not say how the server is reached from outside. Give "
        "the address or name under which this campaign knows it.",
    )

    def __init__(self, data: Mapping[str, str] | None, *, columns: Sequence[str]) -> None:
        """As its base does."""
        super().__init__(data, columns=columns)
        field = self.fields["feed"]
        if isinstance(field, forms.ChoiceField):
            field.choices = feed_choices()

    def asked(self) -> Asked:
        """What was said; call it once the form is valid."""
        return Asked(
            feed=self.cleaned_data["feed"],
            mapping=self.mapping(),
            host=self.cleaned_data["host"] or None,
        )


class DismissForm(forms.Form):
    """Rows of the quarantine that are put aside, and why."""

    reason = forms.CharField(label="Why they are put aside", max_length=500)
    row = forms.TypedMultipleChoiceField(coerce=int, required=False)
    code = forms.CharField(required=False, max_length=64)

    def __init__(self, data: Mapping[str, str] | None = None) -> None:
        """Any number is taken as a row; those of other imports are not found later."""
        super().__init__(data)
        rows = self.data.getlist("row") if hasattr(self.data, "getlist") else []
        field = self.fields["row"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(row, row) for row in rows if _KEY.fullmatch(row)]


def feed_choices() -> list[tuple[str, str]]:
    """The feeds in words, and the recognition first."""
    named = [(name, feed.title) for name, feed in all_feeds().items()]
    return [(AUTO, "What its content says"), *named]


def filled(mapping: Mapping[str, str], columns: Sequence[str]) -> dict[str, str]:
    """The values of a mapping's fields: what was said before, or else what is likely."""
    known = {ours: column for ours, column in mapping.items() if column in columns}
    return {f"{_MAP}{ours}": column for ours, column in (known or proposed(columns)).items()}
