"""Through the real worker, with real processes."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tocsin.errors import UsageError
from tocsin.web.accounts.models import Role, User
from tocsin.web.audit.models import Decision
from tocsin.web.cases.models import Case
from tocsin.web.hunts import services
from tocsin.web.hunts.models import Hunt, HuntKind, HuntState
from tocsin.web.hunts.queries import counting_import
from tocsin.web.hunts.uploads import home_of
from tocsin.web.imports.models import Import, ImportState, Observation
from tocsin.web.imports.uploads import path_of
from tocsin.web.work.models import Job, JobState
from tocsin.web.work.registry import all_tasks
from tocsin.web.work.worker import run_worker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from tocsin.web.assets.models import Asset

    Received = Callable[..., Hunt]
    Server = Callable[..., dict[str, Any]]
    Result = Callable[..., bytes]


@pytest.fixture(autouse=True)
def _assessed_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The assessment has its own tests; here its job is only there."""
    monkeypatch.setitem(all_tasks().run, "assessing.assess", lambda _job, _progress: None)


def _worked(hunt: Hunt) -> Hunt:
    run_worker(once=True)
    return Hunt.objects.select_related("campaign", "by", "job").get(pk=hunt.pk)


@pytest.mark.slow
def test_evidence_of_a_server_that_was_broken_into_opens_a_case(
    received: Received, evidence: Path, asset: Asset
) -> None:
    hunt = _worked(received(evidence.read_bytes(), "EX01.zip", "192.0.2.7"))

    assert (HuntState.DONE, "") == (hunt.state, hunt.error)
    assert ("compromised", HuntKind.EVIDENCE) == (hunt.level, hunt.kind)
    assert "EX01.zip" == hunt.summary["source"]
    assert hunt.summary["known"]
    assert (path_of(hunt.folder) / "report.html").is_file()
    case = Case.objects.get()
    assert ("192.0.2.7", "compromised") == (case.host, case.kind)
    assert f"Hunt {hunt.number}" in case.because
    row = Observation.objects.get()
    assert ("192.0.2.7", "hunt") == (row.host, row.file.feed)
    assert "compromise" in row.evidence
    assert not (home_of(hunt) / "work").exists()

    services.ask_redaction(hunt, hunt.by)
    hunt = _worked(hunt)
    assert hunt.summary["redacted"], hunt.summary
    folder = path_of(hunt.folder) / "redacted"
    names = ["redaction-key.json", "report.html", "result.json"]
    assert names == sorted(path.name for path in folder.iterdir())
    assert b"EX01" not in (folder / "report.html").read_bytes()
    assert 1 == Case.objects.count()


def test_a_result_that_an_owner_sent_counts_and_opens_a_case(
    received: Received, result: Result, asset: Asset
) -> None:
    hunt = _worked(received(result(), host="192.0.2.7"))

    assert (HuntState.DONE, "compromised", "complete") == (hunt.state, hunt.level, hunt.assurance)
    entered = counting_import(hunt)
    assert entered is not None
    assert ("hunt-1.json", "192.0.2.7", 1) == (
        entered.file_name,
        entered.host,
        entered.observations,
    )
    assert hunt.sha256 == entered.sha256
    assert 1 == Case.objects.count()
    actions = set(Decision.objects.values_list("action", flat=True))
    assert {"hunt.uploaded", "hunt.finished", "hunt.counted", "case.opened"} <= actions


def test_a_result_without_a_host_counts_for_none_until_somebody_names_it(
    received: Received, result: Result, asset: Asset
) -> None:
    hunt = _worked(received(result()))
    assert (HuntState.DONE, 0, 0) == (hunt.state, Import.objects.count(), Case.objects.count())

    services.choose_host(hunt, hunt.by, " EXCH01.example.org. ", may_undo=False)
    hunt = _worked(hunt)
    assert "exch01.example.org" == hunt.host
    assert counting_import(hunt) is not None
    assert 1 == Case.objects.count()


@pytest.mark.parametrize("level", ["attempted", "probed", "inconclusive", "no_evidence_found"])
def test_no_case_opens_where_nobody_got_in(
    level: str, received: Received, result: Result, server: Server
) -> None:
    verdict = {"level": level, "assurance": "partial", "reasons": [], "limits": []}
    hunt = _worked(received(result(server(verdict=verdict, findings=[])), host="192.0.2.7"))

    assert (HuntState.DONE, level) == (hunt.state, hunt.level)
    assert counting_import(hunt) is not None
    assert 0 == Case.objects.count()


def test_a_result_of_several_servers_becomes_a_hunt_for_each(
    received: Received, result: Result, server: Server
) -> None:
    content = result(server(), server(name="EXCH02"), server(name=None))
    first = _worked(received(content, host="192.0.2.7"))

    hunts = list(Hunt.objects.order_by("number"))
    assert [1, 2, 3] == [hunt.number for hunt in hunts]
    assert ["done", "done", "failed"] == [hunt.state for hunt in hunts]
    assert ["EXCH01", "EXCH02"] == [hunt.summary["name"] for hunt in hunts[:2]]
    assert "cannot be read" in hunts[2].error
    # Nobody said which of them the host is.
    assert ("", 0) == (first.host, Import.objects.count())

    services.choose_host(hunts[1], first.by, "192.0.2.8", may_undo=False)
    _worked(first)
    assert ["EXCH02"] == list(Observation.objects.values_list("server_name", flat=True))


