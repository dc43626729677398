"""What an import stores, and what becomes of one that fails or is killed in the middle."""

from __future__ import annotations

import gzip
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.web.imports.conftest import (
    BAD_ROWS,
    CSV,
    HUNT,
    MAPPING,
    SHADOWSERVER,
    as_read,
    zipped,
)
from tocsin.campaign.observation import WEB_SHELL, FeedProblem
from tocsin.campaign.observing import Asked
from tocsin.errors import SourceError, TocsinError, UsageError
from tocsin.web.audit.models import Decision
from tocsin.web.audit.queries import verify
from tocsin.web.imports import running, services, taking
from tocsin.web.imports.models import FeedFile, Import, ImportState, Rejected
from tocsin.web.imports.models import Observation as Row
from tocsin.web.imports.queries import stored_rows, stored_rows_of_host
from tocsin.web.work.models import Job, JobState
from tocsin.web.work.registry import silent
from tocsin.web.work.worker import run_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from tocsin.web.accounts.models import User
    from tocsin.web.campaigns.models import Campaign

pytestmark = pytest.mark.django_db


# What is stored.


def test_the_rows_of_an_import_are_those_that_the_command_line_reads(
    imported: Callable[..., Import], campaign: Campaign, tmp_path: Path
) -> None:
    one = imported()

    expected = as_read(tmp_path, SHADOWSERVER.sample, SHADOWSERVER.sample_name)
    assert expected == list(stored_rows(campaign))
    assert (ImportState.DONE, 3, 0, 0) == (one.state, one.observations, one.rejected, one.repeated)
    assert (expected[0].time_utc, expected[-1].time_utc) == (one.earliest, one.latest)


def test_each_row_is_stored_or_set_aside_with_its_reason(imported: Callable[..., Import]) -> None:
    one = imported(BAD_ROWS)

    assert (3, 3, 0) == (one.observations, one.rejected, one.repeated)
    assert [(4, "field_count"), (5, "bad_time"), (6, "bad_value")] == list(
        one.rejected_rows.values_list("row", "code")
    )
    assert (3, 3) == one.files.values_list("observations", "rejected").get()


def test_the_sign_of_a_web_shell_in_a_damaged_row_is_kept(
    imported: Callable[..., Import], campaign: Campaign
) -> None:
    imported(BAD_ROWS)

    problems = [row for row in stored_rows(campaign) if isinstance(row, FeedProblem)]
    assert [("192.0.2.12", (WEB_SHELL,))] == [(row.ip, row.evidence) for row in problems]
    assert problems == [one.row for one in stored_rows_of_host(campaign, "192.0.2.12")]


def test_the_same_content_is_stored_once_and_counted(
    imported: Callable[..., Import], campaign: Campaign
) -> None:
    imported(BAD_ROWS)
    for data, name in ((BAD_ROWS, "again.csv"), (gzip.compress(BAD_ROWS), "again.csv.gz")):
        again = imported(data, name)

        assert (0, 0, 6) == (again.observations, again.rejected, again.repeated)
        assert ImportState.DONE == again.state
    assert 3 == Row.objects.count()
    assert 4 == len(list(stored_rows(campaign)))


def test_the_same_content_twice_in_one_archive_is_stored_once(
    imported: Callable[..., Import],
) -> None:
    archive = zipped(**{"a.csv": SHADOWSERVER.sample, "b.csv": SHADOWSERVER.sample})
    one = imported(archive, "reports.zip")

    assert (3, 0, 3) == (one.observations, one.rejected, one.repeated)
    assert ["reports.zip/a.csv"] == list(one.files.values_list("name", flat=True))


def test_an_owners_result_is_stored_for_each_host_that_it_is_about(
    imported: Callable[..., Import], campaign: Campaign
) -> None:
    imported(HUNT.sample, "report.json", host="192.0.2.1")
    imported(HUNT.sample, "report.json", host="Mail.Example.org.")
    again = imported(HUNT.sample, "report.json", host="192.0.2.1")

    assert 2 == again.repeated
    assert {"192.0.2.1", "mail.example.org"} == set(Row.objects.values_list("host", flat=True))
    assert 2 == len(stored_rows_of_host(campaign, "192.0.2.1"))
    assert 4 == len(stored_rows_of_host(campaign, "192.0.2.1", "mail.example.org"))


