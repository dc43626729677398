"""The list of hunts."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from django.urls import reverse

from tocsin.model.grade import Level
from tocsin.report.words import LEVEL_NAMES
from tocsin.web.campaigns.models import Campaign
from tocsin.web.hunts.models import Hunt, HuntKind, HuntState
from tocsin.web.lists.listing import Column, Empty, Listing

_LEVELS = {one.value: LEVEL_NAMES[one] for one in Level}
_ABOUT = {"yes": "Said", "no": "Not said yet"}


class HuntFilter(django_filters.FilterSet):  # type: ignore[misc]  # brings no types
    """What the list can be narrowed to."""

    level = django_filters.ChoiceFilter(label="Verdict", choices=list(_LEVELS.items()))
    state = django_filters.ChoiceFilter(label="State", choices=HuntState.choices)
    kind = django_filters.ChoiceFilter(label="Upload", choices=HuntKind.choices)
    about = django_filters.ChoiceFilter(
        label="Host", choices=list(_ABOUT.items()), method="filter_about"
    )

    class Meta:
        """Declared above."""

        model = Hunt
        fields: list[str] = []

    def filter_about(self, rows: QuerySet[Hunt], _name: str, value: str) -> QuerySet[Hunt]:
        """Whether it was said which host it is about."""
        return rows.exclude(host="") if value == "yes" else rows.filter(host="")


def _rows(campaign: Campaign) -> QuerySet[Hunt]:
    return Hunt.objects.filter(campaign=campaign).select_related("by", "campaign").defer("summary")


def _url(hunt: Hunt) -> str:
    return reverse("hunts:detail", kwargs={"campaign": hunt.campaign.slug, "number": hunt.number})


def _new(campaign: Campaign) -> str:
    return reverse("hunts:new", kwargs={"campaign": campaign.slug})


HUNTS = Listing(
    name="hunts",
    title="Hunts",
    nouns=("hunt", "hunts"),
    queryset=_rows,
    columns=(
        Column("number", "Hunt", sort=("number",)),
        Column("level", "Verdict", sort=("level",), cell="hunts/cells/level.html"),
        Column("assurance", "Assurance", sort=("assurance",)),
        Column("host", "Host", sort=("host",), missing="not said yet"),
        Column("file_name", "File", sort=("file_name",)),
        Column("kind", "What it is", lambda hunt: hunt.get_kind_display(), sort=("kind",)),
        Column("by", "Uploaded by", sort=("by__username",)),
        Column("uploaded_at", "Uploaded", sort=("uploaded_at",)),
        Column("finished_at", "Finished", shown=False),
        Column("state", "State", shown=False),
        Column("sha256", "SHA-256", shown=False),
        Column("size_bytes", "Bytes", shown=False, number=True),
    ),
    filters=HuntFilter,
    search=("host", "file_name", "sha256"),
    search_label="Search host, file or SHA-256",
    default_sort="-number",
    empty=Empty(
        "No hunt yet. Upload what an owner sent: a result of tocsin hunt, or evidence to hunt "
        "through here.",
        "Upload",
        _new,
    ),
    row_url=_url,
)
