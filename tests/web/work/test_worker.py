from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest
from django.db import OperationalError

from tocsin.errors import UsageError
from tocsin.web.work.models import Job, JobState
from tocsin.web.work.pulse import Pulse
from tocsin.web.work.registry import Progress, StopWorking, Tasks
from tocsin.web.work.services import enqueue
from tocsin.web.work.worker import run_worker

if TYPE_CHECKING:
    from tocsin.web.campaigns.models import Campaign

pytestmark = pytest.mark.django_db


def _does_nothing(_job: Job, _progress: Progress) -> None:
    pass


def test_jobs_are_done_oldest_first_with_those_that_they_queue(tasks: Tasks) -> None:
    order: list[str] = []

    def first(job: Job, _progress: Progress) -> None:
        order.append(f"first {job.subject}")
        if job.subject == 1:
            enqueue("second", 9)

    def second(job: Job, _progress: Progress) -> None:
        order.append(f"second {job.subject}")

    tasks.run.update(first=first, second=second)
    enqueue("first", 1)
    enqueue("first", 2)

    assert 3 == run_worker(once=True)
    assert ["first 1", "first 2", "second 9"] == order
    assert {JobState.DONE} == set(Job.objects.values_list("state", flat=True))


def test_progress_is_kept_and_made_visible(tasks: Tasks) -> None:
    def task(_job: Job, progress: Progress) -> None:
        progress(1, 4, "a row with \x1b[31m in it")

    tasks.run["rows"] = task
    enqueue("rows", 1)
    run_worker(once=True)

    job = Job.objects.get()
    assert (1, 4, 25) == (job.done, job.total, job.percent)
    assert "\x1b" not in job.message


def test_a_task_that_says_what_went_wrong_is_quoted(tasks: Tasks) -> None:
    def task(_job: Job, _progress: Progress) -> None:
        raise UsageError("send it again", where="a.csv")

    tasks.run["rows"] = task
    enqueue("rows", 1)
    run_worker(once=True)

    job = Job.objects.get()
    assert (JobState.FAILED, "a.csv: send it again") == (job.state, job.error)
    assert job.finished_at is not None


def test_a_mistake_of_ours_goes_to_the_log_with_its_traceback_and_not_to_users(
    tasks: Tasks, caplog: pytest.LogCaptureFixture
) -> None:
    def task(_job: Job, _progress: Progress) -> None:
        raise ValueError("secret inside")

    tasks.run["poison"] = task
    tasks.run["rows"] = _does_nothing
    enqueue("poison", 1)
    enqueue("rows", 1)

    with caplog.at_level(logging.ERROR):
        assert 2 == run_worker(once=True)
    poison, good = Job.objects.order_by("id")
    assert (JobState.FAILED, JobState.DONE) == (poison.state, good.state)
    assert f"look for job {poison.pk}" in poison.error
    assert "secret inside" not in poison.error
    assert "Traceback" in caplog.text
    assert "secret inside" in caplog.text


def test_a_kind_that_nobody_knows_fails_and_says_so(tasks: Tasks) -> None:
    enqueue("imports.rnu", 1)
    run_worker(once=True)

    assert "no task “imports.rnu”" in Job.objects.get().error


def test_what_a_failed_job_was_about_is_told(tasks: Tasks) -> None:
    told: list[str] = []

    def task(_job: Job, _progress: Progress) -> None:
        raise UsageError("no")

    tasks.run["rows"] = task
    tasks.on_failure["rows"] = lambda job: told.append(job.error)
    enqueue("rows", 1)
    run_worker(once=True)

    assert ["no"] == told


def test_a_job_whose_worker_died_is_taken_up_again(tasks: Tasks) -> None:
    tasks.run["rows"] = _does_nothing
    job = enqueue("rows", 1)
    _died(job, attempts=1)

    assert 1 == run_worker(once=True)
    job.refresh_from_db()
    assert (JobState.DONE, 2) == (job.state, job.attempts)


def test_a_job_that_kills_each_of_its_workers_is_given_up(tasks: Tasks) -> None:
    told: list[int] = []
    tasks.run["rows"] = _does_nothing
    tasks.on_failure["rows"] = lambda job: told.append(job.subject)
    job = enqueue("rows", 7)
    _died(job, attempts=3)

    assert 0 == run_worker(once=True)
    job.refresh_from_db()
    assert (JobState.FAILED, [7]) == (job.state, told)
    assert "3 times" in job.error


