from __future__ import annotations

import gzip
import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.web.imports.conftest import BAD_ROWS, CSV, HUNT, SHADOWSERVER
from tocsin.campaign.observation import WEB_SHELL, FeedProblem, Observation
from tocsin.campaign.observing import Asked, observe
from tocsin.errors import SourceError, TocsinError, UsageError
from tocsin.web.accounts.models import Role, User
from tocsin.web.audit.models import Decision
from tocsin.web.audit.queries import verify
from tocsin.web.imports import running, services, taking
from tocsin.web.imports.models import FeedFile, Import, ImportState, Rejected, RejectedState
from tocsin.web.imports.models import Observation as Row
from tocsin.web.imports.queries import stored_rows, stored_rows_of_host
from tocsin.web.work.models import Job, JobState
from tocsin.web.work.worker import run_worker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from tocsin.web.campaigns.models import Campaign

pytestmark = pytest.mark.django_db

MAPPING = dict(CSV.sample_mapping)


def quiet(done: int, total: int, message: str = "") -> None:
    """Nobody listens."""


def as_read(
    tmp_path: Path, data: bytes, name: str, asked: Asked | None = None
) -> list[Observation]:
    """What `tocsin observe` says of the same file."""
    path = tmp_path / name
    path.write_bytes(data)
    return [row for row in observe(path, asked or Asked()) if isinstance(row, Observation)]


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


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


def test_a_campaign_is_assessed_after_an_import_and_what_was_decided_is_recorded(
    uploaded: Callable[..., Import], analyst: User, campaign: Campaign
) -> None:
    one = services.go(uploaded(), analyst)
    running.run(one, quiet)

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
            running.run(one, quiet)
    one.refresh_from_db()
    assert (ImportState.FAILED, "the disk is gone") == (one.state, one.error)
    assert (0, 0, 0) == (Row.objects.count(), FeedFile.objects.count(), Rejected.objects.count())

    again = services.go(one, analyst)
    running.run(again, quiet)
    assert (ImportState.DONE, 3, 3, "") == (
        again.state,
        again.observations,
        again.rejected,
        again.error,
    )


class KilledError(BaseException):
    """The worker is gone."""


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
    left = [portions]
    flush = taking.Taking._flush

    def killed(self: taking.Taking) -> None:
        if not left[0]:
            raise KilledError
        left[0] -= 1
        flush(self)

    with monkeypatch.context() as patched:
        patched.setattr(taking.Taking, "_flush", killed)
        with pytest.raises(KilledError):
            running.run(one, quiet)
    one.refresh_from_db()
    assert ImportState.RUNNING == one.state
    assert [] == list(stored_rows(campaign))

    running.run(one, quiet)
    assert (3, 3, 0) == (one.observations, one.rejected, one.repeated)
    assert [1, 2, 3] == list(Row.objects.order_by("pk").values_list("row", flat=True))
    assert 3 == Rejected.objects.count()


def test_a_job_that_is_run_once_more_changes_nothing(
    imported: Callable[..., Import], campaign: Campaign
) -> None:
    one = imported(BAD_ROWS)
    before = list(stored_rows(campaign))

    running.run(one, quiet)

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
        running.run(second, quiet)
    running.run(first, quiet)
    running.run(second, quiet)
    assert (3, 3) == (first.observations, second.repeated)


def test_too_large_a_file_is_refused_and_nothing_is_left_of_it(
    uploaded: Callable[..., Import], settings: Settings, media: Path
) -> None:
    settings.TOCSIN_MAX_FEED_BYTES = 100

    with pytest.raises(UsageError, match="larger than"):
        uploaded()
    assert [] == [path for path in media.rglob("*") if path.is_file()]
    assert 0 == Import.objects.count()


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
    left = [portions]
    flush = taking.Taking._flush

    def killed(self: taking.Taking) -> None:
        if not left[0]:
            raise KilledError
        left[0] -= 1
        flush(self)

    with monkeypatch.context() as patched:
        patched.setattr(taking.Taking, "_flush", killed)
        with pytest.raises(KilledError):
            running.run_again(one, quiet)

    running.run_again(one, quiet)
    assert (3, 0) == (one.observations, one.rejected)
    assert 3 == Row.objects.count()


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


