"""Filter forms made ready for the page: each field named, days chosen as days."""

from __future__ import annotations

from typing import Any

from django import forms
from django_filters import FilterSet

_SIDES = ("from", "to")


def dress(filters: FilterSet) -> None:
    """Name both halves of a range, and let browsers offer a calendar for days."""
    for bound in filters.form:
        widget = bound.field.widget
        if isinstance(widget, forms.MultiWidget):
            for part, side in zip(widget.widgets, _SIDES, strict=False):
                part.attrs["aria-label"] = f"{bound.label}, {side}"
                _as_day(part, bound.field.fields[0])
        else:
            _as_day(widget, bound.field)


def _as_day(widget: Any, field: forms.Field) -> None:  # noqa: ANN401 any widget
    if isinstance(field, forms.DateField) and isinstance(
        widget, forms.TextInput | forms.DateInput
    ):
        widget.input_type = "date"
        widget.format = "%Y-%m-%d"  # type: ignore[union-attr]  # what browsers ask of such a field
