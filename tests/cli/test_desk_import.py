"""`tocsin desk import`, as a scheduled job runs it: real files, in processes of their own."""

from __future__ import annotations

import gzip
import signal
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_desk import TOCSIN, desk, environment
from tocsin.campaign.feed import all_feeds

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow  # each process reads Django, and init makes a database

FEED = all_feeds()["shadowserver"]
BAD_ROWS = (
    b'"2026-03-24 00:11:33","critical","192.0.2.11","tcp",443,"short row"\n'
    b'"yesterday","critical","192.0.2.12","tcp",443,,"exchange",0,"DE",,,,,,"15.2.721","EX",\n'
)
_CAMPAIGN = """\
import django; django.setup()
from tocsin.web.accounts.models import User
from tocsin.web.campaigns.models import Campaign
from tocsin.web.campaigns.services import open_campaign
from tocsin.web.organisations.models import Constituency
north = Constituency.objects.create(slug="north", name="North")
one = Campaign(name="ProxyLogon", pack="proxylogon", cves=["CVE-2021-26855"], constituency=north)
open_campaign(User.objects.get(username="ada"), one)
"""


def report(day: int) -> bytes:
    """A report of its own for each day, with two rows that cannot be read."""
    return FEED.sample.replace(b"2026-03-24", b"2026-04-%02d" % day) + BAD_ROWS


ROWS = FEED.sample.count(b"\n") - 1


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk with one administrator and one campaign, `proxylogon`."""
    folder = tmp_path_factory.mktemp("desk") / "home"
    for words in (("init",), ("create-user", "ada", "--administrator")):
        done = desk(folder, *words)
        assert 0 == done.returncode, done.stderr
    local = {"DJANGO_SETTINGS_MODULE": "tocsin.web.project.settings.local"}
    subprocess.run([sys.executable, "-c", _CAMPAIGN], env=environment(folder, **local), check=True)
    return folder


def asked(home: Path, question: str) -> int:
    with sqlite3.connect(home / "desk.sqlite3", timeout=30) as database:
        return int(database.execute(question).fetchone()[0])


def stored(home: Path) -> int:
    return asked(home, "SELECT count(*) FROM imports_observation")


def test_a_real_file_goes_through_once_however_often_and_in_whatever_packing(
    home: Path, tmp_path: Path
) -> None:
    before = stored(home)
    path, packed = tmp_path / FEED.sample_name, tmp_path / f"{FEED.sample_name}.gz"
    path.write_bytes(report(1))
    packed.write_bytes(gzip.compress(report(1)))

    done = desk(home, "import", "proxylogon", str(path))

    assert 0 == done.returncode, done.stderr
    assert f"({FEED.name}), {ROWS} rows stored, 2 in quarantine, 0 of files" in done.stdout
    assert "tocsin desk worker" in done.stderr
    assert before + ROWS == stored(home)

    again = desk(home, "import", "proxylogon", str(path), str(packed))

    assert 0 == again.returncode, again.stderr
    same = f"0 rows stored, 0 in quarantine, {ROWS + 2} of files imported before"
    assert [str(path), str(packed)] == [line.split(": ")[0] for line in again.stdout.splitlines()]
    assert all(line.endswith(same) for line in again.stdout.splitlines()), again.stdout
    assert before + ROWS == stored(home)


def test_what_is_no_feed_ends_with_3_and_keeps_what_was_imported_before_it(
    home: Path, tmp_path: Path
) -> None:
    before = stored(home)
    good, bad = tmp_path / FEED.sample_name, tmp_path / "letter.txt"
    good.write_bytes(report(2))
    bad.write_bytes(b"%PDF-1.7\n")

    done = desk(home, "import", "proxylogon", str(good), str(bad))

    assert 3 == done.returncode
    assert 1 == len(done.stdout.splitlines())
    assert "letter.txt" in done.stderr
    assert "no feed that is known here" in done.stderr
    assert "Traceback" not in done.stderr
    assert before + ROWS == stored(home)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("elsewhere",), "no such campaign; there is proxylogon"),
        (("proxylogon", "--feed", "nothing"), "there is no feed 'nothing'"),
    ],
)
def test_what_cannot_be_meant_ends_with_2_and_stores_nothing(
    home: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    before = stored(home)
    path = tmp_path / FEED.sample_name
    path.write_bytes(report(3))

    done = desk(home, "import", words[0], str(path), *words[1:])

    assert 2 == done.returncode
    assert said in done.stderr
    assert before == stored(home)


def test_a_worker_that_runs_meanwhile_disturbs_no_import_and_assesses_them(
    home: Path, tmp_path: Path
) -> None:
    before = stored(home)
    paths = [tmp_path / f"2026-04-{day:02}-{FEED.sample_name}" for day in range(10, 16)]
    for day, path in enumerate(paths, 10):
        path.write_bytes(report(day))
    worker = subprocess.Popen(
        [*TOCSIN, "desk", "worker"],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        for few in (paths[:1], paths[1:3], paths[3:]):
            done = desk(home, "import", "proxylogon", *map(str, few))
            assert 0 == done.returncode, done.stderr
            assert len(few) == done.stdout.count(f"{ROWS} rows stored, 2 in quarantine"), done
        deadline = time.monotonic() + 60
        while asked(home, "SELECT count(*) FROM work_job WHERE state IN ('queued', 'running')"):
            assert time.monotonic() < deadline, "the worker does not come to an end"
            assert worker.poll() is None
            time.sleep(0.2)
    finally:
        worker.send_signal(signal.SIGTERM)
        told, _ = worker.communicate(timeout=30)

    assert 0 == worker.returncode, told
    assert "Traceback" not in told
    assert before + 6 * ROWS == stored(home)
    assert 0 == asked(home, "SELECT count(*) FROM work_job WHERE state = 'failed'")
    hosts = asked(home, "SELECT count(*) FROM assets_asset")
    assert hosts == asked(home, "SELECT count(DISTINCT host) FROM imports_observation")
