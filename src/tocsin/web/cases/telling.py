"""What cases add to the story of an organisation or a host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.urls import reverse

from tocsin.report.visible import shortened
from tocsin.web.cases.models import Case, CaseNote
from tocsin.web.organisations.story import About, Moment, tells

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOTE = 300


@tells
def cases(about: About, most: int) -> Iterable[Moment]:
    """When cases were opened and closed, and why."""
    found = Case.objects.filter(_about(about)).select_related("opened_by")
    for one in found.order_by("-opened_at")[:most]:
        url = reverse("cases:detail", args=[about.campaign.slug, one.number])
        yield Moment(
            at=one.opened_at,
            kind="case",
            text=f"case {one.number} ({one.get_kind_display().lower()}) opened: {one.because}",
            host=one.host,
            url=url,
            who=str(one.opened_by) if one.opened_by else "the desk",
            written=one.opened_by is not None,
        )
        if one.closed_at is not None:
            yield Moment(
                at=one.closed_at,
                kind="case",
                text=f"case {one.number} closed: {one.get_state_display().lower()}",
                host=one.host,
                url=url,
            )


@tells
def notes(about: About, most: int) -> Iterable[Moment]:
    """Notes of cases."""
    of_cases = Case.objects.filter(_about(about)).values("pk")
    found = CaseNote.objects.filter(case__in=of_cases).select_related("case", "by")
    for one in found.order_by("-at")[:most]:
        yield Moment(
            at=one.at,
            kind="note",
            text=f"case {one.case.number}: {shortened(one.text, _NOTE)}",
            host=one.case.host,
            url=reverse("cases:detail", args=[about.campaign.slug, one.case.number]),
            who=str(one.by),
            written=True,
        )


def _about(about: About) -> Q:
    wanted = Q(host__in=about.hosts)
    if about.organisation is not None:
        wanted |= Q(organisation=about.organisation)
    return wanted & Q(campaign=about.campaign)