# Hostile files.


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "empty.csv", "empty"),
        (b"\x7fELF" + bytes(range(256)) * 40, "tool.exe", "no feed"),
        (b"just a line of text\n", "notes.txt", "no feed"),
        (CSV.sample, "scan.csv", "must be said"),
        (b"PK\x03\x04broken", "a.zip", "zip"),
    ],
)
def test_what_is_no_feed_is_refused_before_it_is_read(
    uploaded: Callable[..., Import], analyst: User, data: bytes, name: str, said: str
) -> None:
    one = uploaded(data, name)

    with pytest.raises(TocsinError, match=said):
        services.go(one, analyst)
    one.refresh_from_db()
    assert ImportState.UPLOADED == one.state


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\reports\\2026-03-24-scan_exchange-x.csv", "2026-03-24-scan_exchange-x.csv"),
        ("..", "upload"),
        ("a\0b\u202ecsv.exe", "a‹U+0000›b‹U+202E›csv.exe"),
        ("é" * 300 + ".csv.gz", "é" * 40 + "…" + "é" * 8 + ".csv.gz"),
    ],
)
def test_the_name_of_an_upload_is_never_a_path(
    campaign: Campaign, analyst: User, media: Path, name: str, kept: str
) -> None:
    upload = SimpleUploadedFile("x", SHADOWSERVER.sample)
    upload._name = name  # type: ignore[attr-defined]  # past Django's own cleaning
    one = services.go(services.start_upload(campaign, analyst, upload), analyst)
    running.run(one, quiet)

    assert kept == one.file_name
    assert [media / one.stored_as] == [path for path in media.rglob("*") if path.is_file()]
    assert [kept] == list(one.files.values_list("name", flat=True))
    assert 0o600 == (media / one.stored_as).stat().st_mode & 0o777


def test_a_bomb_stops_at_the_limits(imported: Callable[..., Import], settings: Settings) -> None:
    settings.TOCSIN_MAX_FEED_BYTES = 2**18
    bomb = zipped(**{"a.csv": SHADOWSERVER.sample, "b.csv": b"0" * 2**22})
    one = imported(bomb, "reports.zip")

    assert ImportState.DONE == one.state
    assert 3 == one.observations
    assert "bomb" in set(one.rejected_rows.values_list("code", flat=True))


def test_names_in_an_archive_lead_nowhere(imported: Callable[..., Import]) -> None:
    archive = zipped(**{"../../up.csv": SHADOWSERVER.sample, "/etc/abs.csv": b"\n" + BAD_ROWS})
    one = imported(archive, "reports.zip")

    assert 6 == one.observations
    assert all(
        name.startswith("reports.zip/") for name in one.files.values_list("name", flat=True)
    )
    assert all("/.." not in name for name in one.files.values_list("name", flat=True))


def test_a_report_without_rows_is_done_and_says_so(imported: Callable[..., Import]) -> None:
    one = imported(SHADOWSERVER.sample.split(b"\n")[0] + b"\n")

    assert (ImportState.DONE, 0, 0) == (one.state, one.observations, one.rejected)
    assert ["empty"] == list(one.rejected_rows.values_list("code", flat=True))
    assert one.earliest is None


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1", "utf-8-sig"])
def test_another_encoding_costs_no_row(
    uploaded: Callable[..., Import], analyst: User, encoding: str
) -> None:
    text = SHADOWSERVER.sample.decode().replace("NUERNBERG", "NÜRNBERG")
    one = uploaded(text.encode(encoding))
    try:
        one = services.go(one, analyst)
    except SourceError:
        assert "utf-16-le" == encoding  # without a mark nothing tells it
        return
    running.run(one, quiet)
    assert 3 == one.observations + one.rejected


def test_text_that_no_database_takes_is_stored_all_the_same(
    imported: Callable[..., Import], campaign: Campaign, tmp_path: Path
) -> None:
    odd = SHADOWSERVER.sample.replace(b"mail.example.org", b"ma\0il.example\\x.\torg")
    one = imported(odd)

    assert 3 == one.observations + one.rejected
    assert as_read(tmp_path, odd, SHADOWSERVER.sample_name) == list(stored_rows(campaign))


def test_a_huge_header_is_no_feed_or_is_read_in_bounds(
    uploaded: Callable[..., Import], analyst: User
) -> None:
    header = b",".join(b"column%d" % number for number in range(200_000))
    one = uploaded(header + b"\n1,2,3\n", "wide.csv")

    with pytest.raises(TocsinError):
        services.go(one, analyst)
    one = services.go(one, analyst, feed="csv", mapping={"ip": "column0"})
    running.run(one, quiet)
    assert 1 == one.observations + one.rejected


def test_a_formula_in_a_row_is_kept_as_it_was_received(
    imported: Callable[..., Import], campaign: Campaign
) -> None:
    formula = b'=HYPERLINK(""http://x"")'
    imported(SHADOWSERVER.sample.replace(b"mail.example.org", formula))

    assert '=HYPERLINK("http://x")' in {row.hostname for row in stored_rows(campaign)}  # type: ignore[union-attr]  # all are observations
