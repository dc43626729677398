"""The page of a host: the answer first, and everything that it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from tests.web.assessing.conftest import FIXED, OPEN, line
from tests.web.conftest import text_of
from tocsin.web.accounts.models import Role
from tocsin.web.assessing.services import assess
from tocsin.web.assets.models import Asset
from tocsin.web.cases.models import CaseKind
from tocsin.web.cases.services import add_note, open_case
from tocsin.web.hunts.models import Hunt
from tocsin.web.imports.models import FeedFile
from tocsin.web.organisations.models import Contact, Organisation

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from tocsin.web.accounts.models import User
    from tocsin.web.campaigns.models import Campaign

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202e"


@pytest.fixture
def page(
    assessed: Campaign, signed_in: Callable[..., Client], host: Callable[[str], Asset]
) -> Callable[..., bytes]:
    """The page of a host for somebody with a role."""

    def ask(key: str, role: Role = Role.ANALYST) -> bytes:
        url = reverse("assets:detail", args=[assessed.slug, host(key).pk])
        response = signed_in(role).get(url)
        assert 200 == response.status_code
        return bytes(response.content)

    return ask


def test_signs_of_compromise_come_first(page: Callable[..., bytes]) -> None:
    text = text_of(page("198.51.100.7"))

    assert "There are signs of compromise. They outrank every build, so that it is red." in text
    assert text.index("There are signs") < text.index("By CVE")


def test_a_yellow_host_says_what_would_settle_it(page: Callable[..., bytes]) -> None:
    text = text_of(page("203.0.113.10"))

    assert "Not known whether it is vulnerable." in text
    assert "What would settle the yellow No build was seen: a scan that reads the version" in text
    assert "claimed by shadowserver" in text


def test_every_cve_has_its_words_reason_method_and_precision(page: Callable[..., bytes]) -> None:
    text = text_of(page("203.0.113.11"))

    for cve in ("CVE-2021-26855", "CVE-2021-26857", "CVE-2021-26858", "CVE-2021-27065"):
        assert cve in text
    assert f"{OPEN} 4 parts: the security update is known the feed's version" in text


def test_a_vanished_host_is_not_called_fixed(page: Callable[..., bytes]) -> None:
    assert "which is not the same as fixed" in text_of(page("192.0.2.2"))


def test_a_host_with_signs_that_vanished_says_both(
    page: Callable[..., bytes], host: Callable[[str], Asset]
) -> None:
    asset = host("198.51.100.7")
    asset.story["vanished"] = True
    asset.save(update_fields=["story"])

    text = text_of(page("198.51.100.7"))

    assert "They outrank every build, so that it is red. It was missing in the last scans" in text


def test_the_owner_is_told_with_the_evidence(page: Callable[..., bytes]) -> None:
    text = text_of(page("192.0.2.1"))

    assert "By network Confidence high Because 192.0.2.1 lies in 192.0.2.0/31" in text


def test_the_story_holds_changes_imports_cases_notes_hunts_and_decisions(
    page: Callable[..., bytes], assessed: Campaign, person: Callable[[Role], User]
) -> None:
    analyst = person(Role.ANALYST)
    case = open_case(assessed, "192.0.2.1", CaseKind.DISPUTED, "they say not theirs", analyst)
    add_note(case, "called them", analyst)
    Hunt.objects.create(
        campaign=assessed,
        number=1,
        host="192.0.2.1",
        kind="result",
        by=analyst,
        file_name="r.json",
        sha256="0" * 64,
        state="done",
        level="no_evidence_found",
    )

    text = text_of(page("192.0.2.1"))
    story = text[text.index("What happened, the newest first") :]
    fixed = ", ".join(assessed.cves)

    for part in (
        f"fixed for {fixed} on EX01 ({OPEN} to {FIXED}), noticed in import 2",
        "first seen, noticed in import 1",
        (
            f"2021-05-16 00:10 seen in shadowserver: build {FIXED} on EX01 "
            "(import 3, 2021-05-16-scan_exchange-north-geo.csv)"
        ),
        "case 1 (disputed) opened: they say not theirs",
        "case 1: called them",
        "A result of tocsin hunt: no evidence found",
    ):
        assert part in story, part
    assert "Disputed in case 1 : “they say not theirs” The status does not follow" in text
    assert "no evidence found" in text[text.index("Seen from the inside") :]
    assert "Owner's claim" in text


def test_a_sighting_says_its_sign_of_compromise_in_words(page: Callable[..., bytes]) -> None:
    text = text_of(page("198.51.100.7"))

    story = text[text.index("What happened, the newest first") :]
    assert "with a sign of compromise (a web shell answered)" in story
    assert "web shell)" not in story


def test_sources_that_disagree_stand_side_by_side(
    assessed: Campaign, bring: Callable[..., object], page: Callable[..., bytes]
) -> None:
    bring([line("2021-05-10 00:00:00", "203.0.113.11", FIXED)], "other")
    FeedFile.objects.filter(name="other").update(feed="shodan")
    assess(assessed)

    text = text_of(page("203.0.113.11"))

    cves = ", ".join(assessed.cves)
    assert f"{cves}: shadowserver calls them open, shodan does not." in text
    assert 1 == text.count("shadowserver calls")
    assert "They differ" in text


def test_lines_that_a_person_wrote_stay_lines_and_what_hides_in_them_is_shown(
    page: Callable[..., bytes], assessed: Campaign, person: Callable[[Role], User]
) -> None:
    because = "They say:\n<b>not ours\u202e</b>"
    case = open_case(assessed, "192.0.2.1", CaseKind.DISPUTED, because, person(Role.ANALYST))
    add_note(case, "first line\r\nsecond line", person(Role.ANALYST))

    told = page("192.0.2.1").decode()

    assert 2 == told.count("They say:<br>&lt;b&gt;not ours‹U+202E›&lt;/b&gt;")
    assert "first line<br>second line" in told
    assert "U+000A" not in told


def test_sightings_that_say_the_same_are_told_once_with_the_rows_behind(
    assessed: Campaign, bring: Callable[..., object], page: Callable[..., bytes]
) -> None:
    for day in range(17, 21):
        bring([line(f"2021-05-{day} 00:10:00", "192.0.2.1", FIXED, server="EX01")], f"day-{day}")
    assess(assessed)

    text = text_of(page("192.0.2.1"))
    story = text[text.index("What happened, the newest first") :]

    alike = f"in shadowserver: build {FIXED} on EX01"
    assert f"2021-05-15 00:10 to 2021-05-20 00:10 seen 6 times {alike}" in story, story
    assert f"2021-05-18 00:10 seen {alike} (import 5, day-18)" in story


def test_a_viewer_reads_and_is_offered_no_change(page: Callable[..., bytes]) -> None:
    assert b"<form" in page("192.0.2.1", Role.ANALYST).split(b"<main")[1]
    assert b"<form" not in page("192.0.2.1", Role.VIEWER).split(b"<main")[1]


def test_no_contact_stands_on_the_page_of_a_host(
    assessed: Campaign, page: Callable[..., bytes]
) -> None:
    own = Organisation.objects.get(name="A")
    Contact.objects.create(organisation=own, kind="email", value="soc@a.example")
    assess(assessed)

    assert b"soc@a.example" not in page("192.0.2.1")


def test_hostile_text_of_feeds_acts_nowhere(
    assessed: Campaign,
    bring: Callable[..., object],
    host: Callable[[str], Asset],
    signed_in: Callable[..., Client],
    person: Callable[[Role], User],
) -> None:
    text = HOSTILE.replace('"', '""')
    bring(
        [
            line(
                "2021-05-17 00:00:00",
                "203.0.113.66",
                text,
                tag=f"exchange;{text}",
                hostname=text,
                server=text,
                region=text,
                sector=text,
            )
        ],
        f"{HOSTILE}.csv",
    )
    assess(assessed)
    Asset.objects.filter(key="203.0.113.66").update(
        provider=HOSTILE, owner_reason=HOSTILE, hostname=HOSTILE
    )
    open_case(assessed, "203.0.113.66", CaseKind.DISPUTED, HOSTILE, person(Role.ANALYST))
    client, pk = signed_in(Role.ANALYST), host("203.0.113.66").pk

    for url in (
        reverse("assets:detail", args=[assessed.slug, pk]),
        reverse("assets:rows", args=[assessed.slug, pk]),
        reverse("assets:owner", args=[assessed.slug, pk]),
        reverse("assets:list", args=[assessed.slug]) + "?q=203.0.113.66",
        reverse("cases:list", args=[assessed.slug]),
        reverse("cases:detail", args=[assessed.slug, 1]),
    ):
        shown = client.get(url).content.decode()
        assert "<script>alert" not in shown, url
        assert "<img src=x" not in shown, url
        assert "\u202e" not in text_of(shown.encode()), url


def test_rows_as_received_are_paged_with_file_import_and_row(
    assessed: Campaign,
    bring: Callable[..., object],
    host: Callable[[str], Asset],
    signed_in: Callable[..., Client],
) -> None:
    bring([line(f"2021-05-17 00:{n:02}:00", "192.0.2.1", FIXED) for n in range(40)], "many.csv")
    assess(assessed)
    url = reverse("assets:rows", args=[assessed.slug, host("192.0.2.1").pk])

    first = text_of(signed_in(Role.VIEWER).get(url).content)
    second = text_of(signed_in(Role.VIEWER).get(f"{url}?page=2").content)

    assert "43 rows" in first
    assert "2021-05-17 00:39 shadowserver 192.0.2.1 port 443" in first
    assert "import 4 many.csv , row 40" in first
    assert "2021-05-14 00:10 shadowserver" in second


def test_queries_do_not_grow_with_what_is_known_of_a_host(
    assessed: Campaign,
    bring: Callable[..., object],
    page: Callable[..., bytes],
    person: Callable[[Role], User],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for day in range(10, 26):
        bring(
            [line(f"2021-06-{day} 00:00:00", "192.0.2.1", (OPEN, FIXED)[day % 2])],
            f"2021-06-{day}-scan_exchange-north-geo.csv",
        )
    assess(assessed)
    case = open_case(assessed, "192.0.2.1", CaseKind.DISPUTED, "why", person(Role.ANALYST))
    for number in range(20):
        add_note(case, f"note {number}", person(Role.ANALYST))

    with django_assert_max_num_queries(40):
        assert b"note 19" in page("192.0.2.1")


def test_a_red_that_no_build_explains_says_that_signs_of_compromise_make_it_so(
    page: Callable[..., bytes],
) -> None:
    text = text_of(page("198.51.100.7"))

    assert text.count("CVE-2021-26855 Red for signs of compromise fixed") == 1
    assert "so that it is red" in text
    assert "for signs of compromise" not in text_of(page("203.0.113.11"))
