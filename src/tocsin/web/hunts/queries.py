"""Reads hunts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models.fields.json import KT

from tocsin.web.assets.models import Asset
from tocsin.web.audit.models import Decision
from tocsin.web.cases.models import Case
from tocsin.web.hunts.models import Hunt
from tocsin.web.imports.models import Import, ImportState

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tocsin.web.campaigns.models import Campaign

_DECISIONS = 50


def of_the_same_upload(hunt: Hunt) -> QuerySet[Hunt]:
    """The other servers of the same file, by name alone: all that is told of 50 is much."""
    others = Hunt.objects.filter(campaign=hunt.campaign, stored_as=hunt.stored_as)
    named = others.defer("summary").annotate(server=KT("summary__name"))
    return named.exclude(pk=hunt.pk).order_by("number")


def earlier_of_the_same_content(hunt: Hunt) -> Hunt | None:
    """An earlier upload of the very same file."""
    same = Hunt.objects.filter(campaign=hunt.campaign, sha256=hunt.sha256).defer("summary")
    return same.filter(number__lt=hunt.number).exclude(stored_as=hunt.stored_as).first()


def counting_import(hunt: Hunt) -> Import | None:
    """The import by which it counts for its host; None where it does not, or no longer."""
    found = import_of(hunt)
    return found if found is not None and found.state == ImportState.DONE else None


def import_of(hunt: Hunt) -> Import | None:
    """The import by which it was made to count, whatever became of it."""
    number = hunt.summary.get("claim", {}).get("import")
    if number is None:
        return None
    return Import.objects.filter(campaign=hunt.campaign, number=number).first()


def case_of(hunt: Hunt) -> Case | None:
    """The case that it opened, or that was open for its host."""
    number = hunt.summary.get("claim", {}).get("case")
    if number is None:
        return None
    return Case.objects.filter(campaign=hunt.campaign, number=number).first()


def seen_from_outside(hunt: Hunt) -> Asset | None:
    """The host that it is about, as the campaign knows it."""
    if not hunt.host:
        return None
    hosts = Asset.objects.filter(campaign=hunt.campaign, key=hunt.host)
    return hosts.select_related("owner").defer("story").first()


def decisions_on(campaign: Campaign, subject: str) -> list[Decision]:
    """What was done with it, the newest first; who read it stands in the list of all decisions."""
    found = Decision.objects.filter(campaign=campaign, subject=subject)
    return list(found.exclude(action__endswith=".read")[:_DECISIONS])
