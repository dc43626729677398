"""The pages of cases: found, followed, noted, closed; and a dispute that changes no status."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from tests.web.conftest import text_of
from tocsin.web.accounts.models import Role, User
from tocsin.web.assets.models import Asset
from tocsin.web.cases.models import Case, CaseKind, CaseNote
from tocsin.web.cases.services import add_note, assign, move, open_case
from tocsin.web.organisations.models import Organisation

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from tocsin.web.campaigns.models import Campaign

HOSTILE = "<script>alert(1)</script>\n\u202e<img src=x onerror=alert(2)>"


def address(campaign: Campaign, name: str, *arguments: object) -> str:
    return reverse(f"cases:{name}", args=[campaign.slug, *arguments])


@pytest.fixture
def host(campaign: Campaign) -> Asset:
    owner = Organisation.objects.create(constituency=campaign.constituency, name="Town")
    return Asset.objects.create(
        campaign=campaign, key="192.0.2.1", place=b"", colour="red", owner=owner, story={}
    )


@pytest.fixture
def case(campaign: Campaign, host: Asset, analyst: User) -> Case:
    return open_case(campaign, host.key, CaseKind.COMPROMISED, "a web shell", analyst)


def test_a_dispute_is_kept_with_its_reason_and_the_status_stays(
    campaign: Campaign, host: Asset, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(Role.ANALYST)
    page = client.post(
        address(campaign, "open", host.pk),
        {"kind": "disputed", "because": "the owner says that it is not theirs"},
        follow=True,
    ).content

    host.refresh_from_db()
    assert "red" == host.colour
    assert "A dispute is what somebody says." in text_of(page)
    on_host = client.get(reverse("assets:detail", args=[campaign.slug, host.pk])).content
    assert "Disputed in case 1 : “the owner says that it is not theirs”" in text_of(on_host)


def test_a_case_that_is_open_gets_the_reason_as_a_note(
    campaign: Campaign, host: Asset, case: Case, signed_in: Callable[..., Client]
) -> None:
    page = signed_in(Role.ANALYST).post(
        address(campaign, "open", host.pk),
        {"kind": "compromised", "because": "a second shell"},
        follow=True,
    )
    assert "This case was open already." in text_of(page.content)
    assert (1, "a second shell") == (Case.objects.count(), CaseNote.objects.get().text)


@pytest.mark.parametrize("given", [{}, {"kind": "compromised", "because": " "}, {"kind": "x"}])
def test_no_case_without_kind_and_reason(
    campaign: Campaign, host: Asset, signed_in: Callable[..., Client], given: dict[str, str]
) -> None:
    page = signed_in(Role.ANALYST).post(address(campaign, "open", host.pk), given, follow=True)
    assert "Say what the case is about, and why." in text_of(page.content)
    assert 0 == Case.objects.count()


def test_a_case_is_followed_on_its_page(
    campaign: Campaign, case: Case, signed_in: Callable[..., Client], analyst: User
) -> None:
    client = signed_in(Role.ANALYST)
    client.post(address(campaign, "assign", 1), {"assignee": analyst.pk})
    client.post(address(campaign, "note", 1), {"text": "called the owner\nat noon"})
    client.post(address(campaign, "mark", 1), {"tlp": "amber+strict"})
    client.post(address(campaign, "move", 1), {"state": "resolved", "why": "rebuilt"})

    page = client.get(address(campaign, "detail", 1)).content
    text = text_of(page)
    assert b"called the owner<br>at noon" in page
    for part in (
        "opened",
        "given to the-analyst; before, nobody had it",
        "TLP:AMBER became TLP:AMBER+STRICT",
        "open became resolved",
        "rebuilt",
        "Case 1: 192.0.2.1 Resolved Compromised TLP:AMBER+STRICT",
        "Belongs to Town",
    ):
        assert part in text, part


def test_what_cannot_be_done_is_told(
    campaign: Campaign,
    case: Case,
    signed_in: Callable[..., Client],
    person: Callable[[Role], User],
) -> None:
    client = signed_in(Role.ANALYST)
    for name, given, told in (
        ("move", {"state": "resolved"}, "Not done: write why the case is closed"),
        ("move", {"state": "nowhere"}, "Select a valid choice"),
        ("mark", {"tlp": "mauve"}, "Select a valid choice"),
        ("note", {"text": " "}, "Not done: write a note"),
        ("assign", {"assignee": person(Role.VIEWER).pk}, "cannot work on cases"),
    ):
        page = client.post(address(campaign, name, 1), given, follow=True).content
        assert told in text_of(page), name
    assert 404 == client.post(address(campaign, "assign", 1), {"assignee": "9" * 40}).status_code
    stranger = User.objects.create_user("somebody-of-another-campaign")
    assert (
        404 == client.post(address(campaign, "assign", 1), {"assignee": stranger.pk}).status_code
    )


def test_a_viewer_reads_and_is_offered_no_change(
    campaign: Campaign, case: Case, signed_in: Callable[..., Client]
) -> None:
    page = signed_in(Role.VIEWER).get(address(campaign, "detail", 1)).content
    assert b"<form" not in page.split(b"<main")[1]


def test_the_case_stays_when_no_row_speaks_of_the_host_any_longer(
    campaign: Campaign, case: Case, host: Asset, signed_in: Callable[..., Client]
) -> None:
    host.delete()
    text = text_of(signed_in(Role.VIEWER).get(address(campaign, "detail", 1)).content)
    assert "No row of an import that counts speaks of this host any longer." in text
    assert "When the case was opened it belonged to Town" in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"2", "1"}),
        ("state=open", {"2"}),
        ("open=true", {"2"}),
        ("kind=disputed", {"2"}),
        ("mine=true", {"1"}),
        ("mine=false", {"2"}),
        ("assignee=-", {"2"}),
        ("tlp=amber", {"2", "1"}),
        ("tlp=red", set()),
        ("organisation=tow", {"1"}),
        ("q=web+shell", {"1"}),
        ("opened_before=2021-03-01", {"1"}),
    ],
)
def test_the_list_is_filtered(
    campaign: Campaign,
    case: Case,
    analyst: User,
    signed_in: Callable[..., Client],
    query: str,
    expected: set[str],
) -> None:
    open_case(campaign, "192.0.2.2", CaseKind.DISPUTED, "not ours", None)
    assign(case, analyst, analyst)
    move(case, "resolved", "rebuilt", analyst)  # type: ignore[arg-type]  # the word itself will do
    Case.objects.filter(pk=case.pk).update(opened_at=datetime.now(UTC) - timedelta(days=3000))

    page = signed_in(Role.ANALYST).get(f"{address(campaign, 'list')}?{query}").content.decode()

    assert expected == set(re.findall(r'<a class="table__link"[^>]*>\s*(\d+)\s*</a>', page))


def test_people_of_other_campaigns_are_no_choice(
    campaign: Campaign,
    case: Case,
    signed_in: Callable[..., Client],
    person: Callable[[Role], User],
) -> None:
    person(Role.VIEWER)
    stranger = person(Role.APPROVER)
    stranger.memberships.all().delete()
    page = signed_in(Role.ANALYST).get(address(campaign, "detail", 1)).content
    assert f'<option value="{stranger.pk}"'.encode() not in page
    assert b">the-viewer</option>" not in page
    assert b">the-analyst</option>" in page


def test_hostile_text_acts_nowhere(
    campaign: Campaign, analyst: User, signed_in: Callable[..., Client]
) -> None:
    case = open_case(campaign, HOSTILE[:50], CaseKind.DISPUTED, HOSTILE, analyst)
    add_note(case, HOSTILE, analyst)
    client = signed_in(Role.ANALYST)
    for url in (address(campaign, "list"), address(campaign, "detail", 1)):
        page = client.get(url).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "\u202e" not in text_of(page.encode())


def test_queries_do_not_grow_with_cases_and_notes(
    campaign: Campaign,
    case: Case,
    analyst: User,
    signed_in: Callable[..., Client],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    Case.objects.bulk_create(
        Case(
            campaign=campaign,
            number=number,
            host=f"192.0.2.{number}",
            kind="disputed",
            because="why",
            organisation=case.organisation,
            assignee=analyst,
        )
        for number in range(2, 200)
    )
    CaseNote.objects.bulk_create(CaseNote(case=case, by=analyst, text=f"{n}") for n in range(50))
    client = signed_in(Role.ANALYST)
    with django_assert_max_num_queries(12):
        assert 199 == client.get(address(campaign, "list") + "?per=250").content.count(
            b"data-list-row"
        )
    with django_assert_max_num_queries(12):
        client.get(address(campaign, "detail", 1))
