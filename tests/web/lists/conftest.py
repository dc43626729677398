"""A list of organisations, with its view, in an address of the tests' own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import django_filters
import pytest

from tocsin.web.accounts.models import Role
from tocsin.web.lists.listing import Column, Empty, Listing
from tocsin.web.lists.views import list_page
from tocsin.web.organisations.models import Organisation

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
    from django.test import RequestFactory

    from tocsin.web.accounts.models import User
    from tocsin.web.campaigns.models import Campaign

SECTORS = [("health", "Health"), ("energy", "Energy"), ("water", "Water")]


class OrganisationFilter(django_filters.FilterSet):  # type: ignore[misc]  # brings no types
    sector = django_filters.MultipleChoiceFilter(choices=SECTORS, label="Sector")
    country = django_filters.CharFilter(label="Country")
    gone = django_filters.BooleanFilter("gone_at", "isnull", exclude=True, label="Gone")
    since = django_filters.DateFromToRangeFilter("gone_at", label="Gone since")


@pytest.fixture
def listing() -> Listing:
    return Listing(
        name="organisations",
        title="Organisations",
        nouns=("organisation", "organisations"),
        queryset=lambda campaign: campaign.constituency.organisations.all(),
        columns=(
            Column("name", "Name", sort=("name",)),
            Column("sector", "Sector", sort=("sector",)),
            Column("country", "Country", sort=("country", "name")),
            Column("gone_at", "Gone", missing="still there"),
            Column("length", "Length of the name", lambda one: len(one.name), number=True),
        ),
        filters=OrganisationFilter,
        search=("name", "region"),
        default_sort="name",
        empty=Empty("No organisation yet.", "Import a list", lambda _: "/constituencies/"),
        row_url=lambda one: f"/organisations/{one.pk}/",
    )


@pytest.fixture
def organisations(campaign: Campaign) -> list[Organisation]:
    """60 in three sectors, of which one has no country."""
    return Organisation.objects.bulk_create(
        Organisation(
            constituency=campaign.constituency,
            name=f"Organisation {number:02}",
            sector=SECTORS[number % 3][0],
            country="" if number == 7 else "XX",
            region="South" if number < 5 else "West",
        )
        for number in range(60)
    )


@pytest.fixture
def asked(
    rf: RequestFactory, campaign: Campaign, person: Callable[[Role], User], listing: Listing
) -> Callable[..., HttpResponse | StreamingHttpResponse]:
    """Ask for the list as an analyst: ``asked("sector=health")``, with headers as keywords."""

    def ask(
        query: str = "", of: Listing = listing, **headers: str
    ) -> HttpResponse | StreamingHttpResponse:
        request: HttpRequest = rf.get(f"/organisations/?{query}", headers=headers)
        request.user = person(Role.ANALYST)
        request.campaign = campaign  # type: ignore[attr-defined]  # as campaign_view does
        request.role = Role.ANALYST  # type: ignore[attr-defined]  # as campaign_view does
        return list_page(request, of)

    return ask
