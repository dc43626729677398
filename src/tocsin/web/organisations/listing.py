"""The list of organisations in a campaign, with what their hosts are like."""

from __future__ import annotations

import ipaddress
from typing import Any, ClassVar

import django_filters
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from tocsin.campaign.merge import Colour
from tocsin.web.campaigns.models import Campaign
from tocsin.web.lists.known import NOT_KNOWN, KnownFilter
from tocsin.web.lists.listing import Column, Empty, Listing
from tocsin.web.organisations.models import Claim, Organisation
from tocsin.web.organisations.queries import reachable

_MOST_PARTS = 127
"""A name has no more."""
_WORST = [
    (Colour.RED.value, "Red"),
    (Colour.YELLOW.value, "Yellow, none red"),
    (Colour.GREEN.value, "Green, all of them"),
    ("vanished", "All vanished"),
    (NOT_KNOWN, "No host"),
]


def organisations_of(campaign: Campaign) -> QuerySet[Organisation]:
    """All organisations with counts of their hosts in this campaign, by one question.

    Hosts that vanished stand apart, as everywhere: they are neither fixed nor known to be open.
    """
    here = Q(assets__campaign=campaign)
    seen = here & Q(assets__vanished=False)
    cases = (
        campaign.cases.filter(organisation=OuterRef("pk"), closed_at=None)
        .order_by()
        .values("organisation")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return campaign.constituency.organisations.defer("imported", "corrected").annotate(
        hosts=Count("assets", filter=here),
        seen=Count("assets", filter=seen),
        **{
            colour.value: Count("assets", filter=seen & Q(assets__colour=colour.value))
            for colour in Colour
        },
        vanished=Count("assets", filter=here & Q(assets__vanished=True)),
        compromised=Count("assets", filter=here & Q(assets__compromised=True)),
        open_cases=Coalesce(Subquery(cases, output_field=IntegerField()), 0),
        reachable=reachable(),
    )


def _around(text: str) -> list[str]:
    """All networks that an address lies in, or all domains that a name may belong to."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        parts = text.strip(".").split(".")[-_MOST_PARTS:]
        return [".".join(parts[at:]) for at in range(len(parts) - 1)]
    lengths = range(address.max_prefixlen + 1)
    return [str(ipaddress.ip_network((address, length), strict=False)) for length in lengths]


class OrganisationFilter(django_filters.FilterSet):  # type: ignore[misc]  # brings no types
    """What organisations can be found by, besides the search."""

    campaign: ClassVar[Campaign | None] = None

    worst = django_filters.ChoiceFilter(label="Worst host", choices=_WORST, method="of_worst")
    sector = KnownFilter("sector", label="Sector")
    region = KnownFilter("region", label="Region")
    country = KnownFilter("country", label="Country")
    hosts = django_filters.BooleanFilter(label="Has a host", method="of_count")
    compromised = django_filters.BooleanFilter(label="Signs of compromise", method="of_count")
    open_cases = django_filters.BooleanFilter(label="Open case", method="of_count")
    reachable = django_filters.BooleanFilter(label="Has a contact")
    claim = django_filters.CharFilter(label="Network, address, domain or AS", method="of_claim")
    gone = django_filters.BooleanFilter(
        "gone_at", "isnull", exclude=True, label="No longer in the list"
    )

    class Meta:
        """Everything is said above."""

        model = Organisation
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 as FilterSet's
        super().__init__(*args, **kwargs)
        if self.campaign is None:
            return
        every = Organisation.objects.filter(constituency=self.campaign.constituency_id)
        for one in self.filters.values():
            if isinstance(one, KnownFilter):
                one.offer(every)

    def of_worst(
        self, rows: QuerySet[Organisation], _name: str, value: str
    ) -> QuerySet[Organisation]:
        """As bad as their worst host that was seen."""
        return rows.filter(
            {
                "red": Q(red__gt=0),
                "yellow": Q(red=0, yellow__gt=0),
                "green": Q(red=0, yellow=0, green__gt=0),
                "vanished": Q(red=0, yellow=0, green=0, vanished__gt=0),
            }.get(value, Q(hosts=0))
        )

    def of_claim(
        self, rows: QuerySet[Organisation], _name: str, value: str
    ) -> QuerySet[Organisation]:
        """With a claim that holds this text, or the address or name that the text is."""
        text = value.replace("\x00", "").strip().lower()
        around = Q(value__in=_around(text), withdrawn_at=None, gone_at=None)
        wanted = Q(value__icontains=text.removeprefix("as")) | around
        return rows.filter(Exists(Claim.objects.filter(wanted, organisation=OuterRef("pk"))))

    def of_count(
        self,
        rows: QuerySet[Organisation],
        name: str,
        value: bool,  # noqa: FBT001 django_filters calls it so
    ) -> QuerySet[Organisation]:
        """With some, or with none."""
        return rows.filter(**({f"{name}__gt": 0} if value else {name: 0}))


def _hosts(name: str, label: str, cell: str = "count") -> Column:
    """A number of hosts, which leads to them."""
    return Column(name, label, sort=(name,), cell=f"organisations/cells/{cell}.html", number=True)


_COLUMNS = (
    Column("name", "Organisation", sort=("name",), cell="organisations/cells/name.html"),
    Column("sector", "Sector", sort=("sector", "name")),
    Column("region", "Region", sort=("region", "name")),
    Column("country", "Country", sort=("country", "name")),
    _hosts("hosts", "Hosts", cell="hosts"),
    _hosts("red", "Red"),
    _hosts("yellow", "Yellow"),
    _hosts("green", "Green"),
    _hosts("vanished", "Vanished"),
    _hosts("compromised", "Compromised"),
    Column("open_cases", "Open cases", sort=("open_cases",), number=True),
    Column("reachable", "Contact", sort=("reachable",), cell="organisations/cells/contact.html"),
    Column("origin", "From", lambda one: one.get_origin_display(), shown=False),
    Column("gone_at", "Gone from the list", sort=("gone_at",), shown=False, missing="still there"),
)


def listing_of(campaign: Campaign) -> Listing:
    """The list of organisations."""
    return Listing(
        name="organisations",
        title="Organisations",
        nouns=("organisation", "organisations"),
        section="organisations",
        queryset=organisations_of,
        columns=_COLUMNS,
        filters=type("OrganisationFilter", (OrganisationFilter,), {"campaign": campaign}),
        search=("name",),
        search_label="Name",
        default_sort="name",
        empty=Empty(
            "The constituency has no organisation yet.",
            "Import its list",
            lambda one: reverse("constituencies:import", args=[one.constituency.slug]),
        ),
        row_url=lambda one: reverse("organisations:detail", args=[campaign.slug, one.pk]),
        as_of=lambda one: one.as_of,
    )
