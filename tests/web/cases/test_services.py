"""Cases: opened once, numbered without gaps, moved by decisions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tocsin.errors import UsageError
from tocsin.web.accounts.models import Role
from tocsin.web.assets.models import Asset, Colour
from tocsin.web.audit.models import Decision
from tocsin.web.audit.queries import verify
from tocsin.web.campaigns.models import Tlp
from tocsin.web.cases.models import Case, CaseKind, CaseState
from tocsin.web.cases.services import LONGEST_TEXT, add_note, assign, mark, move, open_case
from tocsin.web.organisations.models import Organisation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.web.accounts.models import User
    from tocsin.web.campaigns.models import Campaign

HOST = "192.0.2.1"


@pytest.fixture
def case(campaign: Campaign, analyst: User) -> Case:
    return open_case(campaign, HOST, CaseKind.COMPROMISED, "a web shell answered", analyst)


def test_a_case_is_opened_once_for_a_host_and_kind(campaign: Campaign, case: Case) -> None:
    again = open_case(campaign, HOST, CaseKind.COMPROMISED, "again", None)
    other = open_case(campaign, HOST, CaseKind.DISPUTED, "not ours", None)

    assert (case, "a web shell answered") == (again, again.because)
    assert [1, 2] == [case.number, other.number]


def test_a_closed_case_stays_closed_and_a_new_one_is_opened(
    campaign: Campaign, case: Case, analyst: User
) -> None:
    move(case, CaseState.RESOLVED, "rebuilt", analyst)

    assert 2 == open_case(campaign, HOST, CaseKind.COMPROMISED, "back", analyst).number


def test_the_case_knows_the_organisation_and_the_mark_of_the_campaign(campaign: Campaign) -> None:
    owner = Organisation.objects.create(constituency=campaign.constituency, name="A")
    Asset.objects.create(
        campaign=campaign, key=HOST, place=b"", colour=Colour.RED, owner=owner, story={}
    )
    campaign.tlp = Tlp.RED
    campaign.save()

    case = open_case(campaign, HOST, CaseKind.COMPROMISED, "a web shell answered", None)

    assert (owner, Tlp.RED) == (case.organisation, case.tlp)


def test_a_case_needs_a_reason(campaign: Campaign) -> None:
    with pytest.raises(UsageError, match="write why"):
        open_case(campaign, HOST, CaseKind.DISPUTED, " \n", None)
    with pytest.raises(UsageError, match="shorten"):
        open_case(campaign, HOST, CaseKind.DISPUTED, "a" * (LONGEST_TEXT + 1), None)


def test_every_change_is_a_decision_that_holds_no_text_of_a_note(
    case: Case, analyst: User
) -> None:
    add_note(case, "the owner's number is 020 5550100", analyst)
    assign(case, analyst, analyst)
    move(case, CaseState.WITH_OWNER, "", analyst)
    mark(case, Tlp.RED, analyst)

    told = list(Decision.objects.order_by("number"))
    assert ["case.opened", "case.noted", "case.assigned", "case.moved", "case.marked"] == [
        one.action for one in told
    ]
    assert not any("5550100" in one.detail for one in told)
    assert {"case": 1, "from": "open", "to": "with_owner"} == json.loads(told[3].detail)
    assert verify() is None


def test_what_changes_nothing_is_no_decision(case: Case, analyst: User) -> None:
    before = Decision.objects.count()

    assign(case, None, analyst)
    move(case, CaseState.OPEN, "", analyst)
    mark(case, Tlp.AMBER, analyst)

    assert before == Decision.objects.count()


def test_who_closes_a_case_says_why_and_a_case_can_be_opened_again(
    case: Case, analyst: User
) -> None:
    with pytest.raises(UsageError, match="write why the case is closed"):
        move(case, CaseState.REJECTED, " ", analyst)

    move(case, CaseState.REJECTED, "a decoy", analyst)
    case.refresh_from_db()
    assert (True, ["a decoy"]) == (
        case.closed_at is not None,
        [note.text for note in case.notes.all()],
    )

    move(case, CaseState.OPEN, "", analyst)
    case.refresh_from_db()
    assert case.closed_at is None


def test_a_case_is_not_opened_again_beside_another_about_the_same(
    campaign: Campaign, case: Case, analyst: User
) -> None:
    move(case, CaseState.RESOLVED, "rebuilt", analyst)
    open_case(campaign, HOST, CaseKind.COMPROMISED, "back", analyst)

    with pytest.raises(UsageError, match="case 2 about this host is open"):
        move(case, CaseState.OPEN, "", analyst)


@pytest.mark.parametrize("role", [Role.VIEWER, None])
def test_nobody_gets_a_case_who_cannot_work_on_it(
    case: Case, analyst: User, person: Callable[[Role], User], role: Role | None
) -> None:
    other = person(role or Role.ANALYST)
    if role is None:
        other = person(Role.APPROVER)
        other.memberships.all().delete()

    with pytest.raises(UsageError, match="cannot work on cases"):
        assign(case, other, analyst)
