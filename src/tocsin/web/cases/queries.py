"""Reads cases: the list of a campaign, and who may work on them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, ClassVar

import django_filters
from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from tocsin.web.accounts.models import Role, User
from tocsin.web.assets.models import Asset
from tocsin.web.audit.models import Decision
from tocsin.web.campaigns.models import Campaign, Tlp
from tocsin.web.cases.models import Case, CaseKind, CaseState
from tocsin.web.cases.services import CLOSED, subject_of
from tocsin.web.design.deeds import DEEDS
from tocsin.web.design.words import word_in
from tocsin.web.lists.listing import Column, Empty, Listing

WORKERS = [role for role in Role if role.rank >= Role.ANALYST.rank]
"""The roles that may have a case."""


def workers_of(campaign: Campaign) -> QuerySet[User]:
    """Who may be given a case: administrators of the desk, and analysts upwards."""
    member = Q(memberships__campaign=campaign, memberships__role__in=WORKERS)
    return User.objects.filter(Q(is_administrator=True) | member, is_active=True).distinct()


def known_in(campaign: Campaign) -> QuerySet[User]:
    """Whose names a page of a campaign may tell: administrators of the desk, and its members."""
    return User.objects.filter(
        Q(is_administrator=True) | Q(memberships__campaign=campaign)
    ).distinct()


def cases_of(campaign: Campaign) -> QuerySet[Case]:
    """All cases with how many notes they have."""
    return (
        Case.objects.filter(campaign=campaign)
        .select_related("organisation", "assignee")
        .annotate(notes_written=Count("notes"))
    )


def history_of(case: Case) -> QuerySet[Decision]:
    """What was decided about a case, in order; what was written stands with the notes."""
    found = Decision.objects.filter(campaign=case.campaign, subject=subject_of(case)[:200])
    return found.exclude(action="case.noted").order_by("number")


def told(one: Decision) -> str:
    """A decision about a case in words."""
    detail = json.loads(one.detail)
    was, now = (str(detail.get(end) or "nobody").replace("_", " ") for end in ("from", "to"))
    return {
        "case.opened": "opened",
        "case.assigned": f"given to {now}; before, {was} had it",
        "case.moved": f"{was} became {now}",
        "case.marked": f"TLP:{was.upper()} became TLP:{now.upper()}",
    }.get(one.action, word_in(DEEDS, one.action))


def host_of(case: Case) -> Asset | None:
    """The host as the last assessment saw it; None where no row speaks of it any longer."""
    found = Asset.objects.filter(campaign=case.campaign_id, key=case.host)
    return found.select_related("owner").defer("story").first()


class CaseFilter(django_filters.FilterSet):  # type: ignore[misc]  # brings no types
    """What cases can be found by: state, kind, whose, mark, organisation, age."""

    user: ClassVar[User | None] = None
    people: ClassVar[QuerySet[User]] = User.objects.none()

    state = django_filters.MultipleChoiceFilter(label="State", choices=CaseState.choices)
    open = django_filters.BooleanFilter("closed_at", "isnull", label="Open")
    kind = django_filters.ChoiceFilter(label="Kind", choices=CaseKind.choices)
    mine = django_filters.BooleanFilter(label="Mine", method="of_reader")
    assignee = django_filters.ModelChoiceFilter(
        label="With", queryset=User.objects.none(), null_label="nobody", null_value="-"
    )
    tlp = django_filters.MultipleChoiceFilter(label="TLP", choices=Tlp.choices)
    organisation = django_filters.CharFilter(
        "organisation__name", "icontains", label="Organisation"
    )
    opened = django_filters.DateFromToRangeFilter("opened_at", label="Opened")

    class Meta:
        """Everything is said above."""

        model = Case
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 as FilterSet's
        super().__init__(*args, **kwargs)
        self.filters["assignee"].queryset = self.people

    def of_reader(self, rows: QuerySet[Case], _name: str, value: bool) -> QuerySet[Case]:  # noqa: FBT001 django_filters calls it so
        """Those that whoever asks has, or has not."""
        mine = Q(assignee=self.user)
        return rows.filter(mine) if value else rows.exclude(mine)


def listing_of(campaign: Campaign, user: User) -> Listing:
    """The list of cases as one person sees it."""
    own = type("CaseFilter", (CaseFilter,), {"user": user, "people": workers_of(campaign)})
    return Listing(
        name="cases",
        title="Cases",
        nouns=("case", "cases"),
        section="cases",
        queryset=cases_of,
        columns=(
            Column("number", "Case", sort=("number",)),
            Column("host", "Host", sort=("host",)),
            Column("kind", "Kind", lambda one: one.get_kind_display(), sort=("kind",)),
            Column("state", "State", sort=("state",), cell="cases/cells/state.html"),
            Column(
                "organisation",
                "Organisation",
                "organisation.name",
                sort=("organisation__name",),
                missing="nobody known",
            ),
            Column(
                "assignee",
                "With",
                lambda one: str(one.assignee or ""),
                sort=("assignee__username",),
                missing="nobody",
            ),
            Column("tlp", "TLP", sort=("tlp",), cell="cases/cells/tlp.html"),
            Column("opened_at", "Opened", sort=("opened_at",)),
            Column("age", "Age in days", age_days, sort=("-opened_at",), number=True),
            Column("notes", "Notes", "notes_written", sort=("notes_written",), number=True),
            Column("because", "Why", shown=False),
            Column("closed_at", "Closed", sort=("closed_at",), shown=False, missing="open"),
        ),
        filters=own,
        search=("host", "organisation__name", "because"),
        search_label="Host, organisation or reason",
        default_sort="-number",
        empty=Empty(
            "No case yet. They are opened from a host, and by hunts that find a compromise.",
            "Go to the hosts",
            lambda one: reverse("assets:list", args=[one.slug]),
        ),
        row_url=lambda one: reverse("cases:detail", args=[campaign.slug, one.number]),
    )


def age_days(case: Case) -> int:
    """Full days since it was opened, until it was closed."""
    return ((case.closed_at or datetime.now(UTC)) - case.opened_at).days


def is_open(case: Case) -> bool:
    """Whether somebody follows it."""
    return case.state not in CLOSED
