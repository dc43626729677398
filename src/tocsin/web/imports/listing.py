"""The list of imports, and of what lies in quarantine."""

from __future__ import annotations

from functools import partial

import django_filters
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.urls import reverse

from tocsin.campaign.feed import all_feeds
from tocsin.web.campaigns.models import Campaign
from tocsin.web.design.words import PROBLEMS, choices
from tocsin.web.imports.models import FeedFile, Import, ImportState, Rejected, RejectedState
from tocsin.web.imports.rows import list_out, text_out
from tocsin.web.imports.templatetags.imports import sign
from tocsin.web.lists.listing import Column, Empty, Listing

_WITH_SIGN = {"yes": "Yes", "no": "No"}
_QUARANTINE = {
    "open": "Rows that wait for somebody",
    "sign": "Such rows with a sign of compromise",
}


class ImportFilter(django_filters.FilterSet):  # type: ignore[misc]  # brings no types
    """What the list can be narrowed to."""

    state = django_filters.MultipleChoiceFilter(label="State", choices=ImportState.choices)
    read_as = django_filters.ChoiceFilter(
        label="Feed",
        choices=[(name, name) for name in all_feeds()],
        method="of_feed",
    )
    quarantine = django_filters.ChoiceFilter(
        label="In quarantine", choices=list(_QUARANTINE.items()), method="of_quarantine"
    )

    class Meta:
        """Declared above."""

        model = Import
        fields: list[str] = []

    def of_feed(self, rows: QuerySet[Import], _name: str, value: str) -> QuerySet[Import]:
        """Those with a file of this feed."""
        return rows.filter(pk__in=FeedFile.objects.filter(feed=value).values("part_of"))

    def of_quarantine(self, rows: QuerySet[Import], _name: str, value: str) -> QuerySet[Import]:
        """Those with rows that could not be read, and of which nobody has decided yet."""
        waiting = Rejected.objects.filter(part_of=OuterRef("pk"), state=RejectedState.OPEN)
        return rows.filter(Exists(waiting.exclude(evidence="") if value == "sign" else waiting))


def _imports(campaign: Campaign) -> QuerySet[Import]:
    files = FeedFile.objects.filter(part_of=OuterRef("pk")).order_by("feed")
    return (
        Import.objects.filter(campaign=campaign)
        .select_related("by", "campaign")
        .annotate(
            first_feed=Subquery(files.values("feed")[:1]),
            last_feed=Subquery(files.order_by("-feed").values("feed")[:1]),
        )
    )


def _feeds(one: Import) -> str | None:
    first, last = getattr(one, "first_feed", None), getattr(one, "last_feed", None)
    return first if first == last else f"{first}, {last}"


def _url(one: Import) -> str:
    return reverse("imports:detail", kwargs={"campaign": one.campaign.slug, "number": one.number})


def _new(campaign: Campaign) -> str:
    return reverse("imports:new", kwargs={"campaign": campaign.slug})


IMPORTS = Listing(
    name="imports",
    title="Imports",
    nouns=("import", "imports"),
    queryset=_imports,
    columns=(
        Column("number", "Import", sort=("number",)),
        Column("state", "State", sort=("state",), cell="imports/cells/state.html"),
        Column("file_name", "File", sort=("file_name",)),
        Column("feed", "Feed", _feeds, missing="not known yet"),
        Column("observations", "Rows stored", sort=("observations",), number=True),
        Column(
            "rejected",
            "In quarantine",
            sort=("rejected",),
            number=True,
            cell="imports/cells/rejected.html",
        ),
        Column("repeated", "Known before", sort=("repeated",), number=True),
        Column("earliest", "Rows from", shown=False),
        Column("latest", "Rows until", sort=("latest",)),
        Column("by", "By", sort=("by__username",)),
        Column("created_at", "Uploaded", sort=("created_at",)),
        Column("size_bytes", "Bytes", shown=False, number=True),
        Column("sha256", "SHA-256", shown=False),
        Column("error", "Error", shown=False),
    ),
    filters=ImportFilter,
    search=("file_name", "sha256", "host"),
    search_label="Search file, host or SHA-256",
    default_sort="-number",
    empty=Empty(
        "No feed was imported yet. Hand over a report of Shadowserver, a scan, or any CSV file: "
        "the desk says what it would change before it changes anything.",
        "Import a feed",
        _new,
    ),
    row_url=_url,
)


class RejectedFilter(django_filters.FilterSet):  # type: ignore[misc]  # brings no types
    """What the quarantine can be narrowed to."""

    state = django_filters.ChoiceFilter(label="State", choices=RejectedState.choices)
    code = django_filters.MultipleChoiceFilter(label="Reason", choices=choices(PROBLEMS))
    sign = django_filters.ChoiceFilter(
        label="Sign of compromise", choices=list(_WITH_SIGN.items()), method="with_sign"
    )

    class Meta:
        """Declared above."""

        model = Rejected
        fields: list[str] = []

    def with_sign(self, rows: QuerySet[Rejected], _name: str, value: str) -> QuerySet[Rejected]:
        """Those in which a sign could be told all the same, or those without."""
        return rows.exclude(evidence="") if value == "yes" else rows.filter(evidence="")


def quarantine_of(number: int) -> Listing:
    """The list of rows of one import that could not be read."""
    return Listing(
        name="quarantine",
        title=f"Quarantine of import {number}",
        nouns=("row or file", "rows and files"),
        queryset=partial(_rejected, number),
        columns=(
            Column("row", "Row", sort=("row",), cell="imports/cells/row.html", missing="file"),
            Column("code", "Reason", sort=("code",), cell="imports/cells/code.html"),
            Column("detail", "What is wrong", lambda one: text_out(one.detail)),
            Column("ip", "Address", sort=("ip",)),
            Column("evidence", "Sign of compromise", signs_of, cell="imports/cells/signs.html"),
            Column("state", "State", lambda one: one.get_state_display(), sort=("state",)),
            Column("file_name", "File", sort=("file_name", "row")),
            Column("feed", "Feed", shown=False),
            Column("file_sha256", "SHA-256 of the file", shown=False),
        ),
        filters=RejectedFilter,
        search=("file_name", "detail", "ip"),
        search_label="Search file, address or what is wrong",
        default_sort="file_name",
        empty="Nothing lies in quarantine: every row could be read.",
        section="imports",
        saved=False,
    )


def signs_of(one: Rejected) -> list[str]:
    """Signs of compromise that a damaged row has all the same, in words."""
    if not one.evidence:
        return []
    return [sign(name) for name in list_out(one.evidence)]


def _rejected(number: int, campaign: Campaign) -> QuerySet[Rejected]:
    return Rejected.objects.filter(part_of__campaign=campaign, part_of__number=number)
