"""Filter forms made ready for the page: each field named, days chosen as days."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import BoundField
from django_filters import FilterSet

_SIDES = ("from", "to")


def dress(filters: FilterSet) -> None:
    """Name both halves of a range, let browsers offer a calendar, and say "any" for no choice."""
    filters.form.label_suffix = ""
    for bound in filters.form:
        widget = bound.field.widget
        if isinstance(widget, forms.MultiWidget):
            for part, side in zip(widget.widgets, _SIDES, strict=False):
                part.attrs["aria-label"] = f"{bound.label}, {side}"
                _as_day(part, bound.field.fields[0])
        else:
            _as_day(widget, bound.field)
        _say_any(bound)


def _as_day(widget: Any, field: forms.Field) -> None:  # noqa: ANN401 any widget
    if isinstance(field, forms.DateField) and isinstance(widget, forms.TextInput):
        widget.input_type = "date"
        if isinstance(widget, forms.DateInput):
            widget.format = "%Y-%m-%d"  # what browsers ask of such a field


def _say_any(bound: BoundField) -> None:
    field, widget = bound.field, bound.field.widget
    if isinstance(field, forms.ModelChoiceField):
        field.empty_label = "Any"  # asking for its choices would read all of its rows
        return
    if isinstance(widget, forms.NullBooleanSelect):
        # Its own word for "any" would stand in every address; nothing is left out of it.
        field.widget = forms.Select(choices=[("", "Any"), ("true", "Yes"), ("false", "No")])
        return
    choices = list(getattr(widget, "choices", ()))
    if choices and choices[0][0] == "":
        widget.choices = [("", "Any"), *choices[1:]]
