"""What assets add to the story of an organisation or a host: changes, imports and hunts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Max
from django.urls import reverse

from tocsin.campaign.sightings import OWNERS
from tocsin.campaign.telling import CHANGES
from tocsin.campaign.transitions import Change
from tocsin.report import words
from tocsin.web.assets.models import Transition
from tocsin.web.design.words import SIGNS, word_in
from tocsin.web.imports.models import ImportState, Observation
from tocsin.web.imports.rows import list_out, text_out
from tocsin.web.organisations.story import About, Moment, tells

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ALIKE = 16
"""A host with one fix has one change for each CVE and server: they are told together."""
_IMPORT = (
    "file__part_of__number",
    "file__part_of__file_name",
    "file__part_of__created_at",
)
_SEEN = ("about_exchange", "builds", "server_name", "evidence")


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
        parts += [f"for {cves}"] if cves else []
        parts += [f"on {one.server}"] if one.server else []
        parts += [f"({one.builds})"] if one.builds else []
        noticed = f", noticed in import {one.noticed_in.number}" if one.noticed_in else ""
        yield Moment(
            at=one.before,
            since=one.after,
            kind=one.change,
            text=" ".join(parts) + noticed,
            host=one.asset.key,
            url=reverse("assets:detail", args=[about.campaign.slug, one.asset_id]),
        )


@tells
def imports(about: About, most: int) -> Iterable[Moment]:
    """What imports brought about these hosts, at the time of the newest row of each.

    Of one host each import tells what it saw; of many it tells of how many.
    """
    alone = len(about.hosts) == 1
    found = (
        Observation.objects.filter(
            host__in=about.hosts,
            file__campaign=about.campaign,
            file__part_of__state=ImportState.DONE,
        )
        .order_by()
        .values(*_IMPORT, "file__feed", *(_SEEN if alone else ()))
        .annotate(rows=Count("pk"), hosts=Count("host", distinct=True), newest=Max("time"))
        .order_by(F("newest").desc(nulls_last=True), "-file__part_of__number")
    )
    for one in found[:most]:
        number = one["file__part_of__number"]
        alike = f"in {one['file__feed']}"
        if one["file__feed"] == OWNERS:
            alike += ", by the owner's word"
        alike += f": {_what(one)}" if alone else ""
        rows, hosts = words.count(one["rows"], "row"), words.count(one["hosts"], "host")
        many = "" if alone else f": {rows} about {hosts}"
        yield Moment(
            at=one["newest"] or one["file__part_of__created_at"],
            kind="import",
            text=f"seen {alike}{many} (import {number}, {one['file__part_of__file_name']})",
            url=reverse("imports:detail", args=[about.campaign.slug, number]),
            alike=alike,
        )


def _what(one: Mapping[str, Any]) -> str:
    """What rows say of a host, as they were received."""
    if not one["about_exchange"]:
        return "nothing of Exchange Server"
    builds = ", ".join(build for build, _ in list_out(one["builds"])) if one["builds"] else ""
    parts = [f"build {builds}" if builds else "no build"]
    if one["server_name"]:
        parts.append(f"on {text_out(one['server_name'])}")
    signs = list_out(one["evidence"]) if one["evidence"] else []
    parts += [f"with a sign of compromise ({word_in(SIGNS, sign)})" for sign in signs]
    return " ".join(parts)


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
