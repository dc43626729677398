"""Changes of imports: upload, go, discard, undo, and what becomes of rows in quarantine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.core.files import File
from django.db import transaction

from tocsin.campaign.observing import AUTO
from tocsin.errors import TocsinError, UsageError
from tocsin.web.audit.services import record
from tocsin.web.campaigns.models import Campaign
from tocsin.web.campaigns.services import ASSESS
from tocsin.web.imports import uploads
from tocsin.web.imports.models import Import, ImportState, RejectedState
from tocsin.web.imports.previewing import checked
from tocsin.web.imports.running import asked_of, fail, run
from tocsin.web.imports.taking import forget
from tocsin.web.work.registry import silent
from tocsin.web.work.services import enqueue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tocsin.web.accounts.models import User
    from tocsin.web.imports.uploads import Upload
    from tocsin.web.work.registry import Progress

UNDECIDED = (ImportState.UPLOADED, ImportState.FAILED)
"""States in which somebody still has to say what becomes of it."""
_MOST_ROWS = 1000
"""Rows that one form can name."""
_MOST_TOLD = 20
"""Rows that a decision names."""


def start_upload(campaign: Campaign, user: User, upload: Upload) -> Import:
    """Store a file that is being handed over; nothing of it is read yet.

    Raises `UsageError` where it is larger than the desk takes.
    """
    stored = uploads.store(upload)
    with transaction.atomic():
        numbering = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        one = Import.objects.create(
            campaign=campaign, number=numbering.next_import, by=user, **stored._asdict()
        )
        numbering.next_import += 1
        numbering.save(update_fields=["next_import"])
        _record(user, "import.uploaded", one, {"sha256": one.sha256, "bytes": one.size_bytes})
    return one


def go(
    one: Import,
    user: User,
    *,
    feed: str = AUTO,
    mapping: Mapping[str, str] | None = None,
    host: str = "",
) -> Import:
    """Have the worker read it, as what a person said that it is.

    Raises `TocsinError` where the beginning of the file cannot be read so, or where the import is
    no longer to be decided.
    """
    one.refresh_from_db()
    _refuse_unless(one, *UNDECIDED)
    host = checked(one, feed=feed, mapping=mapping, host=host)
    with transaction.atomic():
        one = _decide(one, user, feed=feed, mapping=mapping, host=host)
        one.job = enqueue("imports.run", one.pk, campaign=one.campaign)
        one.save(update_fields=["job"])
    return one


def import_path(
    campaign: Campaign,
    user: User,
    path: Path,
    *,
    feed: str = AUTO,
    mapping: Mapping[str, str] | None = None,
    host: str = "",
    tell: Progress | None = None,
) -> Import:
    """Import a file at once, without a worker: `tocsin desk import`, and the demonstration.

    The campaign is assessed by the worker, or by whoever calls. Raises `TocsinError` where the
    file cannot be read, or not as what it is said to be; the failed import stays with the reason,
    and holds nothing.
    """
    with path.open("rb") as file:
        one = start_upload(campaign, user, File(file, name=path.name))
    try:
        host = checked(one, feed=feed, mapping=mapping, host=host)
    except TocsinError as error:
        # Nobody looks at a preview here: it would seem to wait for somebody for ever.
        fail(one, str(error))
        raise
    with transaction.atomic():
        one = _decide(one, user, feed=feed, mapping=mapping, host=host)
    run(one, tell or silent)
    return one


def discard(one: Import, user: User) -> None:
    """Throw away a file that was not imported. Raises `UsageError` where it was."""
    with transaction.atomic():
        one = _locked(one, *UNDECIDED)
        one.state = ImportState.DISCARDED
        one.save(update_fields=["state"])
        _record(user, "import.discarded", one)
        transaction.on_commit(lambda: uploads.remove(one))


def undo(one: Import, user: User) -> None:
    """Remove all that an import brought, and have the campaign assessed without it.

    Raises `UsageError` where the import is not done, or is just being read again.
    """
    with transaction.atomic():
        one = _locked(one, ImportState.DONE)
        _refuse_while_busy(one)
        forget(one)
        one.state = ImportState.UNDONE
        one.undone_at = datetime.now(UTC)
        one.undone_by = user
        one.save(update_fields=["state", "undone_at", "undone_by"])
        removed = {"observations": one.observations, "rejected": one.rejected}
        _record(user, "import.undone", one, removed)
        enqueue(ASSESS, one.campaign_id, campaign=one.campaign)
        transaction.on_commit(lambda: uploads.remove(one))


def retry(one: Import, user: User, *, mapping: Mapping[str, str] | None = None) -> Import:
    """Have the worker read the file again, and take the rows that are readable now.

    `mapping` is another one for a free CSV file; rows that were taken stay as they were read.
    Raises `TocsinError`.
    """
    with transaction.atomic():
        one = _locked(one, ImportState.DONE)
        _refuse_while_busy(one)
        before = dict(one.mapping)
        if mapping is not None:
            one.mapping = dict(mapping)
        asked_of(one)
        one.job = enqueue("imports.again", one.pk, campaign=one.campaign)
        one.save(update_fields=["mapping", "job"])
        detail = {"mapping": dict(one.mapping), "mapping_before": before}
        _record(user, "import.retried", one, detail)
    return one


def dismiss(
    one: Import, user: User, reason: str, *, rows: Sequence[int] = (), code: str = ""
) -> int:
    """Put rows of the quarantine aside, by their keys or all of a code; how many there were.

    A sign of compromise in them no longer counts, so the campaign is assessed anew then. Raises
    `UsageError` without a reason.
    """
    reason = reason.strip()
    if not reason:
        raise UsageError("Say why: whoever reads this later must be able to follow it.")
    with transaction.atomic():
        one = _locked(one, ImportState.DONE)
        found = one.rejected_rows.filter(state=RejectedState.OPEN)
        found = found.filter(code=code) if code else found.filter(pk__in=rows[:_MOST_ROWS])
        told = [f"{row.file_name}, row {row.row}: {row.code}" for row in found[:_MOST_TOLD]]
        had_signs = found.exclude(evidence="").exists()
        count = found.update(state=RejectedState.DISMISSED)
        if count:
            detail = {"rows": count, "first": told, "reason": reason[:500]}
            _record(user, "import.rows_dismissed", one, detail)
        if had_signs:
            enqueue(ASSESS, one.campaign_id, campaign=one.campaign)
    return count


def _decide(
    one: Import, user: User, *, feed: str, mapping: Mapping[str, str] | None, host: str
) -> Import:
    """Set what to read it as; it waits to be run then. Call it in a transaction."""
    one = _locked(one, *UNDECIDED)
    one.feed, one.mapping, one.host = feed, dict(mapping or {}), host
    one.state = ImportState.QUEUED
    one.error = ""
    one.save(update_fields=["feed", "mapping", "host", "state", "error"])
    detail = {"feed": one.feed, "mapping": dict(one.mapping), "host": one.host}
    _record(user, "import.started", one, detail)
    return one


def _locked(one: Import, *states: ImportState) -> Import:
    """The import as it is now, for this transaction alone, if it is in one of these states."""
    found = Import.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "campaign", "job"
    )
    one = found.get(pk=one.pk)
    _refuse_unless(one, *states)
    return one


def _refuse_unless(one: Import, *states: ImportState) -> None:
    if one.state not in states:
        raise UsageError(f"Import {one.number} is “{one.get_state_display().lower()}” by now.")


def _refuse_while_busy(one: Import) -> None:
    if one.job is not None and one.job.is_open:
        raise UsageError(f"Import {one.number} is just being read. Wait until that is done.")


def _record(
    user: User, action: str, one: Import, detail: Mapping[str, object] | None = None
) -> None:
    record(user, action, str(one), campaign=one.campaign, detail=detail)
