"""The desk's numbers against what the generator knows, by way of the real importers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from django.db.models import Count

from tests.web.demonstration.conftest import SMALL, play
from tocsin.campaign.sightings import OWNERS
from tocsin.web.assets.models import Asset, Exposure, Transition
from tocsin.web.campaigns.models import Point
from tocsin.web.cases.models import CaseKind
from tocsin.web.demonstration.country import CVES, Size
from tocsin.web.demonstration.load import load
from tocsin.web.demonstration.truth import news_of_the_last, owners_of, truth_of
from tocsin.web.demonstration.words import owners_words
from tocsin.web.imports.models import Import, Rejected
from tocsin.web.imports.models import Observation as Row
from tocsin.web.organisations.models import Organisation

if TYPE_CHECKING:
    from tests.web.demonstration.conftest import Played
    from tocsin.web.campaigns.models import Campaign

SEED = 3


def loaded(seed: int, size: Size) -> tuple[Campaign, Played]:
    return load(seed, size, lambda _: None), play(seed, size)


def numbers_are_the_truth(campaign: Campaign, played: Played) -> None:
    rows_are_the_truth(campaign, played)
    hosts_are_the_truth(campaign, played)
    changes_are_the_truth(campaign, played)
    words_are_the_truth(campaign, played)
    totals_are_the_truth(campaign, played)


def rows_are_the_truth(campaign: Campaign, played: Played) -> None:
    truth = played.truth
    assert {name: (truth.rows[name] - bad, bad) for name, bad in truth.bad_rows.items()} == {
        one.file_name: (one.observations, one.rejected)
        for one in Import.objects.filter(campaign=campaign).exclude(feed=OWNERS)
    }
    rows = Row.objects.exclude(file__feed=OWNERS).count()
    assert sum(truth.rows.values()) == rows + Rejected.objects.count()


def hosts_are_the_truth(campaign: Campaign, played: Played) -> None:
    truth = played.truth
    assets = Asset.objects.filter(campaign=campaign).select_related("owner")
    assert {
        ip: (one.colour, one.web_shell, one.counted == "vanished", len(one.servers))
        for ip, one in truth.known.items()
    } == {one.ip: (one.colour, one.compromised, one.vanished, one.servers) for one in assets}
    assert {
        ip: None if one is None else one.name for ip, one in owners_of(played.country).items()
    } == {one.ip: None if one.owner is None else one.owner.name for one in assets}
    for cve in CVES:
        colours = Exposure.objects.filter(asset__campaign=campaign, cve=cve).order_by()
        assert Counter(one.colour for one in truth.known.values()) == dict(
            colours.values_list("colour").annotate(Count("pk"))
        )


def changes_are_the_truth(campaign: Campaign, played: Played) -> None:
    start = played.country.period.start
    changes = Transition.objects.filter(asset__campaign=campaign, cve__in=["", CVES[0]])
    found = [
        (one.asset.ip, one.change, (one.before.date() - start).days, one.noticed_in)
        for one in changes.select_related("asset", "noticed_in")
    ]
    assert sorted(one[:3] for one in played.truth.events) == sorted(one[:3] for one in found)
    last = played.files[-1].name
    assert sorted(one[:3] for one in news_of_the_last(played.files)) == sorted(
        one[:3] for one in found if one[3] is not None and one[3].file_name == last
    )


def words_are_the_truth(campaign: Campaign, played: Played) -> None:
    """The owners' words stand beside what is seen, and move no host to another colour."""
    words = owners_words(played.country, played.files)
    right = {one.host.ip for one in words if one.stands}
    (wrong,) = (one.host.ip for one in words if not one.stands)
    reported = Asset.objects.filter(campaign=campaign, owner_reports_fixed=True)
    assert right
    assert right == set(reported.values_list("ip", flat=True))
    assert len(right) == campaign.totals["together"]["yellow_owner_reported_fixed"]
    asset = Asset.objects.get(campaign=campaign, ip=wrong)
    (word,) = asset.story["exposure"][CVES[0]]["owner_reported"]
    assert ("red", True) == (asset.colour, bool(word["contradicted"]))
    disputed = campaign.cases.filter(kind=CaseKind.DISPUTED, closed_at=None)
    assert [wrong] == list(disputed.values_list("host", flat=True))


def totals_are_the_truth(campaign: Campaign, played: Played) -> None:
    truth = played.truth
    together = campaign.totals["together"]
    assert truth.hosts == Counter(
        {name: together[name] for name in ("red", "yellow", "green", "vanished")}
    )
    assert truth.web_shells == together["compromised"]
    assert truth.servers == Counter(campaign.totals["servers"])
    assert len(played.country.organisations) == Organisation.objects.count()
    for point in Point.objects.filter(campaign=campaign):
        day = (point.at.date() - played.country.period.start).days
        until = [one for one in played.files if one.day <= day]
        then = truth_of(until)
        assert {**dict.fromkeys(("red", "yellow", "green", "vanished"), 0), **then.hosts} == {
            name: point.counts["assets"][name] for name in ("red", "yellow", "green", "vanished")
        }


@pytest.mark.django_db
@pytest.mark.usefixtures("media")
def test_the_numbers_of_a_small_country_are_the_truth() -> None:
    numbers_are_the_truth(*loaded(SEED, SMALL))


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.usefixtures("media")
def test_the_numbers_of_the_demonstration_are_the_truth() -> None:
    numbers_are_the_truth(*loaded(2021, Size()))
