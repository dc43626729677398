"""Pages of the demonstration: their numbers against the truth, and no raw identifier in them."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from tests.web.demonstration.conftest import SMALL, Played, play
from tocsin.web.accounts.models import Membership, Role, User
from tocsin.web.audit.models import Decision
from tocsin.web.dashboard import queries
from tocsin.web.demonstration.load import load
from tocsin.web.design.deeds import DEEDS
from tocsin.web.imports.models import Import

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client

    from tocsin.web.campaigns.models import Campaign

pytestmark = pytest.mark.django_db
SEED = 3
COLOURS = ("red", "yellow", "green", "vanished")
_IDENTIFIER = re.compile(r"(?<![\w./=-])[a-z]+(?:_[a-z0-9]+)+(?![\w./=-])")
"""``scan_script``, but not a part of a file's name (``2021-03-09-scan_exchange-north.csv``)."""


@pytest.fixture
def shown(media: Path) -> tuple[Campaign, Played]:
    return load(SEED, SMALL, lambda _: None), play(SEED, SMALL)


@pytest.fixture
def viewer(client: Client, shown: tuple[Campaign, Played]) -> Client:
    user = User.objects.create(username="a-viewer")
    Membership.objects.create(user=user, campaign=shown[0], role=Role.VIEWER)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def words_of(page: str) -> str:
    """What a person reads: without tags, drawings and what is quoted as it was written."""
    quoted = r"<(code|script|style|svg|textarea)\b.*?</\1>"
    text = re.sub(r"<[^>]+>", " ", re.sub(quoted, " ", page, flags=re.DOTALL))
    return re.sub(r"\s+", " ", unescape(text))


def raw_in(page: str) -> set[str]:
    """Identifiers that a person would read on a page."""
    text = words_of(page)
    return {*_IDENTIFIER.findall(text), *(one for one in DEEDS if one in text)}


def test_the_search_for_raw_identifiers_finds_some() -> None:
    page = "<p title='a_b'>seen by scan_script, import.finished</p><code>web_shell</code>"
    assert {"scan_script", "import.finished"} == raw_in(page)
    assert not raw_in("<td>2021-03-09-scan_exchange-north-geo.csv, row 3</td>")


def worst(counted: Counter[str]) -> str:
    return next(one for one in COLOURS if counted[one])


def test_organisations_by_colour_are_the_truth(shown: tuple[Campaign, Played]) -> None:
    campaign, played = shown
    truth = Counter(worst(counted) for counted in played.truth.owned.values())
    assert len(truth) >= 3, "a demonstration without all colours shows nothing"

    found = queries.organisations(campaign)

    assert [truth[one] for one in COLOURS] == [getattr(found, one) for one in COLOURS]


def test_the_campaign_page_shows_the_truth(shown: tuple[Campaign, Played], viewer: Client) -> None:
    campaign, played = shown
    truth = played.truth
    page = viewer.get(campaign.get_absolute_url()).content.decode()
    rows = table_of(page, "answer")

    owned = Counter(worst(counted) for counted in truth.owned.values())
    for name, counts in (
        ("Servers", truth.servers),
        ("Hosts", truth.hosts),
        ("Organisations", owned),
    ):
        numbers = [counts[one] for one in COLOURS]
        assert [*numbers, sum(numbers)] == rows[name], name

    stats = dict(
        re.findall(r'stat__label">([^<:]+).*?stat__value">(?:<a [^>]*>)?([\d,]+)', page, re.DOTALL)
    )
    assert {
        "Red hosts": truth.hosts["red"],
        "Yellow hosts": truth.hosts["yellow"],
        "Green hosts": truth.hosts["green"],
        "With signs of compromise": truth.web_shells,
        "Vanished": truth.hosts["vanished"],
    } == {name: int(number.replace(",", "")) for name, number in stats.items()}

    sectors: dict[str, Counter[str]] = {}
    for one in truth.known.values():
        if one.counted != "vanished" and one.host.told_owner is not None:
            counted = sectors.setdefault(one.host.told_owner.sector or "Not known", Counter())
            counted.update([one.counted, "seen", *(["web shell"] if one.web_shell else [])])
    shown_sectors = table_of(page, "by-sector")
    assert any(counted["web shell"] for counted in sectors.values())
    for sector, counted in sectors.items():
        numbers = [counted[one] for one in ("red", "yellow", "green", "seen", "web shell")]
        assert numbers == shown_sectors[sector], sector


def table_of(page: str, name: str) -> dict[str, list[int]]:
    """In one part of the page, the numbers of each line by its head."""
    part = re.search(rf'<section[^>]*aria-labelledby="{name}".*?</section>', page, re.DOTALL)
    assert part is not None
    lines = re.findall(r'<tr>\s*<th scope="row">(.*?)</th>(.*?)</tr>', part[0], re.DOTALL)
    return {
        words_of(head).strip(): [
            int(number.replace(",", ""))
            for number in re.findall(r'<td class="number"[^>]*>(?:<a [^>]*>)?([\d,]+)', cells)
        ]
        for head, cells in lines
    }


def test_no_page_shows_a_raw_identifier(shown: tuple[Campaign, Played], viewer: Client) -> None:
    campaign, _ = shown
    at = {"campaign": campaign.slug}
    hosts = campaign.assets.exclude(owner=None)
    some = [
        *hosts.filter(compromised=True)[:2],
        *hosts.filter(colour="yellow")[:2],
        *hosts.filter(servers__gt=1)[:2],
    ]
    pages = [
        campaign.get_absolute_url(),
        reverse("assets:list", kwargs=at),
        reverse("organisations:list", kwargs=at),
        reverse("imports:list", kwargs=at),
        reverse("cases:list", kwargs=at),
        reverse("audit:list", kwargs=at),
        *(reverse("assets:detail", kwargs={**at, "pk": one.pk}) for one in some),
        *(reverse("assets:rows", kwargs={**at, "pk": one.pk}) for one in some),
        *(reverse("organisations:detail", kwargs={**at, "pk": one.owner_id}) for one in some),
    ]
    for one in Import.objects.filter(campaign=campaign):
        pages += [
            reverse("imports:detail", kwargs={**at, "number": one.number}),
            reverse("imports:quarantine", kwargs={**at, "number": one.number}),
        ]
    pages += [
        reverse("cases:detail", kwargs={**at, "number": one.number})
        for one in campaign.cases.all()[:3]
    ]
    kinds: dict[str, int] = {}
    for decision in Decision.objects.filter(campaign=campaign):
        kinds.setdefault(decision.action, decision.number)
    pages += [
        reverse("audit:detail", kwargs={**at, "number": number}) for number in kinds.values()
    ]

    found = {}
    for address in pages:
        answer = viewer.get(address)
        assert answer.status_code == 200, address
        raw = raw_in(answer.content.decode())
        if raw:
            found[address] = raw
    assert {} == found
    assert len(pages) > 30
