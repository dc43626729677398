"""A filter by the values that the rows of a list have, and by not known."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from tocsin.report.visible import visible

NOT_KNOWN = "-"
"""The value of a filter that asks for rows of which it is not known."""


class KnownFilter(django_filters.MultipleChoiceFilter):  # type: ignore[misc]  # brings no types
    """Values that rows have, and not known."""

    def offer(self, rows: QuerySet[Any]) -> None:
        """Let people choose among the values that these rows have."""
        found = sorted(set(rows.order_by().values_list(self.field_name, flat=True).distinct()))
        self.extra["choices"] = [
            (value or NOT_KNOWN, visible(value) or "Not known") for value in found
        ]

    def filter(self, qs: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        """Rows with any of these values."""
        asked = ["" if one == NOT_KNOWN else one for one in value or ()]
        return qs.filter(**{f"{self.field_name}__in": asked}) if asked else qs
