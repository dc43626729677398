"""Opens cases and moves them. Each change is a decision; nothing here changes a host's status."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max

from tocsin.errors import UsageError
from tocsin.web.accounts.models import Role
from tocsin.web.accounts.permissions import role_in
from tocsin.web.assets.models import Asset
from tocsin.web.audit.services import record
from tocsin.web.campaigns.models import Campaign, Tlp
from tocsin.web.cases.models import Case, CaseKind, CaseNote, CaseState

if TYPE_CHECKING:
    from tocsin.web.accounts.models import User

CLOSED = (CaseState.RESOLVED, CaseState.REJECTED)
"""States in which nobody follows a case any longer."""
LONGEST_TEXT = 20_000
"""Characters of a reason or a note."""


def open_case(
    campaign: Campaign, host: str, kind: CaseKind, because: str, actor: User | None
) -> Case:
    """Open a case about a host, or return the one of this kind that is open.

    `host` is an asset's key, `actor` None for what the desk does by itself. The organisation is
    the one that the host belongs to now.
    """
    return find_or_open(campaign, host, kind, because, actor)[0]


@transaction.atomic
def find_or_open(
    campaign: Campaign, host: str, kind: CaseKind, because: str, actor: User | None
) -> tuple[Case, bool]:
    """As `open_case`, and whether it was opened now."""
    because = _text(because, "why the case is opened")
    # Numbers have no gaps, and two people never open the same case: one after the other.
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    of_campaign = Case.objects.filter(campaign=campaign)
    known = of_campaign.filter(host=host, kind=kind).exclude(state__in=CLOSED).first()
    if known is not None:
        return known, False
    asset = Asset.objects.filter(campaign=campaign, key=host).select_related("owner").first()
    organisation = asset.owner if asset is not None else None
    last = of_campaign.aggregate(last=Max("number"))["last"] or 0
    case = Case.objects.create(
        campaign=campaign,
        number=last + 1,
        host=host,
        kind=kind,
        because=because,
        organisation=organisation,
        opened_by=actor,
        tlp=campaign.tlp,
    )
    about = {"case": case.number, "kind": str(kind), "host": host}
    if organisation is not None:
        about["organisation"] = organisation.name
    record(actor, "case.opened", subject_of(case), campaign=campaign, detail=about)
    return case, True


@transaction.atomic
def add_note(case: Case, text: str, actor: User) -> CaseNote:
    """Write a note; it is never changed."""
    note = CaseNote.objects.create(case=case, by=actor, text=_text(text, "a note"))
    detail = {"case": case.number, "note": note.pk}
    record(actor, "case.noted", subject_of(case), campaign=case.campaign, detail=detail)
    return note


@transaction.atomic
def assign(case: Case, assignee: User | None, actor: User) -> None:
    """Give a case to somebody who may work on it, or to nobody."""
    case = _locked(case)
    if assignee is not None:
        held = role_in(assignee, case.campaign)
        if held is None or held.rank < Role.ANALYST.rank or not assignee.is_active:
            raise UsageError(f"{assignee} cannot work on cases of {case.campaign}")
    if case.assignee == assignee:
        return
    detail = {
        "case": case.number,
        "from": str(case.assignee) if case.assignee else None,
        "to": str(assignee) if assignee else None,
    }
    case.assignee = assignee
    case.save(update_fields=["assignee"])
    record(actor, "case.assigned", subject_of(case), campaign=case.campaign, detail=detail)


@transaction.atomic
def move(case: Case, state: CaseState, why: str, actor: User) -> None:
    """Put a case into another state. Whoever closes it says why, which stays as a note."""
    if state not in CLOSED:
        # As for opening one: two of the same host must not be opened at once.
        Campaign.objects.select_for_update(no_key=True).get(pk=case.campaign_id)
    case = _locked(case)
    if case.state == state:
        return
    if case.state in CLOSED and state not in CLOSED:
        _nobody_else_follows(case)
    if state in CLOSED or why.strip():
        add_note(case, _text(why, "why the case is closed"), actor)
    detail = {"case": case.number, "from": case.state, "to": str(state)}
    case.state = state
    case.closed_at = datetime.now(UTC) if state in CLOSED else None
    case.save(update_fields=["state", "closed_at"])
    record(actor, "case.moved", subject_of(case), campaign=case.campaign, detail=detail)


@transaction.atomic
def mark(case: Case, tlp: Tlp, actor: User) -> None:
    """Say how far what is known of a case may be passed on."""
    case = _locked(case)
    if case.tlp == tlp:
        return
    detail = {"case": case.number, "from": case.tlp, "to": str(tlp)}
    case.tlp = tlp
    case.save(update_fields=["tlp"])
    record(actor, "case.marked", subject_of(case), campaign=case.campaign, detail=detail)


def subject_of(case: Case) -> str:
    """How decisions name a case."""
    return f"case {case.number}: host {case.host}"


def _locked(case: Case) -> Case:
    """The case as it is now, and nobody else's until the transaction ends."""
    return (
        Case.objects.select_for_update(no_key=True, of=("self",))
        .select_related("campaign")
        .get(pk=case.pk)
    )


def _nobody_else_follows(case: Case) -> None:
    """Of each host and kind one case is open."""
    open_ = Case.objects.filter(campaign=case.campaign, host=case.host, kind=case.kind)
    other = open_.exclude(state__in=CLOSED).first()
    if other is not None:
        raise UsageError(f"case {other.number} about this host is open; go on there")


def _text(text: str, what: str) -> str:
    """Text that a person wrote, or a refusal."""
    plain = text.strip().replace("\x00", "")
    if not plain:
        raise UsageError(f"write {what}; nothing stands there")
    if len(plain) > LONGEST_TEXT:
        raise UsageError(f"shorten it; it has more than {LONGEST_TEXT:,} characters")
    return plain
