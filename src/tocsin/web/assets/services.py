"""What people change of hosts: whose they are. `tocsin.web.assessing` works out all else."""

from __future__ import annotations

from django.db import transaction

from tocsin.errors import UsageError
from tocsin.web.accounts.models import User
from tocsin.web.assets.models import Asset
from tocsin.web.audit.services import record
from tocsin.web.organisations.keeping import assign_host, unassign_host
from tocsin.web.organisations.models import Organisation
from tocsin.web.organisations.story import host_subject
from tocsin.web.work.models import OPEN, Job
from tocsin.web.work.services import enqueue

OWNER_TASK = "assessing.owner"


@transaction.atomic
def assign_owner(asset: Asset, organisation: Organisation, reason: str, actor: User) -> None:
    """Say whose a host is. A worker then asks the ladder again, in each campaign that has it."""
    if organisation.constituency_id != asset.campaign.constituency_id:
        raise UsageError(f"{organisation} is not in the constituency of this campaign")
    assign_host(organisation, asset.key, reason, actor, asset.campaign)
    detail = {
        "from": asset.owner.name if asset.owner is not None else None,
        "to": organisation.name,
        "reason": " ".join(reason.split()),
    }
    record(actor, "host.assigned", host_subject(asset.key), campaign=asset.campaign, detail=detail)
    _ask_again(asset)


@transaction.atomic
def take_back(asset: Asset, actor: User) -> None:
    """Take back what people said of whose a host is: the evidence decides again."""
    if unassign_host(asset.campaign, asset.key, actor):
        subject = host_subject(asset.key)
        record(actor, "host.unassigned", subject, campaign=asset.campaign)
        _ask_again(asset)


def is_being_asked(asset: Asset) -> bool:
    """Whether a worker has still to say whose it is."""
    waiting = Job.objects.filter(kind=OWNER_TASK, subject=asset.pk)
    return waiting.filter(state__in=OPEN).exists()


def _ask_again(asset: Asset) -> None:
    same = Asset.objects.filter(
        key=asset.key, campaign__constituency=asset.campaign.constituency_id
    )
    for one in same.select_related("campaign").defer("story"):
        enqueue(OWNER_TASK, one.pk, campaign=one.campaign)
