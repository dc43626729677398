"""Two workers at once: threads on PostgreSQL, and processes on a file of SQLite's."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction

from tocsin.web.campaigns.models import Campaign
from tocsin.web.organisations.models import Constituency
from tocsin.web.work.models import Job, JobState
from tocsin.web.work.services import enqueue
from tocsin.web.work.worker import run_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_django.plugin import DjangoDbBlocker

    from tocsin.web.work.registry import Progress, Tasks

on_postgresql = pytest.mark.postgresql
"""Threads share SQLite's database in memory, and so its locks; see the processes below."""


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """What the test writes is committed, and deleted afterwards.

    pytest-django's own way empties all tables, which the table of decisions refuses.
    """
    with django_db_blocker.unblock():
        yield
        for model in (Job, Campaign, Constituency):
            model.objects.all().delete()
        connection.close()


def _at_once(count: int) -> None:
    """So many workers, each in a thread with a connection of its own, until nothing waits."""

    def work() -> None:
        try:
            run_worker(once=True)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@on_postgresql
@pytest.mark.usefixtures("committed")
def test_each_job_is_done_by_one_worker(tasks: Tasks) -> None:
    done: list[int] = []
    by: set[int] = set()

    def task(job: Job, _progress: Progress) -> None:
        done.append(job.subject)
        by.add(threading.get_ident())
        time.sleep(0.01)

    tasks.run["rows"] = task
    for subject in range(30):
        enqueue("rows", subject)
    _at_once(3)

    assert list(range(30)) == sorted(done)
    assert 1 < len(by)
    assert {JobState.DONE} == set(Job.objects.values_list("state", flat=True))
    assert {1} == set(Job.objects.values_list("attempts", flat=True))


@on_postgresql
@pytest.mark.usefixtures("committed")
def test_one_campaign_is_never_assessed_twice_at_once_and_two_campaigns_are(tasks: Tasks) -> None:
    now: dict[int, int] = {}
    most: dict[int, int] = {}
    together: list[int] = []

    def assess(job: Job, _progress: Progress) -> None:
        campaign = job.campaign_id or 0
        now[campaign] = now.get(campaign, 0) + 1
        most[campaign] = max(most.get(campaign, 0), now[campaign])
        together.append(sum(now.values()))
        time.sleep(0.1)
        now[campaign] -= 1

    tasks.run["assess"] = assess
    constituency = Constituency.objects.create(slug="north", name="North")
    for name in ("one", "two"):
        campaign = Campaign.objects.create(
            slug=name, name=name, pack="proxylogon", constituency=constituency
        )
        for subject in range(4):
            enqueue("assess", subject, campaign=campaign)
    _at_once(4)
    run_worker(once=True)

    assert {1} == set(most.values())
    assert 2 == max(together)
    assert {JobState.DONE} == set(Job.objects.values_list("state", flat=True))


@on_postgresql
@pytest.mark.usefixtures("committed")
def test_progress_is_seen_while_the_task_holds_a_transaction(
    tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.web.work.pulse.SAVE_EVERY_S", 0.05)
    seen: list[int] = []

    def look() -> None:
        try:
            seen.append(Job.objects.get().done)
        finally:
            connection.close()

    def task(_job: Job, progress: Progress) -> None:
        with transaction.atomic():
            Constituency.objects.create(slug="held", name="Held")
            progress(7, 10)
            time.sleep(0.5)
            looker = threading.Thread(target=look)
            looker.start()
            looker.join()

    tasks.run["rows"] = task
    enqueue("rows", 1)
    run_worker(once=True)

    assert [7] == seen


_WORKER = """
import sys, time
import django
django.setup()
from tocsin.web.work.registry import all_tasks
from tocsin.web.work.worker import run_worker

def quick(job, progress):
    with open(sys.argv[1], "a") as file:
        file.write(f"{job.subject}\\n")

def slow(job, progress):
    with open(sys.argv[1], "a") as file:
        file.write(f"begun {job.attempts}\\n")
    for step in range(600):
        progress(step, 600, "going on")
        time.sleep(0.1)

all_tasks().run.update(quick=quick, slow=slow)
run_worker(once="once" in sys.argv, poll_seconds=0.1)
"""
_ENQUEUE = """
import sys
import django
django.setup()
from tocsin.web.work.services import enqueue
for subject in range(int(sys.argv[2])):
    enqueue(sys.argv[1], subject)
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts Python processes of a desk with a SQLite file of its own."""
    environment = {
        **{name: text for name, text in os.environ.items() if name != "TOCSIN_DATABASE_URL"},
        "TOCSIN_DESK_HOME": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "tocsin.web.project.settings.testing",
    }
    running: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, *arguments], env=environment)
        running.append(process)
        return process

    assert 0 == start("-m", "tocsin.web.manage", "migrate", "--verbosity=0").wait()
    yield start
    for process in running:
        process.kill()
        process.wait()


def _asked(tmp_path: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(tmp_path / "desk.sqlite3") as database:
        return list(database.execute(query))


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.slow
def test_processes_share_the_jobs_of_a_file(
    desk: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    assert 0 == desk("-c", _ENQUEUE, "quick", "40").wait()
    log = tmp_path / "log"
    workers = [desk("-c", _WORKER, str(log), "once") for _ in range(2)]

    assert [0, 0] == [worker.wait() for worker in workers]
    assert list(range(40)) == sorted(map(int, log.read_text().split()))
    assert [("done", 40)] == _asked(tmp_path, "SELECT state, count(*) FROM work_job GROUP BY 1")


@pytest.mark.slow
def test_a_worker_that_is_told_to_end_gives_its_job_back_and_one_that_is_killed_loses_it(
    desk: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    assert 0 == desk("-c", _ENQUEUE, "slow", "1").wait()

    told = desk("-c", _WORKER, str(log))
    _until(lambda: log.exists() and _asked(tmp_path, "SELECT done FROM work_job") > [(0,)])
    told.send_signal(signal.SIGTERM)
    assert 0 == told.wait(timeout=20)
    assert [("queued", 0)] == _asked(tmp_path, "SELECT state, attempts FROM work_job")

    killed = desk("-c", _WORKER, str(log))
    _until(lambda: 2 == log.read_text().count("begun"))
    killed.kill()
    killed.wait()
    assert [("running", 1)] == _asked(tmp_path, "SELECT state, attempts FROM work_job")
    _asked(tmp_path, "UPDATE work_job SET heartbeat_at = '2020-01-01 00:00:00'")

    third = desk("-c", _WORKER, str(log))
    _until(lambda: 3 == log.read_text().count("begun"))
    third.send_signal(signal.SIGINT)
    assert 0 == third.wait(timeout=20)
    assert ["begun 1", "begun 1", "begun 2"] == log.read_text().splitlines()
