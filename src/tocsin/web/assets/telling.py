"""What assets add to the story of an organisation or a host: changes, imports and hunts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, F, Max
from django.urls import reverse

from tocsin.campaign.telling import CHANGES
from tocsin.campaign.transitions import Change
from tocsin.web.assets.models import Transition
from tocsin.web.imports.models import ImportState, Observation
from tocsin.web.organisations.story import About, Moment, tells

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALIKE = 16
"""A host with one fix has one change for each CVE and server: they are told together."""


@tells
def changes(about: About, most: int) -> Iterable[Moment]:
    """Changes; what differs in the CVE alone is one moment."""
    found = Transition.objects.filter(
        asset__campaign=about.campaign, asset__key__in=about.hosts
    ).select_related("asset", "noticed_in")
    together: dict[tuple[object, ...], list[Transition]] = {}
    for one in found.order_by("-before", "-id")[: most * _ALIKE]:
        key = (one.asset_id, one.change, one.server, one.after, one.before, one.builds)
        together.setdefault(key, []).append(one)
    for alike in together.values():
        one = alike[0]
        cves = ", ".join(sorted({each.cve for each in alike if each.cve}))
        parts = [CHANGES[Change(one.change)]]
        parts += [f"of {cves}"] if cves else []
        parts += [f"on {one.server}"] if one.server else []
        parts += [f"({one.builds})"] if one.builds else []
        parts += [f"noticed in import {one.noticed_in.number}"] if one.noticed_in else []
        yield Moment(
            at=one.before,
            since=one.after,
            kind=one.change,
            text=" ".join(parts),
            host=one.asset.key,
            url=reverse("assets:detail", args=[about.campaign.slug, one.asset_id]),
        )


@tells
def imports(about: About, most: int) -> Iterable[Moment]:
    """Imports that brought rows about these hosts, at the time of the newest of them."""
    found = (
        Observation.objects.filter(
            host__in=about.hosts,
            file__campaign=about.campaign,
            file__part_of__state=ImportState.DONE,
        )
        .order_by()
        .values("file__part_of__number", "file__part_of__file_name", "file__part_of__created_at")
        .annotate(rows=Count("pk"), newest=Max("time"))
        .order_by(F("newest").desc(nulls_last=True), "-file__part_of__number")
    )
    for one in found[:most]:
        number, rows, newest = one["file__part_of__number"], one["rows"], one["newest"]
        yield Moment(
            at=newest or one["file__part_of__created_at"],
            kind="import",
            text=(
                f"seen in import {number} ({one['file__part_of__file_name']}): "
                f"{rows:,} row{'s' * (rows != 1)}"
            ),
            url=reverse("imports:detail", args=[about.campaign.slug, number]),
        )


@tells
def hunts(about: About, most: int) -> Iterable[Moment]:
    """Hunts of these hosts."""
    found = about.campaign.hunts.filter(host__in=about.hosts).select_related("by")
    for one in found.order_by("-uploaded_at")[:most]:
        said = one.level.replace("_", " ") or one.get_state_display().lower()
        yield Moment(
            at=one.finished_at or one.uploaded_at,
            kind="hunt",
            text=f"{one.get_kind_display()}: {said}",
            host=one.host,
            url=reverse("hunts:detail", args=[about.campaign.slug, one.number]),
            who=str(one.by),
        )