def test_an_owners_result_needs_the_host(uploaded: Callable[..., Import], analyst: User) -> None:
    one = uploaded(HUNT.sample, "report.json")

    with pytest.raises(UsageError, match="which host it is about"):
        services.go(one, analyst)
    with pytest.raises(UsageError, match="neither an address nor a name"):
        services.go(one, analyst, host="two words")
    one.refresh_from_db()
    assert ImportState.UPLOADED == one.state


def test_a_csv_file_of_any_kind_is_read_with_its_mapping(
    imported: Callable[..., Import], campaign: Campaign, tmp_path: Path
) -> None:
    one = imported(CSV.sample, "scan.csv", mapping=MAPPING)

    expected = as_read(tmp_path, CSV.sample, "scan.csv", Asked(mapping=MAPPING))
    assert 3 == one.observations
    assert sorted(expected, key=lambda row: (row.time_utc is not None, row.time_utc)) == list(
        stored_rows(campaign)
    )


def test_the_command_line_imports_at_once(
    campaign: Campaign, analyst: User, tmp_path: Path
) -> None:
    path = tmp_path / SHADOWSERVER.sample_name
    path.write_bytes(BAD_ROWS)
    told: list[tuple[int, int]] = []

    one = services.import_path(campaign, analyst, path, tell=lambda *said: told.append(said[:2]))

    assert (ImportState.DONE, 3, 3) == (one.state, one.observations, one.rejected)
    assert (2 * len(BAD_ROWS), 2 * len(BAD_ROWS)) == told[-1]
    assert path.exists()
    assert ["assessing.assess"] == list(Job.objects.values_list("kind", flat=True))


def test_what_the_command_line_refuses_has_failed_for_the_reason_and_can_be_tried_again(
    campaign: Campaign, analyst: User, tmp_path: Path
) -> None:
    path = tmp_path / "scan.csv"
    path.write_bytes(CSV.sample)

    with pytest.raises(TocsinError) as refused:
        services.import_path(campaign, analyst, path)

    one = Import.objects.get()
    assert (ImportState.FAILED, str(refused.value)) == (one.state, one.error)
    actions = Decision.objects.order_by("number").values_list("action", flat=True)
    assert "import.failed" == actions.last()

    services.go(one, analyst, feed="csv", mapping=MAPPING)
    one.refresh_from_db()
    assert (ImportState.QUEUED, "") == (one.state, one.error)


def test_a_campaign_is_assessed_after_an_import_and_what_was_decided_is_recorded(
    uploaded: Callable[..., Import], analyst: User, campaign: Campaign
) -> None:
    one = services.go(uploaded(), analyst)
    running.run(one, silent)

    jobs = Job.objects.filter(kind="assessing.assess", subject=campaign.pk)
    assert 1 == jobs.count()
    actions = ["import.uploaded", "import.started", "import.finished"]
    assert actions == list(Decision.objects.order_by("number").values_list("action", flat=True))
    assert verify() is None


# What goes wrong.


