"""Counts of a campaign, each by one question to the database, whatever the number of hosts.

Hosts that vanished stand apart: they are neither fixed nor known to be open. A host with signs of
compromise is red, vanished or not. Both is how `tocsin.campaign.totals` counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Case as When_
from django.db.models import Count, IntegerField, Max, Q, QuerySet, Value, When

from tocsin.campaign.exposure import Doubt
from tocsin.web.assets.models import Asset, Colour
from tocsin.web.campaigns.models import Campaign, Point
from tocsin.web.cases.models import Case, CaseKind
from tocsin.web.cases.services import CLOSED
from tocsin.web.imports.models import Import, ImportState, Rejected, RejectedState
from tocsin.web.organisations.models import Organisation
from tocsin.web.work.models import OPEN, Job


@dataclass(slots=True, kw_only=True)
class Stands:
    """So many red, yellow and green ones; `compromised` ones are among the red."""

    red: int = 0
    yellow: int = 0
    green: int = 0
    vanished: int = 0
    compromised: int = 0

    @property
    def seen(self) -> int:
        """All that did not vanish."""
        return self.red + self.yellow + self.green

    @property
    def total(self) -> int:
        """All there are."""
        return self.seen + self.vanished

    @property
    def known(self) -> int:
        """Those whose status is known: what a share of green is of."""
        return self.red + self.green

    def take(self, colour: str, count: int, *, vanished: bool, compromised: bool) -> None:
        """Count so many hosts that stand alike."""
        if vanished:
            self.vanished += count
            return
        self.compromised += count if compromised else 0
        self.red += count if colour == Colour.RED else 0
        self.yellow += count if colour == Colour.YELLOW else 0
        self.green += count if colour == Colour.GREEN else 0


@dataclass(slots=True, kw_only=True)
class Yellow:
    """Why hosts are yellow; one with two doubts counts for both."""

    by_doubt: Counter[Doubt] = field(default_factory=Counter)
    claimed: int = 0
    owner_reports_fixed: int = 0


def hosts(campaign: Campaign) -> tuple[Stands, dict[str, Stands]]:
    """All hosts, and those of each state of support."""
    by_support = _breakdown(campaign, "support")
    return total(by_support.values()), by_support


def total(every: Iterable[Stands]) -> Stands:
    """All of them together."""
    found = Stands()
    for one in every:
        for name in ("red", "yellow", "green", "vanished", "compromised"):
            setattr(found, name, getattr(found, name) + getattr(one, name))
    return found


def servers(campaign: Campaign) -> Stands:
    """The servers behind hosts, as the assessment that wrote the hosts counted them."""
    told = campaign.totals.get("servers", {})
    return Stands(**{name: told.get(name, 0) for name in ("red", "yellow", "green", "vanished")})


def organisations(campaign: Campaign) -> Stands:
    """Organisations with hosts, each as bad as its worst host."""
    worst = (
        Asset.objects.filter(campaign=campaign, owner__isnull=False)
        .order_by()
        .values("owner")
        .annotate(worst=Max(_BADNESS))
        .values_list("worst", flat=True)
    )
    found = Counter(worst)
    return Stands(
        red=found[3] + found[4],
        yellow=found[2],
        green=found[1],
        vanished=found[0],
        compromised=found[4],
    )


_BADNESS = When_(
    When(compromised=True, then=Value(4)),
    When(vanished=True, then=Value(0)),
    When(colour=Colour.RED, then=Value(3)),
    When(colour=Colour.YELLOW, then=Value(2)),
    default=Value(1),
    output_field=IntegerField(),
)


def organisations_there_are(campaign: Campaign) -> int:
    """All organisations of the constituency that lists still name."""
    rows = Organisation.objects.filter(constituency=campaign.constituency_id, gone_at=None)
    return rows.count()


def without_owner(campaign: Campaign) -> int:
    """Hosts that are seen and of which nobody can be named as the owner."""
    return Asset.objects.filter(campaign=campaign, vanished=False, owner=None).count()


def breakdown(campaign: Campaign, column: str) -> list[tuple[str, Stands]]:
    """Hosts by the values of a column, those with the most red ones first, then by number."""
    found = _breakdown(campaign, column)
    return sorted(found.items(), key=lambda one: (-one[1].red, -one[1].seen, one[0]))


def _breakdown(campaign: Campaign, column: str) -> dict[str, Stands]:
    rows = (
        Asset.objects.filter(campaign=campaign)
        .order_by()
        .values_list(column, "colour", "vanished", "compromised")
        .annotate(Count("pk"))
    )
    found: dict[str, Stands] = {}
    for value, colour, vanished, compromised, count in rows:
        found.setdefault(value, Stands()).take(
            colour, count, vanished=vanished, compromised=compromised
        )
    return found


def yellow(campaign: Campaign) -> Yellow:
    """Why hosts that are seen are yellow."""
    rows = (
        Asset.objects.filter(campaign=campaign, colour=Colour.YELLOW, vanished=False)
        .order_by()
        .values_list("doubts")
        .annotate(
            every=Count("pk"),
            by_claim=Count("pk", filter=Q(claimed=True)),
            by_owner=Count("pk", filter=Q(owner_reports_fixed=True)),
        )
    )
    found = Yellow()
    for doubts, count, claimed, owner_reports_fixed in rows:
        for doubt in filter(None, doubts.split(",")):
            found.by_doubt[Doubt(doubt)] += count
        found.claimed += claimed
        found.owner_reports_fixed += owner_reports_fixed
    return found


def last_import(campaign: Campaign) -> Import | None:
    """The newest that counts, however many newer ones failed or were undone."""
    return Import.objects.filter(campaign=campaign, state=ImportState.DONE).first()


def points(campaign: Campaign) -> list[Point]:
    """The curve, in order of time."""
    return list(Point.objects.filter(campaign=campaign).order_by("at"))


def compromised(campaign: Campaign, most: int) -> QuerySet[Asset]:
    """Hosts with signs of compromise, those seen last first."""
    found = Asset.objects.filter(campaign=campaign, compromised=True).defer("story")
    return found.select_related("owner").order_by("-last_seen", "place")[:most]


def open_cases(campaign: Campaign, most: int) -> tuple[list[Case], dict[CaseKind, int]]:
    """Cases that are not closed: the newest, and how many of each kind."""
    found = Case.objects.filter(campaign=campaign).exclude(state__in=CLOSED)
    counts = dict(found.order_by().values_list("kind").annotate(Count("pk")))
    newest = list(found.select_related("assignee", "organisation").order_by("-number")[:most])
    return newest, {kind: counts.get(kind.value, 0) for kind in CaseKind}


def newest_imports(campaign: Campaign, most: int) -> list[Import]:
    """The newest imports, in whatever state they are."""
    return list(Import.objects.filter(campaign=campaign).order_by("-number")[:most])


def counted_imports(campaign: Campaign) -> tuple[int, datetime | None]:
    """How many imports count, and when the newest of them was finished."""
    found = Import.objects.filter(campaign=campaign, state=ImportState.DONE).aggregate(
        many=Count("pk"), newest=Max("finished_at")
    )
    return found["many"], found["newest"]


def in_quarantine(campaign: Campaign) -> int:
    """Rows that could not be read, and of which nobody has decided yet."""
    return Rejected.objects.filter(
        part_of__campaign=campaign,
        part_of__state=ImportState.DONE,
        state=RejectedState.OPEN,
    ).count()


def running(campaign: Campaign, most: int) -> list[Job]:
    """Jobs that wait or run."""
    found = Job.objects.filter(campaign=campaign, state__in=OPEN)
    return list(found.order_by("id")[:most])
