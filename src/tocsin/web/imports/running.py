"""Reads an uploaded file into the desk: what the worker does, and what the command line does.

Rows are written in portions, so that others can write meanwhile, and count only once the import is
done. Whatever ends it before leaves portions that the next try removes first: a worker that is
killed in the middle and begins anew comes to the same rows as one that runs through.
"""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import transaction

from tocsin.campaign.observing import Asked, observe
from tocsin.errors import TocsinError
from tocsin.model.progress import SilentProgress
from tocsin.web.audit.services import record
from tocsin.web.campaigns.services import ASSESS
from tocsin.web.imports.models import Import, ImportState
from tocsin.web.imports.taking import Taking, forget
from tocsin.web.imports.uploads import limits, opened
from tocsin.web.work.garbage import seldom_collected
from tocsin.web.work.services import enqueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.web.accounts.models import User
    from tocsin.web.work.registry import Progress

TO_RUN = (ImportState.QUEUED, ImportState.RUNNING, ImportState.FAILED)
"""The states from which an import is run: the last two where an earlier try did not end well."""

_EVERY_S = 0.5
"""Seconds between two times that it is told how far a run is."""


def asked_of(one: Import) -> Asked:
    """What to read an import as. Raises `UsageError` where it cannot be meant."""
    asked = Asked(feed=one.feed, mapping=dict(one.mapping), host=one.host or None)
    asked.check()
    return asked


def run(one: Import, tell: Progress) -> None:
    """Read the file, store its rows, and have the campaign assessed.

    Nothing happens where the import is done, undone or discarded already. Raises `TocsinError`
    where the file cannot be read; the import is marked as failed then, and holds nothing.
    """
    if one.state not in TO_RUN:
        return
    one.state = ImportState.RUNNING
    one.error = ""
    one.save(update_fields=["state", "error"])
    forget(one)
    taking = Taking(one)
    try:
        _read(one, taking, tell)
    except TocsinError as error:
        fail(one, str(error))
        raise
    one.repeated = taking.repeated
    _done(one)


def run_again(one: Import, tell: Progress) -> None:
    """Read the file of an import that is done once more, and take what is readable now.

    Raises `TocsinError` where the file cannot be read; what was stored before stays.
    """
    if one.state != ImportState.DONE:
        return
    before = one.observations
    _read(one, Taking(one, again=True), tell)
    with transaction.atomic():
        one.save(update_fields=["observations", "rejected", "earliest", "latest"])
        _record(one, "import.read_again", {"taken": one.observations - before, **_counts(one)})
        enqueue(ASSESS, one.campaign_id, campaign=one.campaign)


def fail(one: Import, error: str) -> None:
    """Mark an import as failed, and remove what it stored."""
    with transaction.atomic():
        forget(one)
        one.state = ImportState.FAILED
        one.error = error
        one.save(update_fields=["state", "error"])
        _record(one, "import.failed", {"error": error[:500]})


def _read(one: Import, taking: Taking, tell: Progress) -> None:
    with (
        seldom_collected(),
        opened(one) as path,
        closing(observe(path, asked_of(one), _Bytes(tell, taking.wait), limits())) as rows,
    ):
        taking.take_all(rows)


def _done(one: Import) -> None:
    with transaction.atomic():
        one.state = ImportState.DONE
        one.finished_at = datetime.now(UTC)
        one.save()
        _record(one, "import.finished", _counts(one))
        enqueue(ASSESS, one.campaign_id, campaign=one.campaign)


def _counts(one: Import) -> dict[str, object]:
    return {
        "observations": one.observations,
        "rejected": one.rejected,
        "repeated": one.repeated,
        "sha256": one.sha256,
    }


def _record(one: Import, action: str, detail: dict[str, object]) -> None:
    by: User | None = None  # the desk's own doing; who asked for it is recorded when they do
    record(by, action, str(one), campaign=one.campaign, detail=detail)


class _Bytes(SilentProgress):
    """Hears how much is read, of how much, and passes it on, now and then.

    Whoever is told writes it into the database, so `wait` is called before.
    """

    def __init__(self, tell: Progress, wait: Callable[[], None]) -> None:
        self._tell_of = tell
        self._wait = wait
        self._done = self._total = 0
        self._file = ""
        self._told = 0.0

    def start(self, source: str, total_bytes: int | None) -> None:
        """Take what there is to read."""
        self._total = total_bytes or 0
        self._tell(source)

    def file(self, path: str) -> None:
        """Name the file from now on."""
        self._file = path

    def advance(self, read_bytes: int) -> None:
        """Tell, unless it was just told."""
        self._done += read_bytes
        if self._done >= self._total or time.monotonic() - self._told >= _EVERY_S:
            self._tell(self._file)

    def _tell(self, message: str) -> None:
        self._wait()
        self._tell_of(self._done, self._total, message)
        self._told = time.monotonic()
