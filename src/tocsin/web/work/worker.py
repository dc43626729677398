"""The worker: takes the oldest job, runs its task, says what came of it, and looks for the next.

A task that raises a `TocsinError` says by it what went wrong and what to do; anything else is a
mistake of ours, whose traceback goes to the log and never to a page. A worker that is told to end
(SIGTERM, SIGINT) breaks its task off at the next `progress`, and the job waits again; told twice,
it breaks off at once.
"""

from __future__ import annotations

import logging
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import OperationalError, close_old_connections, connection

from tocsin.errors import TocsinError
from tocsin.web.work.claiming import MOST_ATTEMPTS, claim, finish, give_back, given_up
from tocsin.web.work.pulse import Pulse
from tocsin.web.work.registry import StopWorking, all_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from tocsin.web.work.models import Job

_log = logging.getLogger(__name__)


def run_worker(
    *, once: bool = False, stop: threading.Event | None = None, poll_seconds: float = 1
) -> int:
    """Do jobs until `stop` is set or a signal comes; with `once`, until none waits. How many.

    Jobs that a task queues are done, too. Where it runs outside the main thread, no signal can
    reach it: set `stop`.
    """
    stop = stop or threading.Event()
    done = 0
    with _until_signalled(stop):
        while not stop.is_set():
            worked = _one_round(stop)
            done += worked
            if once and not worked:
                break
            if not worked:
                stop.wait(poll_seconds)
    return done


def _one_round(stop: threading.Event) -> bool:
    """Whether there was a job."""
    _forget_old_connection()
    try:
        for dead in given_up():
            _failed(dead)
        job = claim(all_tasks().beside_each_other)
    except OperationalError:
        _log.warning("the database is busy or away; trying again", exc_info=True)
        return False
    if job is None:
        return False
    _do(job, stop)
    return True


def _do(job: Job, stop: threading.Event) -> None:
    _log.info("job %s: %s of %s begins", job.pk, job.kind, job.subject)
    task = all_tasks().run.get(job.kind)
    error = ""
    try:
        if task is None:
            raise TocsinError(
                f"This desk has no task “{job.kind}”: was it written by another version?"
            )
        with Pulse(job, stop.is_set) as progress:
            task(job, progress)
    except StopWorking:
        _log.info("job %s: broken off, and waits again", job.pk)
        give_back(job, counts=False)
        return
    except TocsinError as told:
        _log.info("job %s failed", job.pk, exc_info=True)
        error = str(told) or "It failed, and said nothing of why."
    except OperationalError as busy:
        _log.exception("job %s: the database refused", job.pk)
        if job.attempts < MOST_ATTEMPTS:
            give_back(job, counts=True)
            return
        error = f"The database refused {job.attempts} times: {busy}"
    except Exception as unknown:  # noqa: BLE001 the worker's top: one bad job must not end it
        _log.exception("job %s failed", job.pk)
        error = (
            f"A mistake in Tocsin ({type(unknown).__name__}). "
            f"The log of the worker says more: look for job {job.pk}."
        )
    if not finish(job, error=error):
        _log.warning("job %s was given to another worker, since this one seemed dead", job.pk)
        return
    _log.info("job %s: %s", job.pk, error or "done")
    if error:
        _failed(job)


def _failed(job: Job) -> None:
    """Tell the app that its job failed, so that what it was about does not seem to run on."""
    tell = all_tasks().on_failure.get(job.kind)
    job.refresh_from_db()
    if tell is None:
        return
    try:
        tell(job)
    except Exception:  # noqa: BLE001 the worker's top again, for the same reason
        _log.exception("job %s: what was to be done at its failure failed", job.pk)


def _forget_old_connection() -> None:
    """A worker runs for weeks, and a connection that the server closed is of no use."""
    if not connection.in_atomic_block:
        close_old_connections()


@contextmanager
def _until_signalled(stop: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set `stop`; the second breaks off what runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def told(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise StopWorking
        stop.set()

    before = {one: signal.signal(one, told) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    except StopWorking:
        return
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
