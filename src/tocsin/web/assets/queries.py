"""Reads hosts: the list of a campaign, and what stands around one of them."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from tocsin.web.assets.filters import for_campaign
from tocsin.web.assets.models import Asset
from tocsin.web.campaigns.models import Campaign
from tocsin.web.imports.queries import StoredRow, stored_rows_of_host
from tocsin.web.lists.listing import Column, Empty, Listing

_SERVERS = "story__desk__clues__server_names"
"""What servers call themselves, in lower case."""
MOST_ROWS = 1000
"""Rows as received that are shown of one host, the newest."""


def hosts_of(campaign: Campaign) -> QuerySet[Asset]:
    """All hosts, without the story, which is long, and with whether somebody follows them."""
    followed = campaign.cases.filter(host=OuterRef("key"), closed_at=None)
    return (
        Asset.objects.filter(campaign=campaign)
        .defer("story")
        .select_related("owner")
        .annotate(followed=Exists(followed))
    )


def listing_of(campaign: Campaign) -> Listing:
    """The list of hosts."""
    return Listing(
        name="assets",
        title="Hosts",
        nouns=("host", "hosts"),
        section="assets",
        queryset=hosts_of,
        columns=(
            Column("key", "Host", sort=("place", "key"), cell="assets/cells/host.html"),
            Column(
                "colour", "Status", sort=("compromised", "colour"), cell="assets/cells/colour.html"
            ),
            Column(
                "owner",
                "Organisation",
                "owner.name",
                sort=("owner__name",),
                cell="assets/cells/owner.html",
                missing="nobody",
            ),
            Column("sector", "Sector", sort=("sector",)),
            Column("region", "Region", sort=("region",)),
            Column("build", "Build", sort=("build",)),
            Column("cu", "Update", sort=("product", "cu")),
            Column("support", "Support", sort=("support",)),
            Column("first_seen", "First seen", sort=("first_seen",)),
            Column("last_seen", "Last seen", sort=("last_seen",)),
            Column("hostname", "Name", sort=("hostname",), shown=False),
            Column("ip", "Address", shown=False),
            Column("compromised", "Signs of compromise", shown=False),
            Column("evidence", "Signs", shown=False),
            Column("vanished", "Vanished", shown=False),
            Column("doubts", "Why yellow", shown=False),
            Column("claimed", "Claimed by a feed", shown=False),
            Column("owner_reports_fixed", "Owner reports it fixed", shown=False),
            Column("country", "Country", sort=("country",), shown=False),
            Column("provider", "Provider", sort=("provider",), shown=False),
            Column("owner_step", "Owner by", shown=False),
            Column("owner_confidence", "Confidence of the owner", shown=False),
            Column("servers", "Servers", sort=("servers",), number=True, shown=False),
            Column("followed", "Open case", shown=False),
        ),
        filters=for_campaign(campaign),
        search=("key", "hostname", "owner__name", "build", _SERVERS),
        search_label="Address, name, organisation, build or server",
        default_sort="key",
        empty=Empty(
            "No host is known yet: they come with the first import of a scan feed.",
            "Import a feed",
            lambda one: reverse("imports:list", args=[one.slug]),
        ),
        row_url=lambda one: reverse("assets:detail", args=[campaign.slug, one.pk]),
        as_of=lambda one: one.as_of,
    )


def rows_as_received(asset: Asset, most: int = MOST_ROWS) -> list[StoredRow]:
    """Rows about a host in order of time, with those that name it without its address."""
    names = set(asset.story.get("hostnames", ())) - {asset.key}
    others = Asset.objects.filter(campaign=asset.campaign_id, key__in=names)
    own = names - set(others.values_list("key", flat=True))
    return stored_rows_of_host(asset.campaign, asset.key, *sorted(own), most=most)


def names_like(campaign: Campaign, typed: str, most: int = 20) -> list[str]:
    """Names of organisations that hold what was typed, by the alphabet."""
    text = " ".join(typed.replace("\x00", "").split())[:200]
    if not text:
        return []
    own = campaign.constituency.organisations.filter(name__icontains=text)
    return list(own.order_by("name").values_list("name", flat=True)[:most])
