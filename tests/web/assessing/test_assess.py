"""What an assessment saves, against what was worked out by hand."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction

from tests.web.assessing.conftest import DAY_1, DAY_2, DAY_3, FIXED, OPEN, line
from tocsin.campaign.gathering import Hosts
from tocsin.campaign.host_json import host_json
from tocsin.campaign.merge import merged
from tocsin.campaign.totals import Totals
from tocsin.web.assessing.basis import rules_of
from tocsin.web.assessing.services import assess
from tocsin.web.assets.models import Asset, Exposure, Transition
from tocsin.web.audit.models import Decision
from tocsin.web.campaigns.models import Point
from tocsin.web.imports.models import Import, ImportState
from tocsin.web.imports.models import Observation as Row
from tocsin.web.imports.queries import stored_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_django import DjangoAssertNumQueries

    from tocsin.campaign.observation import FeedRow
    from tocsin.web.campaigns.models import Campaign
    from tocsin.web.organisations.models import Organisation

pytestmark = pytest.mark.django_db

NAMES = [f"2021-05-{day}-scan_exchange-north-geo.csv" for day in (14, 15, 16)]


def assets(campaign: Campaign) -> dict[str, Asset]:
    return {one.key: one for one in campaign.assets.select_related("owner")}


def everything(campaign: Campaign, *, with_imports: bool = True) -> list[Any]:
    """All that is worked out, but for keys of the database."""
    skip = {"_state", "id", "campaign_id", "owner_id"}
    if not with_imports:
        skip.add("signs_noticed_in_id")
    hosts = [
        ({k: v for k, v in vars(one).items() if k not in skip}, str(one.owner))
        for one in Asset.objects.filter(campaign=campaign).select_related("owner")
    ]
    for fields, _ in hosts:
        fields["place"] = bytes(fields["place"])
        fields.pop("_prefetched_objects_cache", None)
    exposures = sorted(
        Exposure.objects.values_list("asset__key", "cve", "statuses", "colour", "doubts")
    )
    columns = ["asset__key", "change", "cve", "server", "before", "after", "builds"]
    changes = Transition.objects.values_list(
        *columns, *(["noticed_in__number"] if with_imports else [])
    )
    points = list(Point.objects.values_list("at", "counts"))
    return [
        [repr(sorted(fields.items())) for fields, _ in hosts],
        [owner for _, owner in hosts],
        exposures,
        sorted(map(repr, changes)),
        points,
    ]


def test_three_days_by_hand(campaign: Campaign, three_days: list[Import]) -> None:
    assess(campaign)

    found = assets(campaign)
    told = {key: (one.colour, one.compromised, one.vanished) for key, one in found.items()}
    assert told == {
        "192.0.2.1": ("green", False, False),
        "192.0.2.2": ("yellow", False, True),
        "198.51.100.7": ("red", True, False),
        "203.0.113.9": ("green", False, False),
        "203.0.113.10": ("yellow", False, False),
        "203.0.113.11": ("red", False, False),
    }
    assert list(found) == [
        *("192.0.2.1", "192.0.2.2", "198.51.100.7", "203.0.113.9"),
        *("203.0.113.10", "203.0.113.11"),
    ]
    totals = campaign.totals
    assert totals["hosts"] == 6
    together = {
        name: totals["together"][name]
        for name in ("red", "yellow", "green", "vanished", "compromised", "yellow_claimed")
    }
    assert together == {
        "red": 2,
        "yellow": 1,
        "green": 2,
        "vanished": 1,
        "compromised": 1,
        "yellow_claimed": 1,
    }
    assert totals["servers"] == {"red": 2, "yellow": 1, "green": 2, "vanished": 1}
    assert f"{campaign.as_of:%Y-%m-%d %H:%M}" == "2021-05-16 00:15"


def test_columns_of_a_host_by_hand(campaign: Campaign, three_days: list[Import]) -> None:
    assess(campaign)

    found = assets(campaign)
    first = found["192.0.2.1"]
    told = (first.build, first.product, first.cu, first.hostname, first.provider, first.country)
    assert told == (
        "15.2.721.13",
        "Exchange Server 2019",
        "2019 CU7",
        "mail.a.example",
        "AS64496",
        "DE",
    )
    assert (str(first.owner), first.owner_step, first.region) == ("A", "network", "East")
    assert (str(found["203.0.113.9"].owner), found["203.0.113.9"].owner_step) == ("B", "domain")
    assert found["203.0.113.9"].sector == "Energy"
    unowned = found["192.0.2.2"]
    assert (unowned.owner, unowned.owner_step) == (None, "nobody")
    assert (unowned.region, unowned.sector) == ("SOUTH", "Health")
    assert unowned.doubts == "three_parts"
    no_build = found["203.0.113.10"]
    assert (no_build.doubts, no_build.build, no_build.cu, no_build.claimed) == (
        "no_build",
        "",
        "",
        True,
    )
    assert found["198.51.100.7"].evidence == "web_shell"
    assert first.support in {"ended", "extended", "supported", "superseded"}


def test_exposures_by_hand(campaign: Campaign, three_days: list[Import]) -> None:
    assess(campaign)

    rows = Exposure.objects.filter(cve="CVE-2021-26855").values_list("asset__key", "statuses")
    assert dict(rows) == {
        "192.0.2.1": "fixed",
        "192.0.2.2": "undetermined",
        "198.51.100.7": "fixed",
        "203.0.113.9": "fixed",
        "203.0.113.10": "undetermined",
        "203.0.113.11": "vulnerable",
    }
    assert Exposure.objects.count() == 6 * len(campaign.cves)


def test_changes_by_hand_and_when_they_were_noticed(
    campaign: Campaign, bring: Callable[..., Import], organisations: dict[str, Organisation]
) -> None:
    for at, lines in enumerate((DAY_1, DAY_2, DAY_3)):
        bring(lines, NAMES[at])
        assess(campaign)

    rows = Transition.objects.exclude(change="first_seen").values_list(
        "asset__key", "change", "cve", "noticed_in__number"
    )
    assert sorted(rows) == [
        *(("192.0.2.1", "fixed", cve, 2) for cve in sorted(campaign.cves)),
        ("192.0.2.2", "vanished", "", 3),
    ]
    first = Transition.objects.filter(change="first_seen").values_list(
        "asset__key", "noticed_in__number"
    )
    assert sorted(first) == [
        *(("192.0.2.1", 1), ("192.0.2.2", 1), ("198.51.100.7", 1), ("203.0.113.10", 1)),
        *(("203.0.113.11", 3), ("203.0.113.9", 1)),
    ]
    effects = dict(Import.objects.values_list("number", "effect"))
    assert effects == {
        1: {"first_seen": 5, "web_shells": 1},
        2: {"fixed": 1, "web_shells": 0},
        3: {"first_seen": 1, "vanished": 1, "web_shells": 0},
    }


def test_points_by_hand(campaign: Campaign, three_days: list[Import]) -> None:
    assess(campaign)

    told = {
        f"{at:%d}": [
            tuple(counts[what][name] for name in ("red", "yellow", "green", "vanished"))
            for what in ("assets", "organisations")
        ]
        for at, counts in Point.objects.values_list("at", "counts")
    }
    assert told == {
        "14": [(2, 2, 1, 0), (1, 0, 1, 0)],
        "15": [(1, 2, 2, 0), (0, 0, 2, 0)],
        "16": [(2, 1, 2, 1), (0, 0, 2, 0)],
    }
    last = Point.objects.order_by("at").last()
    assert last is not None
    together = campaign.totals["together"]
    assert last.counts["assets"] == {name: together[name] for name in last.counts["assets"]}


def test_assessed_twice_gives_the_same_rows_and_writes_none(
    campaign: Campaign, three_days: list[Import]
) -> None:
    assess(campaign)
    before, keys = everything(campaign), list(Asset.objects.values_list("pk", flat=True))
    decisions = Decision.objects.count()

    outcome = assess(campaign)

    assert before == everything(campaign)
    assert keys == list(Asset.objects.values_list("pk", flat=True))
    assert (outcome.created, outcome.changed, outcome.removed) == (0, 0, 0)
    assert decisions == Decision.objects.count()


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_any_order_of_imports_gives_the_same_assets_and_points(
    campaign: Campaign,
    bring: Callable[..., Import],
    organisations: dict[str, Organisation],
    order: tuple[int, ...],
) -> None:
    days = (DAY_1, DAY_2, DAY_3)
    for at in order:
        bring(days[at], NAMES[at])
        assess(campaign)
    found = everything(campaign, with_imports=False)
    Asset.objects.all().delete()
    Point.objects.all().delete()
    campaign.totals = {}
    campaign.save()

    assess(campaign)

    assert everything(campaign, with_imports=False) == found


def test_undo_of_an_import_restores_what_was_before(
    campaign: Campaign, bring: Callable[..., Import], organisations: dict[str, Organisation]
) -> None:
    bring(DAY_1, NAMES[0])
    bring(DAY_2, NAMES[1])
    assess(campaign)
    before, totals = everything(campaign), campaign.totals
    last = bring(DAY_3, NAMES[2])
    assess(campaign)
    assert before != everything(campaign)

    Import.objects.filter(pk=last.pk).update(state=ImportState.UNDONE)
    assess(campaign)

    assert before == everything(campaign)
    assert totals == campaign.totals


def test_undo_of_the_import_in_the_middle_gives_what_the_others_give(
    campaign: Campaign, bring: Callable[..., Import], organisations: dict[str, Organisation]
) -> None:
    bring(DAY_1, NAMES[0])
    bring(DAY_3, NAMES[2])
    assess(campaign)
    before = everything(campaign, with_imports=False)
    middle = bring(DAY_2, NAMES[1])
    assess(campaign)

    Import.objects.filter(pk=middle.pk).update(state=ImportState.UNDONE)
    assess(campaign)

    assert before == everything(campaign, with_imports=False)


def test_a_campaign_without_rows_has_no_assets_and_no_points(campaign: Campaign) -> None:
    outcome = assess(campaign)

    assert (outcome.hosts, outcome.points) == (0, 0)
    assert campaign.assessed_at is not None
    assert campaign.as_of is None
    assert campaign.totals["together"]["red"] == 0


def test_rows_without_times_give_assets_and_no_points(
    campaign: Campaign, bring: Callable[..., Import]
) -> None:
    bring([line("", "192.0.2.1", OPEN)])

    assess(campaign)

    assert [one.colour for one in Asset.objects.all()] == ["red"]
    assert Point.objects.count() == 0
    assert Transition.objects.count() == 0


def test_a_sign_of_a_web_shell_in_a_damaged_row_counts(
    campaign: Campaign, bring: Callable[..., Import]
) -> None:
    damaged = line("not a time", "192.0.2.66", FIXED, tag="exchange;webshell")
    made = bring([*DAY_1, damaged])

    assess(campaign)

    host = assets(campaign)["192.0.2.66"]
    assert (host.colour, host.compromised, host.evidence) == ("red", True, "web_shell")
    made.refresh_from_db()
    assert made.effect["web_shells"] == 2


def noticed(campaign: Campaign) -> dict[str, int]:
    rows = campaign.assets.exclude(signs_noticed_in=None)
    return dict(rows.values_list("key", "signs_noticed_in__number"))


def test_signs_of_compromise_are_noticed_in_the_first_import_that_holds_them(
    campaign: Campaign, bring: Callable[..., Import], organisations: dict[str, Organisation]
) -> None:
    again = line("2021-05-15 00:12:00", "198.51.100.7", FIXED, tag="exchange;webshell")
    other = line("2021-05-15 00:13:00", "203.0.113.9", FIXED, tag="exchange;webshell")
    bring(DAY_1, NAMES[0])
    assess(campaign)
    assert noticed(campaign) == {"198.51.100.7": 1}

    second = bring([again, other], NAMES[1])
    assess(campaign)

    assert noticed(campaign) == {"198.51.100.7": 1, "203.0.113.9": 2}
    second.refresh_from_db()
    assert second.effect["web_shells"] == 1

    Import.objects.filter(number=1).update(state=ImportState.UNDONE)
    assess(campaign)

    assert noticed(campaign) == {"198.51.100.7": 2, "203.0.113.9": 2}
    second.refresh_from_db()
    assert second.effect["web_shells"] == 2

    Import.objects.filter(number=2).update(state=ImportState.UNDONE)
    Import.objects.filter(number=1).update(state=ImportState.DONE)
    assess(campaign)

    assert noticed(campaign) == {"198.51.100.7": 1}
    assert Import.objects.get(number=1).effect["web_shells"] == 1


def test_signs_in_rows_without_an_address_are_those_of_the_host_that_has_the_name(
    campaign: Campaign, bring: Callable[..., Import]
) -> None:
    host = "mail.a.example"
    sign = "exchange;webshell"
    bring([line("2021-05-14 00:10:00", "192.0.2.1", OPEN, hostname=host)], NAMES[0])
    bring([line("2021-05-15 00:10:00", "192.0.2.1", hostname=host, tag=sign)], NAMES[1])
    Row.objects.filter(file__part_of__number=2).update(ip="", host=host)

    assess(campaign)

    assert noticed(campaign) == {"192.0.2.1": 2}


def test_a_change_of_the_rules_is_not_new_since_the_last_import(
    campaign: Campaign, three_days: list[Import]
) -> None:
    campaign.absent_after = 1
    campaign.save()
    assess(campaign)
    vanished = Transition.objects.filter(change="vanished")
    noticed = vanished.values_list("asset__key", "noticed_in")
    assert list(noticed) == [("192.0.2.2", three_days[1].pk)]

    campaign.absent_after = 3
    campaign.save()
    assess(campaign)
    assert not vanished.exists()


def test_a_region_is_spelt_as_the_constituency_spells_it(
    campaign: Campaign, bring: Callable[..., Import], organisations: dict[str, Organisation]
) -> None:
    bring([line("2021-05-14 00:00:01", "203.0.113.1", OPEN, region="EAST")])

    assess(campaign)

    assert [one.region for one in Asset.objects.all()] == ["East"]


def test_totals_equal_those_of_the_core(campaign: Campaign, three_days: list[Import]) -> None:
    assess(campaign)

    hosts, totals = Hosts(), Totals(campaign.cves)
    for row in stored_rows(campaign):
        hosts.add(row)
    assert campaign.assessed_at is not None
    for host in merged(
        hosts, campaign.cves, on=campaign.assessed_at.date(), rules=rules_of(campaign)
    ):
        totals.take(host)
        story = assets(campaign)[host.gathered.key].story
        told = host_json(host, totals, None)
        assert story["colour"] == told["colour"]
        assert story["exposure"].keys() == told["exposure"].keys()
    assert totals.together.red == campaign.totals["together"]["red"]


def test_an_assessment_in_between_makes_it_begin_anew(
    campaign: Campaign, three_days: list[Import], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def progress(done: int, total: int, message: str = "") -> None:
        calls.append(message)

    real = stored_rows

    def read_while_another_saves(asked: Campaign) -> Iterator[FeedRow]:
        yield from real(asked)
        if not calls:
            calls.append("in between")
            assess(asked)

    monkeypatch.setattr("tocsin.web.assessing.services.stored_rows", read_while_another_saves)

    outcome = assess(campaign, progress=progress)

    assert outcome.hosts == 6
    assert outcome.created == 0


def test_what_raises_leaves_everything_as_it_was(
    campaign: Campaign, three_days: list[Import], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr("tocsin.web.assessing.services._record", broken)
    with pytest.raises(ValueError, match="broken"), transaction.atomic():
        assess(campaign)

    assert Asset.objects.count() == 0
    campaign.refresh_from_db()
    assert campaign.assessed_at is None


def test_the_number_of_queries_does_not_hang_on_hosts(
    campaign: Campaign,
    bring: Callable[..., Import],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    lines = [
        line(f"2021-05-14 00:{at // 60:02}:{at % 60:02}", f"198.51.100.{at}", OPEN)
        for at in range(200)
    ]
    bring(lines)

    with django_assert_max_num_queries(55):
        assess(campaign)

    with django_assert_max_num_queries(31):
        assess(campaign)
