"""Imports that are undone, discarded and read again, and rows that people dismiss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.imports.conftest import (
    BAD_ROWS,
    CSV,
    MAPPING,
    SHADOWSERVER,
    zipped,
)
from tocsin.campaign.observation import FeedProblem
from tocsin.errors import UsageError
from tocsin.web.accounts.models import Role, User
from tocsin.web.audit.models import Decision
from tocsin.web.imports import services
from tocsin.web.imports.models import Import, ImportState, RejectedState
from tocsin.web.imports.models import Observation as Row
from tocsin.web.imports.queries import stored_rows
from tocsin.web.work.models import Job
from tocsin.web.work.worker import run_worker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tocsin.web.campaigns.models import Campaign

pytestmark = pytest.mark.django_db


# Undo, discard.


def test_an_undo_removes_rows_and_file_and_has_the_campaign_assessed(
    imported: Callable[..., Import],
    campaign: Campaign,
    person: Callable[[Role], User],
    media: Path,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    one = imported(BAD_ROWS)
    other = imported(CSV.sample, "scan.csv", mapping=MAPPING)
    Job.objects.all().delete()
    approver = person(Role.APPROVER)

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]  # a context manager
        services.undo(one, approver)

    one.refresh_from_db()
    assert (ImportState.UNDONE, approver) == (one.state, one.undone_by)
    assert {"csv"} == {row.feed for row in stored_rows(campaign)}
    assert 0 == one.rejected_rows.count()
    assert not (media / one.stored_as).exists()
    assert (media / other.stored_as).exists()
    assert ["assessing.assess"] == list(Job.objects.values_list("kind", flat=True))
    assert "import.undone" == Decision.objects.latest("number").action
    with pytest.raises(UsageError, match="undone"):
        services.undo(one, approver)


def test_what_was_undone_can_be_imported_again(
    imported: Callable[..., Import], person: Callable[[Role], User]
) -> None:
    services.undo(imported(), person(Role.APPROVER))

    assert 3 == imported().observations


def test_a_discarded_upload_is_gone(
    uploaded: Callable[..., Import],
    analyst: User,
    media: Path,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    one = uploaded()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]  # a context manager
        services.discard(one, analyst)

    assert ImportState.DISCARDED == Import.objects.get().state
    assert not (media / one.stored_as).exists()
    with pytest.raises(UsageError, match="discarded"):
        services.go(one, analyst)


def test_what_is_done_is_not_discarded(imported: Callable[..., Import], analyst: User) -> None:
    with pytest.raises(UsageError, match="done"):
        services.discard(imported(), analyst)


# Quarantine.


def test_a_retry_with_another_mapping_takes_what_is_readable_now_and_nothing_twice(
    imported: Callable[..., Import], analyst: User, campaign: Campaign
) -> None:
    wrong = {**MAPPING, "time": "Remark"}
    one = imported(CSV.sample, "scan.csv", mapping=wrong)
    assert (1, 2) == (one.observations, one.rejected)

    one = services.retry(one, analyst, mapping=MAPPING)
    run_worker(once=True)
    one.refresh_from_db()
    assert (3, 0) == (one.observations, one.rejected)
    assert [1, 2, 3] == sorted(Row.objects.values_list("row", flat=True))
    assert {RejectedState.READ} == set(one.rejected_rows.values_list("state", flat=True))
    assert (3, 0) == one.files.values_list("observations", "rejected").get()

    services.retry(one, analyst)
    run_worker(once=True)
    assert 3 == Row.objects.count()
    assert 3 == len(list(stored_rows(campaign)))


def test_a_retry_reads_a_file_of_an_archive_that_nobody_recognised(
    imported: Callable[..., Import], analyst: User
) -> None:
    archive = zipped(**{"a.csv": SHADOWSERVER.sample, "scan.csv": CSV.sample})
    one = imported(archive, "reports.zip")
    assert (3, 0) == (one.observations, one.rejected)
    assert ["unrecognised"] == list(one.rejected_rows.values_list("code", flat=True))

    services.retry(one, analyst, mapping=MAPPING)
    run_worker(once=True)
    one.refresh_from_db()
    assert {"shadowserver", "csv"} == set(one.files.values_list("feed", flat=True))
    assert (6, 6) == (one.observations, Row.objects.count())
    assert 0 == one.rejected_rows.filter(state=RejectedState.OPEN, row=None).count()


def test_a_retry_as_another_feed_leaves_no_row_in_quarantine_that_is_stored_by_it(
    imported: Callable[..., Import], analyst: User, campaign: Campaign
) -> None:
    header = SHADOWSERVER.sample.splitlines()[0].replace(b'"timestamp"', b'"timestamp","when"')
    rows = (
        b'"one","2021-03-03 10:00:00","critical","192.0.2.1"\n'
        b'"two","2021-03-03 10:00:00","critical","192.0.2.2"\n'
        b'"three","2021-03-03 10:00:00","critical","no address"\n'
    )
    one = imported(header + b"\n" + rows)
    assert (0, 3) == (one.observations, one.rejected)
    assert {"shadowserver"} == set(one.rejected_rows.values_list("feed", flat=True))

    services.retry(one, analyst, mapping={"ip": "ip", "time": "when"})
    run_worker(once=True)
    one.refresh_from_db()

    left = one.rejected_rows.filter(state=RejectedState.OPEN)
    stored = set(Row.objects.values_list("row", flat=True))
    assert (one.observations, one.rejected) == (len(stored), left.count())
    assert stored.isdisjoint(left.values_list("row", flat=True))
    assert {1, 2, 3} == stored | set(left.values_list("row", flat=True))


def test_a_dismissed_row_no_longer_counts_and_says_why(
    imported: Callable[..., Import], analyst: User, campaign: Campaign
) -> None:
    one = imported(BAD_ROWS)
    Job.objects.all().delete()
    shell = one.rejected_rows.exclude(evidence="").get()

    with pytest.raises(UsageError, match="Say why"):
        services.dismiss(one, analyst, "  ", rows=[shell.pk])
    assert 1 == services.dismiss(one, analyst, "The vendor's test row", rows=[shell.pk])

    assert not [row for row in stored_rows(campaign) if isinstance(row, FeedProblem)]
    assert ["assessing.assess"] == list(Job.objects.values_list("kind", flat=True))
    assert "The vendor's test row" in Decision.objects.latest("number").detail
    assert 0 == services.dismiss(one, analyst, "twice", rows=[shell.pk])
    services.retry(one, analyst)
    run_worker(once=True)
    shell.refresh_from_db()
    assert RejectedState.DISMISSED == shell.state


def test_all_rows_of_a_code_are_dismissed_at_once(
    imported: Callable[..., Import], analyst: User
) -> None:
    one = imported(BAD_ROWS)

    assert 1 == services.dismiss(one, analyst, "cut off on the way", code="field_count")
    assert 2 == one.rejected_rows.filter(state=RejectedState.OPEN).count()


def test_a_row_of_another_import_is_not_dismissed(
    imported: Callable[..., Import], analyst: User
) -> None:
    one = imported(BAD_ROWS)
    other = imported(BAD_ROWS + b"\n1,2\n", "other.csv")
    theirs = list(one.rejected_rows.values_list("pk", flat=True))

    assert 0 == services.dismiss(other, analyst, "not mine", rows=theirs)


def test_an_import_that_is_just_being_read_again_is_left_alone(
    imported: Callable[..., Import], analyst: User, person: Callable[[Role], User]
) -> None:
    one = services.retry(imported(BAD_ROWS), analyst)

    with pytest.raises(UsageError, match="just being read"):
        services.undo(one, person(Role.APPROVER))
    with pytest.raises(UsageError, match="just being read"):
        services.retry(one, analyst)
