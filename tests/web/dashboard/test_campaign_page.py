"""The campaign page: numbers worked out by hand, where they lead, and how often it asks."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

from tests.web.assessing.conftest import FIXED, OPEN, UNCLEAR, line
from tocsin.web.accounts.models import Role
from tocsin.web.assessing.services import assess
from tocsin.web.assets.models import Asset
from tocsin.web.cases.models import Case, CaseKind, CaseState
from tocsin.web.dashboard import queries
from tocsin.web.design.templatetags.desk import percent
from tocsin.web.imports.models import Import, ImportState
from tocsin.web.work.services import enqueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from tocsin.web.campaigns.models import Campaign
    from tocsin.web.organisations.models import Organisation

pytestmark = pytest.mark.django_db

PAGE = "/c/proxylogon/"


def page_of(client: Client) -> str:
    response = client.get(PAGE)
    assert response.status_code == 200
    return response.content.decode()


def section(page: str, name: str) -> str:
    """The text of one part of the page, its tags taken out."""
    found = re.search(rf'<section[^>]*aria-labelledby="{name}".*?</section>', page, re.DOTALL)
    assert found is not None, name
    return re.sub(
        r"\s+", " ", unescape(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", found[0], flags=re.DOTALL))
    )


def links(page: str, name: str) -> dict[str, str]:
    """In one part of the page, what each link with a number says, by its address."""
    found = re.search(rf'<section[^>]*aria-labelledby="{name}".*?</section>', page, re.DOTALL)
    assert found is not None, name
    pairs = re.findall(r'<a href="([^"]+)">(.*?)</a>', found[0], re.DOTALL)
    return {unescape(url): re.sub("<.*", "", text).strip() for url, text in pairs}


def test_the_answer_by_hand(
    campaign: Campaign, three_days: list[Import], signed_in: Callable[[Role], Client]
) -> None:
    assess(campaign)

    page = page_of(signed_in(Role.VIEWER))

    answer = section(page, "answer")
    two, one = percent(2, 5), percent(1, 5)
    assert f"Servers 2 {two} 1 {one} 2 {two} 1 6" in answer
    assert f"Hosts 2 {two} 1 {one} 2 {two} 1 6" in answer
    assert f"Organisations 0 {percent(0, 2)} 0 {percent(0, 2)} 2 {percent(2, 2)} 0 2" in answer
    assert "organisations with a host, of 3 in the constituency" in answer
    assert "Of 3 of the 5 hosts seen nobody can be named as the owner" in answer
    assert "As of <strong>" in page
    assert "2021-05-16 00:15" in answer


def test_every_colour_leads_to_as_many_hosts(
    campaign: Campaign, three_days: list[Import], signed_in: Callable[[Role], Client]
) -> None:
    assess(campaign)
    client = signed_in(Role.VIEWER)
    page = page_of(client)

    asked = 0
    for name in (
        "answer",
        "noticed",
        "resolve",
        "shells",
        "support",
        "cves",
        "by-cu",
        "by-sector",
        "by-region",
        "by-provider",
    ):
        for url, text in links(page, name).items():
            if url.startswith(f"{PAGE}assets/?"):
                asked += 1
                rows = client.get(f"{url}&format=json")
                assert rows.status_code == 200, url
                found = b"".join(rows.streaming_content)  # type: ignore[attr-defined]  # an export
                number = int(re.sub(r"\D", "", text))
                assert number == found.count(b'"key"'), url
    assert asked > 30


def test_every_number_of_hosts_in_a_table_is_a_link(
    campaign: Campaign, three_days: list[Import], signed_in: Callable[[Role], Client]
) -> None:
    assess(campaign)
    page = page_of(signed_in(Role.VIEWER))

    for name in ("noticed", "resolve", "support", "cves", "by-cu", "by-provider", "by-sector"):
        found = re.search(rf'aria-labelledby="{name}".*?</section>', page, re.DOTALL)
        assert found is not None
        cells = re.findall(r'<td class="number"[^>]*>(.*?)</td>', found[0], re.DOTALL)
        assert cells, name
        for cell in cells:
            first = re.sub(r"<.*", "", cell.strip(), flags=re.DOTALL)
            assert first == "0" or "%" in first or cell.strip().startswith("<a "), (name, cell)


def test_values_beyond_the_first_are_on_a_page_of_their_own(
    campaign: Campaign, bring: Callable[..., Import], signed_in: Callable[[Role], Client]
) -> None:
    bring(
        [
            line(f"2021-05-14 00:00:{at:02}", f"198.51.100.{at}", OPEN, asn=64496 + at)
            for at in range(15)
        ]
    )
    assess(campaign)
    client = signed_in(Role.VIEWER)

    assert "3 more 3 0 0 3 0" in section(page_of(client), "by-provider")
    assert f"{PAGE}by/provider/" in links(page_of(client), "by-provider")

    page = client.get(f"{PAGE}by/provider/").content.decode()
    assert "15 values of 15 hosts" in page
    assert {f"AS{64496 + at}" for at in range(15)} == set(re.findall(r">(AS\d+)<", page))
    assert "?provider=AS64510&amp;colour=red&amp;vanished=false" in page
    assert client.get(f"{PAGE}by/key/").status_code == 404


def test_what_was_noticed_after_the_last_import_by_hand(
    campaign: Campaign, three_days: list[Import], signed_in: Callable[[Role], Client]
) -> None:
    for one in three_days:
        Import.objects.filter(number__gt=one.number).update(state=ImportState.UNDONE)
        Import.objects.filter(number__lte=one.number).update(state=ImportState.DONE)
        assess(campaign)

    page = page_of(signed_in(Role.VIEWER))

    noticed = section(page, "noticed")
    assert "import 3" in noticed
    assert re.search(r"New 1 hosts: New", noticed)
    assert re.search(
        r"Vanished 1 hosts: Vanished missing in later scans, which is not fixed", noticed
    )
    assert "Fixed 0" in noticed
    assert "Back 0" in noticed
    assert "Of 6 hosts ever seen" in noticed


def test_new_signs_of_compromise_lead_to_exactly_their_hosts_also_after_an_undo(
    campaign: Campaign,
    bring: Callable[..., Import],
    three_days: list[Import],
    signed_in: Callable[[Role], Client],
) -> None:
    client = signed_in(Role.VIEWER)
    for last in ("203.0.113.9", "203.0.113.11"):
        bring([line("2021-05-17 00:10:00", last, FIXED, tag="exchange;webshell")], f"{last}.csv")
    assess(campaign)

    def found() -> tuple[str, list[str]]:
        shown = links(page_of(client), "noticed")
        (url,) = [one for one in shown if "signs_noticed_in" in one]
        rows = client.get(f"{url}&format=json")
        told = b"".join(rows.streaming_content)  # type: ignore[attr-defined]  # an export
        return shown[url], re.findall(r'"key": ?"([^"]+)"', told.decode())

    assert found() == ("1", ["203.0.113.11"])

    Import.objects.filter(number=5).update(state=ImportState.UNDONE)
    assess(campaign)
    assert found() == ("1", ["203.0.113.9"])

    Import.objects.filter(number=4).update(state=ImportState.UNDONE)
    assess(campaign)
    assert "Signs of compromise 0 hosts that showed none before" in section(
        page_of(client), "noticed"
    )


def test_the_last_import_that_counts_is_found_behind_many_that_do_not(
    campaign: Campaign, three_days: list[Import], signed_in: Callable[[Role], Client]
) -> None:
    assess(campaign)
    last = three_days[-1]
    for number in range(last.number + 1, last.number + 9):
        Import.objects.create(
            campaign=campaign,
            number=number,
            by=last.by,
            file_name="broken.csv",
            sha256="0" * 64,
            state=ImportState.FAILED,
        )

    assert f"import {last.number}" in section(page_of(signed_in(Role.VIEWER)), "noticed")


def test_what_would_resolve_the_yellow_by_hand(
    campaign: Campaign, three_days: list[Import], signed_in: Callable[[Role], Client]
) -> None:
    assess(campaign)

    resolve = section(page_of(signed_in(Role.VIEWER)), "resolve")

    assert f"No build was seen 1 hosts: No build was seen {percent(1, 1)}" in resolve
    assert "a scan that reads the version, or the owner's word" in resolve
    assert "Three parts" not in resolve, "192.0.2.2 vanished, and is not yellow"
    assert "A feed claims 1 of them to be vulnerable" in resolve


def test_the_curve_by_hand(
    campaign: Campaign, three_days: list[Import], signed_in: Callable[[Role], Client]
) -> None:
    assess(campaign)

    curve = section(page_of(signed_in(Role.VIEWER)), "curve")

    assert (
        f"On 2021-05-16, {percent(2, 4)} of the 4 hosts whose status is known were not "
        f"vulnerable; on 2021-05-14 it was {percent(1, 3)} of 3." in curve
    )
    assert f"Of a further 1 ({percent(1, 5)} of all seen) the status is not known" in curve
    assert f"2021-05-15 {percent(2, 3)} of 3 {percent(2, 5)} of 5" in curve


def test_web_shells_and_cases_by_hand(
    campaign: Campaign, three_days: list[Import], signed_in: Callable[[Role], Client]
) -> None:
    assess(campaign)
    for number, state in enumerate((CaseState.OPEN, CaseState.WITH_OWNER, CaseState.RESOLVED), 1):
        Case.objects.create(
            campaign=campaign,
            number=number,
            host=f"198.51.100.{number}",
            kind=CaseKind.COMPROMISED,
            state=state,
        )

    page = page_of(signed_in(Role.VIEWER))

    assert "198.51.100.7 nobody known a web shell answered 2021-05-16 00:12" in section(
        page, "shells"
    )
    cases = section(page, "cases")
    assert "2 open cases: 2 compromised, 0 disputed" in cases
    assert "198.51.100.3" not in cases


def test_breakdowns_by_hand(
    campaign: Campaign, three_days: list[Import], signed_in: Callable[[Role], Client]
) -> None:
    assess(campaign)

    page = page_of(signed_in(Role.VIEWER))

    assert "Energy 0 0 1 1 0" in section(page, "by-sector")
    assert "Not known 2 1 1 4 1" in section(page, "by-sector")
    assert "East 0 0 1 1 0" in section(page, "by-region")
    assert "SOUTH" not in section(page, "by-region"), "the only host of this region vanished"
    assert "2019 CU7 2 0 2 4 1" in section(page, "by-cu")
    assert "AS64496 2 1 2 5 1" in section(page, "by-provider")
    assert "CVE-2021-26855 2 1 2 5" in section(page, "cves")


def test_web_shells_by_sector_and_region_lead_to_exactly_their_hosts(
    campaign: Campaign,
    bring: Callable[..., Import],
    three_days: list[Import],
    signed_in: Callable[[Role], Client],
) -> None:
    bring(
        [
            line("2021-05-14 00:20:00", f"198.51.100.{at}", FIXED, tag=tag, sector=sector)
            for at, tag, sector in (
                (20, "exchange;webshell", "Health"),
                (21, "exchange;webshell", "Health"),
                (22, "exchange", "Health"),
                (23, "exchange;webshell", "Energy"),
            )
        ],
        "2021-05-14-scan_exchange-south-geo.csv",
    )
    assess(campaign)
    client = signed_in(Role.VIEWER)
    page = page_of(client)

    def found(column: str) -> dict[str, tuple[str, list[str]]]:
        told = {}
        for url, text in links(page, f"by-{column}").items():
            if "compromised=true" in url:
                rows = client.get(f"{url}&format=json")
                content = b"".join(rows.streaming_content)  # type: ignore[attr-defined]  # an export
                keys = re.findall(r'"key": ?"([^"]+)"', content.decode())
                told[re.findall(rf"{column}=([^&]+)", url)[0]] = (text, sorted(keys))
        return told

    assert {
        "Health": ("2", ["198.51.100.20", "198.51.100.21"]),
        "Energy": ("1", ["198.51.100.23"]),
        "-": ("1", ["198.51.100.7"]),
    } == found("sector")
    assert {
        "-": ("4", ["198.51.100.20", "198.51.100.21", "198.51.100.23", "198.51.100.7"])
    } == found("region")
    hosts = section(page, "by-sector")
    assert "Health 2 0 1 3 2" in hosts
    assert "Energy 1 0 1 2 1" in hosts


def test_an_empty_campaign_says_what_to_do_first(
    campaign: Campaign, signed_in: Callable[[Role], Client]
) -> None:
    page = page_of(signed_in(Role.ANALYST))

    assert "Nothing is known of any host yet" in page
    assert "Import a file of a feed" in page
    assert "What cannot be seen" in page
    assert "Exchange keeps its HttpProxy logs for about 30 days" in page


def test_rows_without_times_say_why_there_is_no_curve(
    campaign: Campaign, bring: Callable[..., Import], signed_in: Callable[[Role], Client]
) -> None:
    bring([line("", "192.0.2.1", OPEN)])
    assess(campaign)

    page = page_of(signed_in(Role.VIEWER))

    assert "no row says when it was seen" in page
    assert "The rows of these imports have no times" in page


def test_it_says_when_newer_rows_wait_to_be_judged(
    campaign: Campaign, three_days: list[Import], signed_in: Callable[[Role], Client]
) -> None:
    assess(campaign)
    client = signed_in(Role.VIEWER)
    assert "Newer rows are being judged" not in page_of(client)

    enqueue("assessing.assess", campaign.pk, campaign=campaign)

    assert "Newer rows are being judged" in page_of(client)


def test_rows_in_quarantine_are_told(
    campaign: Campaign, bring: Callable[..., Import], signed_in: Callable[[Role], Client]
) -> None:
    bring([line("2021-05-14 00:00:01", "192.0.2.1", OPEN), line("yesterday", "192.0.2.2", OPEN)])
    assess(campaign)

    assert "1 row could not be read and waits in quarantine" in re.sub(
        r"\s+", " ", page_of(signed_in(Role.VIEWER))
    )


def test_rows_in_quarantine_lead_to_the_imports_that_have_some(
    campaign: Campaign, bring: Callable[..., Import], signed_in: Callable[[Role], Client]
) -> None:
    bring([line("2021-05-14 00:00:01", "192.0.2.1", OPEN)], "good.csv")
    bring([line("yesterday", "192.0.2.2", OPEN)], "bad.csv")
    bring([line("yesterday", "192.0.2.3", FIXED, tag="exchange;webshell")], "shell.csv")
    Import.objects.filter(number__gt=1).update(rejected=1)
    assess(campaign)
    client = signed_in(Role.VIEWER)

    def files(quarantine: str) -> set[str]:
        page = client.get(f"{PAGE}imports/?state=done&quarantine={quarantine}").content.decode()
        return set(re.findall(r"\w+\.csv", page))

    page = page_of(client)
    assert 'href="/c/proxylogon/imports/?state=done&amp;quarantine=open"' in page
    assert {"bad.csv", "shell.csv"} == files("open")
    assert {"shell.csv"} == files("sign")
    assert 'href="/c/proxylogon/imports/2/quarantine/"' in page


def test_a_web_shell_in_a_row_that_names_no_host_is_told(
    campaign: Campaign, bring: Callable[..., Import], signed_in: Callable[[Role], Client]
) -> None:
    bring([line("2021-05-14 00:00:01", "no address", FIXED, tag="exchange;webshell")])
    assess(campaign)

    page = re.sub(r"\s+", " ", page_of(signed_in(Role.VIEWER)))

    assert "1 row with a sign of compromise names no host" in page


def test_nothing_is_ever_called_clean(
    campaign: Campaign, three_days: list[Import], signed_in: Callable[[Role], Client]
) -> None:
    assess(campaign)

    page = page_of(signed_in(Role.VIEWER))

    assert not re.search(r"\bclean\b", page, re.IGNORECASE)
    assert "style=" not in page
    assert not re.search(r"<script(?![^>]*src=)", page)
    assert not re.search(r"\son\w+=", page)


def test_text_of_feeds_is_shown_and_does_nothing(
    campaign: Campaign,
    bring: Callable[..., Import],
    organisations: dict[str, Organisation],
    signed_in: Callable[[Role], Client],
) -> None:
    hostile = "<script>alert(1)</script>\u202e"
    bring(
        [line("2021-05-14 00:00:01", "198.51.100.9", OPEN, sector=hostile, region=hostile)],
        "2021-05-14-scan_exchange-<b>x</b>-geo.csv",
    )
    assess(campaign)

    page = page_of(signed_in(Role.VIEWER))

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page
    assert "<b>x" not in page


@pytest.mark.parametrize("role", list(Role))
def test_all_roles_see_it_and_only_some_can_act(
    campaign: Campaign, signed_in: Callable[[Role], Client], role: Role
) -> None:
    page = page_of(signed_in(role))

    assert (">Import a feed</a>" in page) is (role is not Role.VIEWER)
    assert (">Members</a>" in page) is (role is Role.ADMINISTRATOR)


def test_who_has_no_role_does_not_learn_that_there_is_such_a_campaign(
    campaign: Campaign, client: Client, signed_in: Callable[[Role], Client]
) -> None:
    assert client.get(PAGE).status_code == 302
    assert signed_in(Role.VIEWER).get("/c/no-such-campaign/").status_code == 404


def test_queries_do_not_grow_with_hosts(
    campaign: Campaign,
    bring: Callable[..., Import],
    organisations: dict[str, Organisation],
    signed_in: Callable[[Role], Client],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    bring(
        [
            line(
                f"2021-05-14 00:{at // 60:02}:{at % 60:02}",
                f"198.51.100.{at}",
                (OPEN, FIXED, UNCLEAR)[at % 3],
                asn=64496 + at % 9,
                tag="exchange;webshell" if at % 5 == 0 else "exchange",
                region=f"R{at}",
            )
            for at in range(200)
        ]
    )
    assess(campaign)
    client = signed_in(Role.VIEWER)

    with django_assert_max_num_queries(32):
        page_of(client)


def test_counts_of_the_page_equal_those_of_the_assessment(
    campaign: Campaign, three_days: list[Import]
) -> None:
    assess(campaign)

    hosts, by_support = queries.hosts(campaign)

    together = campaign.totals["together"]
    for name in ("red", "yellow", "green", "vanished", "compromised"):
        assert getattr(hosts, name) == together[name]
    assert hosts.total == Asset.objects.count()
    assert sum(one.total for one in by_support.values()) == hosts.total
    found = queries.yellow(campaign)
    assert {doubt.value: count for doubt, count in found.by_doubt.items()} == {
        doubt: told["hosts"] for doubt, told in together["yellow_by"].items()
    }
    assert found.claimed == together["yellow_claimed"]
    assert found.owner_reports_fixed == together["yellow_owner_reported_fixed"]
