"""How far a job is and that its worker lives, written while the job runs.

A thread writes it on a connection of its own, so that it is seen, and survives, whatever the task
does with its transaction. SQLite has a single writer: while a task holds a transaction that
writes, the thread waits, and writes when the task commits. So a task that wants to be watched
commits in portions. Nobody can take its job away meanwhile, since that would be a write, too.

Where no other connection would see the job (the worker itself was called in a transaction, or the
database lies in memory, as in tests), progress is written in the task's own connection.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from django.db import DatabaseError, connection

from tocsin.report.visible import visible
from tocsin.web.work.models import Job, JobState
from tocsin.web.work.registry import StopWorking

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

SAVE_EVERY_S = 1.0
HEARTBEAT_EVERY_S = 10.0
_LAST_TRIES = 3
_MOST_TEXT = 500
_log = logging.getLogger(__name__)


class Pulse:
    """Around the run of a task; called, it is the task's `progress`."""

    def __init__(self, job: Job, stopped: Callable[[], bool]) -> None:
        self._job = job
        self._stopped = stopped
        self._lost = False
        self._said = (job.done, job.total, job.message)
        self._saved = self._said
        self._saved_at_s = time.monotonic()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Begin to beat."""
        if not (connection.in_atomic_block or _in_memory()):
            self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Write the last progress, and end."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()
        elif error is None:
            self._save()

    def __call__(self, done: int, total: int, message: str = "") -> None:
        """Tell how far it is. Raises `StopWorking` where the worker is to end."""
        if self._stopped() or self._lost:
            raise StopWorking
        self._said = (max(0, done), max(0, total), visible(message)[:_MOST_TEXT])
        if self._thread is None and time.monotonic() - self._saved_at_s >= SAVE_EVERY_S:
            self._save()

    def _beat(self) -> None:
        try:
            while not self._end.wait(SAVE_EVERY_S):
                self._save_if_due()
            # What was said last stays on the page: it is tried again, too.
            for _ in range(_LAST_TRIES):
                if self._save_if_due():
                    break
        finally:
            connection.close()

    def _save_if_due(self) -> bool:
        """Whether all that was said is saved."""
        quiet_s = time.monotonic() - self._saved_at_s
        if self._said != self._saved or quiet_s >= HEARTBEAT_EVERY_S:
            try:
                self._save()
            except DatabaseError as error:
                # It is busy, or was away for a moment. The next beat tries again, and the job goes
                # on meanwhile: nothing that whoever runs the worker should have to read.
                _log.debug("job %s: progress is saved later: %s", self._job.pk, error)
                connection.close()
                return False
        return True

    def _save(self) -> None:
        said = self._said
        done, total, message = said
        mine = Job.objects.filter(
            pk=self._job.pk, state=JobState.RUNNING, started_at=self._job.started_at
        )
        kept = mine.update(done=done, total=total, message=message, heartbeat_at=datetime.now(UTC))
        self._lost = not kept
        self._saved, self._saved_at_s = said, time.monotonic()


def _in_memory() -> bool:
    asked = getattr(connection, "is_in_memory_db", None)
    return bool(asked and asked())