def test_a_failed_import_holds_nothing_and_can_be_tried_again(
    uploaded: Callable[..., Import], analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = services.go(uploaded(BAD_ROWS), analyst)
    monkeypatch.setattr(taking, "_PORTION", 2)

    def breaks_off(*_args: object) -> None:
        raise SourceError("the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr(taking, "count", breaks_off)
        with pytest.raises(SourceError):
            running.run(one, silent)
    one.refresh_from_db()
    assert (ImportState.FAILED, "the disk is gone") == (one.state, one.error)
    assert (0, 0, 0) == (Row.objects.count(), FeedFile.objects.count(), Rejected.objects.count())

    again = services.go(one, analyst)
    running.run(again, silent)
    assert (ImportState.DONE, 3, 3, "") == (
        again.state,
        again.observations,
        again.rejected,
        again.error,
    )


class KilledError(BaseException):
    """The worker is gone."""


@contextmanager
def killed_after(portions: int) -> Iterator[None]:
    """A worker that writes so many portions, and not the next."""
    left = [portions]
    flush = taking.Taking._flush

    def killed(self: taking.Taking) -> None:
        if not left[0]:
            raise KilledError
        left[0] -= 1
        flush(self)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(taking.Taking, "_flush", killed)
        yield


@pytest.mark.parametrize("portions", [0, 1, 2])
def test_a_worker_that_is_killed_in_the_middle_and_begins_anew_comes_to_the_same_rows(
    uploaded: Callable[..., Import],
    analyst: User,
    campaign: Campaign,
    monkeypatch: pytest.MonkeyPatch,
    portions: int,
) -> None:
    one = services.go(uploaded(BAD_ROWS), analyst)
    monkeypatch.setattr(taking, "_PORTION", 2)
    with killed_after(portions), pytest.raises(KilledError):
        running.run(one, silent)
    one.refresh_from_db()
    assert ImportState.RUNNING == one.state
    assert [] == list(stored_rows(campaign))

    running.run(one, silent)
    assert (3, 3, 0) == (one.observations, one.rejected, one.repeated)
    assert [1, 2, 3] == list(Row.objects.order_by("pk").values_list("row", flat=True))
    assert 3 == Rejected.objects.count()


def test_a_job_that_is_run_once_more_changes_nothing(
    imported: Callable[..., Import], campaign: Campaign
) -> None:
    one = imported(BAD_ROWS)
    before = list(stored_rows(campaign))

    running.run(one, silent)

    assert before == list(stored_rows(campaign))


def test_a_failed_job_says_so_on_the_import(
    uploaded: Callable[..., Import], analyst: User, media: Path
) -> None:
    one = services.go(uploaded(), analyst)
    (media / one.stored_as).unlink()
    run_worker(once=True)

    one.refresh_from_db()
    job = Job.objects.get(kind="imports.run")
    assert (ImportState.FAILED, JobState.FAILED) == (one.state, job.state)
    assert "Upload it again" in one.error
    with pytest.raises(SourceError, match="no longer kept"):
        services.go(one, analyst)


def test_a_file_that_another_import_is_just_storing_waits_its_turn(
    uploaded: Callable[..., Import], analyst: User
) -> None:
    first = services.go(uploaded(), analyst)
    FeedFile.objects.create(
        campaign=first.campaign, part_of=first, feed="shadowserver", name="x", sha256=first.sha256
    )
    second = services.go(uploaded(), analyst)

    with pytest.raises(SourceError, match="Import 1 is just storing"):
        running.run(second, silent)
    running.run(first, silent)
    running.run(second, silent)
    assert (3, 3) == (first.observations, second.repeated)


def test_too_large_a_file_is_refused_and_nothing_is_left_of_it(
    uploaded: Callable[..., Import], settings: Settings, media: Path
) -> None:
    settings.TOCSIN_MAX_FEED_BYTES = 100

    with pytest.raises(UsageError, match="larger than"):
        uploaded()
    assert [] == [path for path in media.rglob("*") if path.is_file()]
    assert 0 == Import.objects.count()


@pytest.mark.parametrize("portions", [0, 1])
def test_a_retry_that_is_killed_and_begins_anew_takes_nothing_twice(
    imported: Callable[..., Import],
    analyst: User,
    monkeypatch: pytest.MonkeyPatch,
    portions: int,
) -> None:
    one = imported(CSV.sample, "scan.csv", mapping={**MAPPING, "time": "Remark"})
    one = services.retry(one, analyst, mapping=MAPPING)
    monkeypatch.setattr(taking, "_PORTION", 1)
    with killed_after(portions), pytest.raises(KilledError):
        running.run_again(one, silent)

    running.run_again(one, silent)
    assert (3, 0) == (one.observations, one.rejected)
    assert 3 == Row.objects.count()
