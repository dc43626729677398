"""Some cases for the demonstration: what a team has done by the middle of the second week."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.files.base import ContentFile

from tocsin.web.accounts.models import Role
from tocsin.web.assets.models import Asset
from tocsin.web.cases.models import Case, CaseKind, CaseState
from tocsin.web.cases.services import add_note, assign, move, open_case
from tocsin.web.demonstration.result import owners_result
from tocsin.web.hunts.services import receive
from tocsin.web.hunts.tasks import run_hunt
from tocsin.web.work.registry import silent

if TYPE_CHECKING:
    from tocsin.web.accounts.models import User
    from tocsin.web.campaigns.models import Campaign
    from tocsin.web.demonstration.words import OwnersWord

_FOUR_PARTS = r"^\d+(\.\d+){3}$"
_SERVER = "EXCH01"


def open_cases(
    campaign: Campaign, people: dict[Role, User], words: tuple[OwnersWord, ...]
) -> None:
    """Open them on hosts of a campaign that was assessed; some owners hand over a result."""
    analyst, approver = people[Role.ANALYST], people[Role.APPROVER]
    owned = Asset.objects.filter(campaign=campaign, owner__isnull=False, vanished=False, servers=1)
    with_shell = owned.filter(compromised=True).order_by("first_seen", "place")
    told = with_shell.filter(build__regex=_FOUR_PARTS).first()
    if told is not None:
        assert campaign.as_of is not None  # noqa: S101 it was assessed
        content = owners_result(_SERVER, told.build, campaign.as_of.date())
        _hunt(campaign, analyst, told.key, content)
        for case in Case.objects.filter(campaign=campaign, host=told.key):
            assign(case, analyst, analyst)
    for asset in with_shell.exclude(key=told.key if told else "")[:1]:
        because = "Shadowserver saw a web shell answer. The owner has to copy evidence first."
        case = open_case(campaign, asset.key, CaseKind.COMPROMISED, because, approver)
        assign(case, analyst, approver)
        add_note(case, "Called the service desk; they collect with `tocsin collect`.", analyst)
        move(case, CaseState.WITH_OWNER, "Evidence is on its way.", analyst)
    for word in words:
        content = owners_result(word.server, word.says.text, word.day, compromised=False)
        _hunt(campaign, analyst, word.host.ip, content)
    for word in words:
        if not word.stands:
            because = (
                f"The owner says by telephone that {word.server} has the update: "
                f"`tocsin hunt` shows {word.says.text}.\n"
                "Shodan still reads the old build. A second server behind the same address?"
            )
            open_case(campaign, word.host.ip, CaseKind.DISPUTED, because, analyst)


def _hunt(campaign: Campaign, analyst: User, key: str, content: bytes) -> None:
    """A case opens by itself where the verdict is grave."""
    hunt = receive(campaign, analyst, ContentFile(content, name="result.json"), key)
    assert hunt.job is not None  # noqa: S101 it has just been queued
    # Not by the worker, which would assess the campaign once more for this alone.
    run_hunt(hunt.job, silent)