def test_a_job_whose_worker_lives_is_left_to_it(tasks: Tasks) -> None:
    tasks.run["rows"] = _does_nothing
    job = enqueue("rows", 1)
    now = datetime.now(UTC)
    Job.objects.update(state=JobState.RUNNING, started_at=now, heartbeat_at=now, attempts=1)

    assert 0 == run_worker(once=True)
    job.refresh_from_db()
    assert JobState.RUNNING == job.state


def test_one_job_of_a_kind_runs_in_a_campaign_at_a_time(tasks: Tasks, campaign: Campaign) -> None:
    tasks.run.update(assess=_does_nothing, other=_does_nothing)
    running = enqueue("assess", 1, campaign=campaign)
    now = datetime.now(UTC)
    Job.objects.update(state=JobState.RUNNING, started_at=now, heartbeat_at=now, attempts=1)
    waits = enqueue("assess", 1, campaign=campaign)
    enqueue("other", 1, campaign=campaign)

    assert 1 == run_worker(once=True)
    states = dict(Job.objects.values_list("kind", "state").exclude(pk=running.pk))
    assert {"assess": JobState.QUEUED, "other": JobState.DONE} == states
    Job.objects.filter(pk=running.pk).update(state=JobState.DONE)
    assert 1 == run_worker(once=True)
    waits.refresh_from_db()
    assert JobState.DONE == waits.state


def test_a_job_that_was_broken_off_waits_again_as_if_it_had_not_begun(tasks: Tasks) -> None:
    tries: list[int] = []

    def task(job: Job, _progress: Progress) -> None:
        tries.append(job.attempts)
        if len(tries) == 1:
            raise StopWorking

    tasks.run["rows"] = task
    enqueue("rows", 1)
    run_worker(once=True)

    assert [1, 1] == tries
    assert JobState.DONE == Job.objects.get().state


def test_a_job_that_was_given_to_another_is_broken_off_and_not_written_to(
    tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.web.work.pulse.SAVE_EVERY_S", 0)
    seen: list[int] = []

    def task(job: Job, progress: Progress) -> None:
        later = datetime.now(UTC) + timedelta(minutes=5)
        Job.objects.filter(pk=job.pk).update(started_at=later)
        progress(1, 2)
        seen.append(1)
        progress(2, 2)
        seen.append(2)

    tasks.run["rows"] = task
    job = enqueue("rows", 1)
    run_worker(once=True)

    job.refresh_from_db()
    assert [1] == seen
    assert (JobState.RUNNING, 0) == (job.state, job.done)


def test_a_database_that_refuses_is_asked_three_times(tasks: Tasks) -> None:
    tries: list[int] = []

    def task(job: Job, _progress: Progress) -> None:
        tries.append(job.attempts)
        raise OperationalError("database is locked")

    tasks.run["rows"] = task
    enqueue("rows", 1)
    run_worker(once=True)

    job = Job.objects.get()
    assert [1, 2, 3] == tries
    assert JobState.FAILED == job.state
    assert "refused 3 times: database is locked" in job.error


def _died(job: Job, *, attempts: int) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=3)
    Job.objects.filter(pk=job.pk).update(
        state=JobState.RUNNING, started_at=long_ago, heartbeat_at=long_ago, attempts=attempts
    )


def test_a_database_that_is_busy_delays_progress_and_tells_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    job = Job.objects.create(kind="rows", subject=1, state=JobState.RUNNING)
    pulse = Pulse(job, lambda: False)
    tries: list[int] = []
    save = pulse._save

    def busy() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("database is locked")
        save()

    pulse(6, 6, "6 hosts: 6 new")
    monkeypatch.setattr(pulse, "_save", busy)
    monkeypatch.setattr("tocsin.web.work.pulse.connection", Mock())
    pulse._end.set()
    pulse._beat()

    job.refresh_from_db()
    assert (3, 6, "6 hosts: 6 new") == (len(tries), job.done, job.message)
    assert not caplog.records
