"""What a worker does here."""

from __future__ import annotations

from tocsin.web.assessing.owners import reassign_owner
from tocsin.web.assessing.services import assess
from tocsin.web.assets.models import Asset
from tocsin.web.campaigns.models import Campaign
from tocsin.web.work.models import Job
from tocsin.web.work.registry import Progress


def run_assess(job: Job, progress: Progress) -> None:
    """Assess a campaign; its key is the job's subject."""
    outcome = assess(Campaign.objects.get(pk=job.subject), progress=progress)
    progress(
        outcome.hosts,
        outcome.hosts,
        f"{outcome.hosts:,} hosts: {outcome.created:,} new, {outcome.changed:,} changed, "
        f"{outcome.removed:,} gone",
    )


def run_owner(job: Job, _progress: Progress) -> None:
    """Work out again whose a host is; the asset's key is the job's subject."""
    asset = Asset.objects.filter(pk=job.subject).first()
    if asset is not None:
        reassign_owner(asset)


TASKS = {"assessing.assess": run_assess, "assessing.owner": run_owner}
