"""What the worker does for imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.web.imports.models import Import
from tocsin.web.imports.running import TO_RUN, fail, run, run_again

if TYPE_CHECKING:
    from tocsin.web.work.models import Job
    from tocsin.web.work.registry import Progress


def run_import(job: Job, progress: Progress) -> None:
    """Read an uploaded file into its campaign."""
    run(_import(job), progress)


def read_again(job: Job, progress: Progress) -> None:
    """Read a file once more for what lies in quarantine."""
    run_again(_import(job), progress)


def failed(job: Job) -> None:
    """Say of the import that its job failed, however it did."""
    one = Import.objects.select_related("campaign").filter(pk=job.subject).first()
    if one is not None and one.state in TO_RUN and not one.error:
        fail(one, job.error)


def _import(job: Job) -> Import:
    return Import.objects.select_related("campaign").get(pk=job.subject)


TASKS = {"imports.run": run_import, "imports.again": read_again}
ON_FAILURE = {"imports.run": failed}