def test_only_an_approver_says_that_what_counts_is_about_another_host(
    received: Received, result: Result, person: Callable[[Role], User]
) -> None:
    hunt = _worked(received(result(), host="192.0.2.7"))
    with pytest.raises(UsageError, match="An approver can"):
        services.choose_host(hunt, hunt.by, "192.0.2.8", may_undo=False)

    services.choose_host(hunt, person(Role.APPROVER), "192.0.2.8", may_undo=True)
    hunt = _worked(hunt)
    states = dict(Import.objects.values_list("host", "state"))
    assert {"192.0.2.7": ImportState.UNDONE, "192.0.2.8": ImportState.DONE} == states
    assert ["192.0.2.8"] == list(Observation.objects.values_list("host", flat=True))


def test_the_same_result_again_counts_once(received: Received, result: Result) -> None:
    first = _worked(received(result(), host="192.0.2.7"))
    second = _worked(received(result(), "again.json", "192.0.2.7"))

    assert counting_import(first) == counting_import(second)
    assert 1 == Observation.objects.count()
    assert 1 == Case.objects.count()


def test_a_hunt_that_takes_too_long_says_so_and_can_be_run_again(
    received: Received, evidence: Path, settings: Settings
) -> None:
    settings.TOCSIN_HUNT_SECONDS = 1
    hunt = _worked(received(evidence.read_bytes(), "EX01.zip"))

    assert HuntState.FAILED == hunt.state
    assert "The hunt took longer than 1 second, and was ended" in hunt.error
    assert not (home_of(hunt) / "work").exists()
    services.run_again(hunt, hunt.by)
    assert HuntState.FAILED == _worked(hunt).state


def test_a_hunt_that_needs_too_much_memory_says_so(
    received: Received, evidence: Path, settings: Settings
) -> None:
    settings.TOCSIN_HUNT_MEMORY_BYTES = 90 * 2**20
    hunt = _worked(received(evidence.read_bytes(), "EX01.zip"))

    assert HuntState.FAILED == hunt.state
    assert "needed more than the 90 MiB of memory" in hunt.error


@pytest.mark.slow
def test_a_zip_bomb_is_cut_short_and_told(received: Received, settings: Settings) -> None:
    settings.TOCSIN_HUNT_UNPACKED_BYTES = 2**28
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"C/inetpub/logs/LogFiles/W3SVC1/u_ex21030{number}.log", bytes(2**28))
    hunt = _worked(received(held.getvalue(), "bomb.zip"))

    assert (HuntState.DONE, "inconclusive") == (hunt.state, hunt.level)
    assert hunt.summary["totals"]["problems"]
    codes = {one["code"] for one in hunt.summary["problems"]}
    assert codes & {"too_large", "ratio", "too_much", "bomb"}, codes


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"schema":"tocsin.result/1","hosts":[', "no result of tocsin hunt"),
        (b'{"schema":"tocsin.result/1","hosts":[]}', "names no server"),
        (b'{"schema":"tocsin.result/1","hosts":[' + b"[" * 200_000, "no result of tocsin hunt"),
        (b'{"schema":"tocsin.result/1","hosts":[{"name":5}]}', "cannot be read"),
    ],
)
def test_a_hostile_result_fails_in_words(content: bytes, says: str, received: Received) -> None:
    hunt = _worked(received(content, host="192.0.2.7"))

    assert HuntState.FAILED == hunt.state
    assert says in hunt.error
    assert 0 == Import.objects.count()


def test_a_hunt_whose_worker_died_each_time_is_shown_as_failed(
    received: Received, result: Result
) -> None:
    hunt = received(result())
    Hunt.objects.update(state=HuntState.RUNNING)
    long_ago = hunt.uploaded_at.replace(year=2020)
    Job.objects.update(
        state=JobState.RUNNING, started_at=long_ago, heartbeat_at=long_ago, attempts=3
    )

    hunt = _worked(hunt)
    assert HuntState.FAILED == hunt.state
    assert "its worker died" in hunt.error


def test_evidence_is_deleted_by_decision_and_the_result_stays(
    received: Received,
    result: Result,
    person: Callable[[Role], User],
    django_capture_on_commit_callbacks: Any,  # noqa: ANN401 brings no type
) -> None:
    hunt = received(result())
    with pytest.raises(UsageError, match="still reads"):
        services.remove_evidence(hunt, person(Role.APPROVER))

    hunt = _worked(hunt)
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_evidence(hunt, person(Role.APPROVER))
    assert not path_of(hunt.stored_as).exists()
    assert (
        "EXCH01"
        == json.loads((path_of(hunt.folder) / "result.json").read_bytes())["hosts"][0]["name"]
    )
    with pytest.raises(UsageError, match="made with `tocsin hunt --redact`"):
        services.ask_redaction(hunt, person(Role.APPROVER))


@pytest.mark.parametrize(
    "host", ["", "a b", "-x", "exch01..org", "x" * 300, "192.0.2.7/24", "\x00"]
)
def test_what_is_no_host_is_refused(host: str, received: Received, result: Result) -> None:
    hunt = _worked(received(result()))

    with pytest.raises(UsageError, match="neither an address nor the name"):
        services.choose_host(hunt, hunt.by, host, may_undo=True)
