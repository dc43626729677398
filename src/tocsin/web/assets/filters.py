"""The filters of the list of hosts. Other pages link to them by name, so names stay.

``colour=red``, ``compromised=true``, ``vanished=false``, ``claimed=true``,
``owner_reports_fixed=true``, ``support=ended``, ``doubt=three_parts``, ``case=open``; ``sector``,
``region``, ``country``, ``cu``, ``provider`` and ``owner`` (a key) take ``-`` for hosts of which
it is not known; ``cve`` goes with ``cve_colour`` or ``cve_status``, ``change`` with ``noticed_in``
(the number of an import); ``signs_noticed_in`` takes such a number, too. Where several may be
chosen, any of them counts.
"""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet

from tocsin.web.assets.models import Asset, Change, Colour, Exposure, Transition
from tocsin.web.campaigns.models import Campaign
from tocsin.web.design.words import DOUBTS, STATUSES, SUPPORT, choices
from tocsin.web.lists.known import NOT_KNOWN, KnownFilter

CHANGES = [(one.value, one.label) for one in Change]
CASES = [("open", "Open"), ("closed", "Closed"), ("none", "Never one")]


class AssetFilter(django_filters.FilterSet):  # type: ignore[misc]  # brings no types
    """What hosts can be found by, besides the search. `for_campaign` says in which campaign."""

    campaign: ClassVar[Campaign | None] = None

    colour = django_filters.MultipleChoiceFilter(label="Status", choices=Colour.choices)
    sector = KnownFilter("sector", label="Sector")
    region = KnownFilter("region", label="Region")
    country = KnownFilter("country", label="Country")
    cu = KnownFilter("cu", label="Cumulative update")
    provider = KnownFilter("provider", label="Provider")
    support = django_filters.MultipleChoiceFilter(label="Support", choices=choices(SUPPORT))
    doubt = django_filters.MultipleChoiceFilter(
        label="Why yellow", choices=choices(DOUBTS), method="of_doubts"
    )
    cve = django_filters.ChoiceFilter(label="CVE", method="of_cve")
    cve_colour = django_filters.ChoiceFilter(
        label="Status for the CVE", choices=Colour.choices, method="with_cve"
    )
    cve_status = django_filters.ChoiceFilter(
        label="Said of the CVE",
        choices=choices(STATUSES),
        method="with_cve",
        widget=forms.HiddenInput,
    )
    change = django_filters.ChoiceFilter(label="Change", choices=CHANGES, method="of_change")
    noticed_in = django_filters.NumberFilter(
        label="Noticed in import", method="of_import", min_value=1, widget=forms.HiddenInput
    )
    compromised = django_filters.BooleanFilter(label="Signs of compromise")
    signs_noticed_in = django_filters.NumberFilter(
        "signs_noticed_in__number",
        label="Signs of compromise noticed first in import",
        min_value=1,
        widget=forms.HiddenInput,
    )
    vanished = django_filters.BooleanFilter(label="Vanished")
    claimed = django_filters.BooleanFilter(label="Claimed by a feed", widget=forms.HiddenInput)
    owner_reports_fixed = django_filters.BooleanFilter(
        label="Owner reports it fixed", widget=forms.HiddenInput
    )
    case = django_filters.ChoiceFilter(label="Case", choices=CASES, method="of_case")
    owner = django_filters.ChoiceFilter(
        label="Organisation", method="of_owner", widget=forms.HiddenInput
    )

    class Meta:
        """Everything is said above."""

        model = Asset
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 as FilterSet's
        super().__init__(*args, **kwargs)
        for one in self.filters.values():
            if isinstance(one, KnownFilter):
                one.offer(self.queryset)
        campaign = self.campaign
        cves = campaign.cves if campaign is not None else ()
        self.filters["cve"].extra["choices"] = [(cve, cve) for cve in cves]
        self.filters["owner"].extra["choices"] = self._owner()

    def _owner(self) -> list[tuple[str, str]]:
        """Nobody, and the organisation that is asked for: of 2,000 nobody chooses in a form."""
        asked = (self.data or {}).get("owner", "")
        found = [(NOT_KNOWN, "nobody known")]
        if self.campaign is not None and asked.isdecimal() and asked.isascii():
            own = self.campaign.constituency.organisations.filter(pk=int(asked[:18]))
            found += [(str(pk), name) for pk, name in own.values_list("pk", "name")]
        return found

    def of_owner(self, rows: QuerySet[Asset], _name: str, value: str) -> QuerySet[Asset]:
        """Those of one organisation, or of nobody."""
        return rows.filter(owner=None if value == NOT_KNOWN else int(value))

    def of_cve(self, rows: QuerySet[Asset], _name: str, value: str) -> QuerySet[Asset]:
        """Those of which a CVE is asked, with the colour or the word that goes with it."""
        found = Exposure.objects.filter(asset=OuterRef("pk"), cve=value)
        asked = self.form.cleaned_data
        if asked.get("cve_colour"):
            found = found.filter(colour=asked["cve_colour"])
        if asked.get("cve_status"):
            found = found.filter(statuses__contains=asked["cve_status"])
        return rows.filter(Exists(found))

    def with_cve(self, rows: QuerySet[Asset], name: str, value: str) -> QuerySet[Asset]:
        """Of any CVE where none is named; else `of_cve` has asked already."""
        if self.form.cleaned_data.get("cve"):
            return rows
        field = "colour" if name == "cve_colour" else "statuses__contains"
        return rows.filter(Exists(Exposure.objects.filter(asset=OuterRef("pk"), **{field: value})))

    def of_doubts(self, rows: QuerySet[Asset], _name: str, value: list[str]) -> QuerySet[Asset]:
        """Yellow ones for any of these reasons. No word of them is a part of another."""
        anywhere = Q()
        for one in value or ():
            anywhere |= Q(doubts__contains=one)
        return rows.filter(anywhere)

    def of_change(self, rows: QuerySet[Asset], _name: str, value: str) -> QuerySet[Asset]:
        """Those with this change, in the import that is asked for."""
        found = Transition.objects.filter(asset=OuterRef("pk"), change=value)
        number = self.form.cleaned_data.get("noticed_in")
        if number is not None:
            found = found.filter(noticed_in__number=number)
        return rows.filter(Exists(found))

    def of_import(self, rows: QuerySet[Asset], _name: str, value: int) -> QuerySet[Asset]:
        """Those with any change noticed in this import, where no change is named."""
        if self.form.cleaned_data.get("change"):
            return rows
        found = Transition.objects.filter(asset=OuterRef("pk"), noticed_in__number=value)
        return rows.filter(Exists(found))

    def of_case(self, rows: QuerySet[Asset], _name: str, value: str) -> QuerySet[Asset]:
        """Those that somebody follows, has followed, or never followed."""
        if self.campaign is None:
            return rows
        cases = self.campaign.cases.filter(host=OuterRef("key"))
        if value == "none":
            return rows.filter(~Exists(cases))
        return rows.filter(Exists(cases.filter(closed_at__isnull=value == "open")))


def for_campaign(campaign: Campaign) -> type[AssetFilter]:
    """The filters of the hosts of one campaign."""
    return type("AssetFilter", (AssetFilter,), {"campaign": campaign})
