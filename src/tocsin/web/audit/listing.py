"""The list of decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import django_filters
from django.db.models import QuerySet
from django.urls import reverse

from tocsin.web.audit.models import Decision
from tocsin.web.audit.queries import decisions_of
from tocsin.web.audit.telling import deed
from tocsin.web.design.deeds import DEEDS
from tocsin.web.design.words import capital, word_in
from tocsin.web.lists.listing import Column, Listing

if TYPE_CHECKING:
    from django.http import HttpRequest


class DecisionFilter(django_filters.FilterSet):  # type: ignore[misc]  # it brings no types
    """By whom, what, about what, and when."""

    actor_name = django_filters.ChoiceFilter(label="Who", choices=())
    action = django_filters.ChoiceFilter(label="What", choices=())
    subject = django_filters.CharFilter(label="About", lookup_expr="icontains")
    at = django_filters.DateFromToRangeFilter(label="When (UTC)")

    class Meta:
        """What is filtered."""

        model = Decision
        fields = ("actor_name", "action", "subject", "at")

    def __init__(
        self,
        data: object = None,
        queryset: QuerySet[Decision] | None = None,
        *,
        request: HttpRequest | None = None,
        prefix: str | None = None,
    ) -> None:
        super().__init__(data, queryset, request=request, prefix=prefix)
        for name in ("actor_name", "action"):
            there = self.queryset.order_by(name).values_list(name, flat=True).distinct()
            self.filters[name].extra["choices"] = [
                (value, capital(word_in(DEEDS, value)) if name == "action" else value)
                for value in there
            ]


def _url(one: Decision) -> str:
    seen_in: str = getattr(one, "seen_in", "")
    return reverse("audit:detail", kwargs={"campaign": seen_in, "number": one.number})


DECISIONS = Listing(
    name="audit",
    section="decisions",
    title="Decisions",
    nouns=("decision", "decisions"),
    queryset=decisions_of,
    columns=(
        Column("number", "Number", sort=("number",), number=True),
        Column("at", "When", sort=("at", "number")),
        Column("actor_name", "Who", sort=("actor_name",)),
        Column(
            "action",
            "What",
            value=deed,
            sort=("action",),
        ),
        Column("subject", "About", sort=("subject",)),
        Column("detail", "Detail", shown=False),
        Column("previous", "Hash before", shown=False),
        Column("hash", "Hash", shown=False),
    ),
    filters=DecisionFilter,
    search=("subject", "actor_name", "action", "detail"),
    default_sort="-number",
    empty="Nothing was decided in this campaign yet. Whatever somebody changes here is recorded.",
    row_url=_url,
)
