from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tocsin.web.accounts.models import Membership, Role
from tocsin.web.audit.models import Decision
from tocsin.web.hunts import running
from tocsin.web.hunts.digest import write
from tocsin.web.hunts.models import Hunt, HuntState
from tocsin.web.hunts.services import choose_host
from tocsin.web.imports.models import Import
from tocsin.web.imports.uploads import path_of
from tocsin.web.work.models import Job, JobState
from tocsin.web.work.registry import all_tasks
from tocsin.web.work.worker import run_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries

    from tocsin.web.assets.models import Asset
    from tocsin.web.hunts.limits import HuntLimits
    from tocsin.web.hunts.process import Confined

    SignedIn = Callable[..., Client]
    Received = Callable[..., Hunt]
    Server = Callable[..., dict[str, Any]]
    Result = Callable[..., bytes]

HERE = "/c/proxylogon/hunts"
HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>\x1b[31m\u202e"


@pytest.fixture(autouse=True)
def _assessed_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The assessment has its own tests; here its job is only there."""
    monkeypatch.setitem(all_tasks().run, "assessing.assess", lambda _job, _progress: None)


@pytest.fixture
def done(
    received: Received, result: Result, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Hunt]:
    """A hunt that the worker is done with; without the process, which has its own tests."""

    def hand_over(content: bytes | None = None, host: str = "", *, apart: bool = True) -> Hunt:
        def here(one: Confined, _limits: HuntLimits, _tell: object) -> bool:
            write(*map(Path, one.command[-2:]))
            return apart

        hunt = received(content or result(), host=host)
        with monkeypatch.context() as patched:
            patched.setattr(running, "run", here)
            run_worker(once=True)
        hunt.refresh_from_db()
        return hunt

    return hand_over


@pytest.mark.parametrize("apart", [True, False])
def test_the_page_says_where_there_was_no_isolation_from_the_network(
    done: Callable[..., Hunt], signed_in: SignedIn, *, apart: bool
) -> None:
    hunt = done(apart=apart)
    page = signed_in(Role.VIEWER).get(f"{HERE}/{hunt.number}/").text
    assert apart == ("without isolation from the network" not in page)


def test_an_empty_list_says_what_to_do(signed_in: SignedIn) -> None:
    page = signed_in(Role.ANALYST).get(f"{HERE}/").text

    assert "No hunt yet." in page
    assert f'href="{HERE}/new/"' in page


def test_the_list_shows_verdicts_and_finds_those_without_a_host(
    done: Callable[..., Hunt], signed_in: SignedIn
) -> None:
    done(host="192.0.2.7")
    done()
    client = signed_in(Role.VIEWER)

    page = client.get(f"{HERE}/").text
    assert 2 == page.count("✖ Compromised")
    assert f'href="{HERE}/2/"' in page
    page = client.get(f"{HERE}/?about=no").text
    assert f'href="{HERE}/2/"' in page
    assert f'href="{HERE}/1/"' not in page
    assert "192.0.2.7" in client.get(f"{HERE}/?format=csv").getvalue().decode()


def test_the_list_asks_as_often_for_many_as_for_one(
    done: Callable[..., Hunt],
    signed_in: SignedIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    done()
    first = Hunt.objects.get()
    for number in range(2, 40):
        first.pk, first.number = None, number
        first.save(force_insert=True)
    client = signed_in(Role.VIEWER)

    with django_assert_max_num_queries(12):
        client.get(f"{HERE}/")


def test_an_upload_goes_to_the_worker_and_its_page_follows_it(
    signed_in: SignedIn, result: Result
) -> None:
    client = signed_in(Role.ANALYST)
    answer = client.post(
        f"{HERE}/new/",
        {"file": SimpleUploadedFile("report.json", result()), "host": "192.0.2.7"},
        follow=True,
    )

    assert (f"{HERE}/1/", 302) == answer.redirect_chain[0]
    assert 'hx-trigger="every 2s"' in answer.text
    run_worker(once=True)
    page = client.get(f"{HERE}/1/").text
    assert "hx-trigger" not in page
    assert "✖ Compromised" in page


@pytest.mark.parametrize(
    ("content", "host", "says"),
    [
        (b"", "", "empty"),
        (b"<html>", "", "neither a result"),
        (None, "no host!", "neither an address nor the name"),
    ],
)
def test_an_upload_that_is_refused_says_why(
    content: bytes | None, host: str, says: str, signed_in: SignedIn, result: Result
) -> None:
    upload = SimpleUploadedFile("x", result() if content is None else content)
    answer = signed_in(Role.ANALYST).post(f"{HERE}/new/", {"file": upload, "host": host})

    assert 400 == answer.status_code
    assert says in answer.text
    assert 0 == Hunt.objects.count()


def test_the_page_is_the_report(
    done: Callable[..., Hunt], signed_in: SignedIn, asset: Asset
) -> None:
    done(host="192.0.2.7")
    page = signed_in(Role.VIEWER).get(f"{HERE}/1/").text

    for text in (
        "The owner's claim.",
        "✖ Compromised",
        "what was found is proven",
        "complete logs from 2021-03-01 to 2021-03-09",
        "A page answered commands.",
        "Security events were not collected.",
        "Requests to a page that is a web shell",
        "C/inetpub/logs/u_ex210302.log, line 12",
        "15.1.2176.2",
        "Exchange Server 2016 CU19",
        "Keep the page, and its times.",
        f"/c/proxylogon/assets/{asset.pk}/",
        "/c/proxylogon/cases/1/",
        "/c/proxylogon/imports/1/",
        "hunt.counted",
    ):
        assert text in page.replace("&#x27;", "'"), text
    assert "Make a report without names" not in page


def test_the_page_suggests_hosts_and_takes_one(
    done: Callable[..., Hunt], signed_in: SignedIn, asset: Asset
) -> None:
    done()
    client = signed_in(Role.ANALYST)
    assert 'name="host" value="192.0.2.7"' in client.get(f"{HERE}/1/").text

    answer = client.post(f"{HERE}/1/host/", {"host": "192.0.2.7"}, follow=True)
    assert 'hx-trigger="every 2s"' in answer.text
    run_worker(once=True)
    page = client.get(f"{HERE}/1/").text
    assert "It counts, by" in page
    assert "An approver can" in client.post(
        f"{HERE}/1/host/", {"host": "192.0.2.8"}, follow=True
    ).text.replace("&#x27;", "'")


def test_the_page_names_the_other_servers_of_the_file(
    done: Callable[..., Hunt], result: Result, server: Server, signed_in: SignedIn
) -> None:
    hunt = done(result(server(), server(name="EXCH02"), {"name": 5}))

    page = signed_in(Role.VIEWER).get(f"{HERE}/{hunt.number}/").text
    assert f'<a href="{HERE}/2/">Hunt 2: EXCH02</a>' in page
    assert f'<a href="{HERE}/3/">Hunt 3</a>' in page


def test_an_undone_import_no_longer_counts(
    done: Callable[..., Hunt], signed_in: SignedIn, asset: Asset
) -> None:
    done(host="192.0.2.7")
    Import.objects.update(state="undone")

    assert "It no longer counts" in signed_in(Role.VIEWER).get(f"{HERE}/1/").text


def test_each_time_that_somebody_reads_it_is_on_record(
    done: Callable[..., Hunt], signed_in: SignedIn
) -> None:
    done()
    client = signed_in(Role.VIEWER)
    client.get(f"{HERE}/1/")
    client.get(f"{HERE}/1/report/").getvalue()
    client.get(f"{HERE}/1/result/").getvalue()

    reads = Decision.objects.filter(action__endswith=".read").order_by("number")
    assert ["hunt.read", "hunt_file.read", "hunt_file.read"] == [one.action for one in reads]
    assert {"hunt 1"} == {one.subject for one in reads}


def test_hostile_text_in_every_field_is_shown_and_does_nothing(
    done: Callable[..., Hunt], signed_in: SignedIn, result: Result, server: Server
) -> None:
    done(result(_poisoned(server())), host="192.0.2.7")
    answer = signed_in(Role.ANALYST).get(f"{HERE}/1/")

    page = answer.text
    assert page.count("&lt;script&gt;alert") > 10
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def _poisoned(value: Any) -> Any:  # noqa: ANN401 any JSON
    if isinstance(value, dict):
        kept = ("level", "assurance", "grade", "severity", "confidence", "kind", "from")
        return {name: one if name in kept else _poisoned(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_poisoned(one) for one in value]
    return f"{value}{HOSTILE}" if isinstance(value, str) else value


def test_the_full_report_has_an_origin_of_its_own_and_only_its_own_style(
    done: Callable[..., Hunt], signed_in: SignedIn, result: Result, server: Server
) -> None:
    hostile = server(name=HOSTILE + "</style><style>*{display:none}</style>")
    hunt = done(result(hostile))
    answer = signed_in(Role.VIEWER).get(f"{HERE}/1/report/")
    body = answer.getvalue().decode()

    policy = answer["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "allow-" not in policy
    assert "script" not in policy
    assert "frame-ancestors 'none'" in policy
    assert ("nosniff", "DENY") == (answer["X-Content-Type-Options"], answer["X-Frame-Options"])
    assert "no-store" in answer["Cache-Control"]
    assert "<script" not in body
    assert 1 == body.count("<style>")
    assert hunt.folder not in body

    # Even were the escaping of reports broken, a second style would not be blessed.
    path = path_of(hunt.folder) / "report.html"
    path.write_bytes(b"<style>a{}</style><style>b{}</style><script>x</script>")
    again = signed_in(Role.VIEWER).get(f"{HERE}/1/report/")
    assert 1 == again["Content-Security-Policy"].count("'sha256-")
    again.getvalue()


def test_files_are_downloads_that_browsers_do_not_interpret(
    done: Callable[..., Hunt], signed_in: SignedIn, result: Result
) -> None:
    done()
    answer = signed_in(Role.VIEWER).get(f"{HERE}/1/result/")

    assert 'attachment; filename="hunt-1.json"' == answer["Content-Disposition"]
    assert "application/json" == answer["Content-Type"]
    assert "sandbox" in answer["Content-Security-Policy"]
    assert result() == answer.getvalue()


@pytest.mark.parametrize("what", ["report", "result", "key", "upload", "evidence"])
def test_what_was_not_made_does_not_exist(
    what: str, done: Callable[..., Hunt], signed_in: SignedIn
) -> None:
    done()
    assert 404 == signed_in(Role.ANALYST).get(f"{HERE}/1/redacted/{what}/").status_code


def test_a_report_without_names_is_a_download(
    done: Callable[..., Hunt], signed_in: SignedIn
) -> None:
    hunt = done()
    folder = path_of(hunt.folder) / "redacted"
    folder.mkdir()
    (folder / "report.html").write_text("<p>…")
    hunt.summary["redacted"] = True
    hunt.save()
    client = signed_in(Role.ANALYST)

    assert f'href="{HERE}/1/redacted/report/"' in client.get(f"{HERE}/1/").text
    answer = client.get(f"{HERE}/1/redacted/report/")
    assert "attachment" in answer["Content-Disposition"]
    answer.getvalue()


def test_a_hunt_that_failed_says_why_and_can_be_run_again(
    done: Callable[..., Hunt], signed_in: SignedIn
) -> None:
    done(b'{"schema":"tocsin.result/1","hosts":[]}')
    client = signed_in(Role.ANALYST)

    page = client.get(f"{HERE}/1/").text
    assert "names no server" in page
    assert 404 == client.get(f"{HERE}/1/report/").status_code
    client.post(f"{HERE}/1/again/")
    assert HuntState.QUEUED == Hunt.objects.get().state
    assert JobState.QUEUED == Job.objects.latest("id").state


def test_a_hunt_asks_few_questions_of_the_database(
    done: Callable[..., Hunt],
    signed_in: SignedIn,
    asset: Asset,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    done(host="192.0.2.7")
    client = signed_in(Role.ANALYST)

    with django_assert_max_num_queries(22):
        client.get(f"{HERE}/1/")


@pytest.mark.parametrize(
    ("address", "post", "least"),
    [
        ("", False, Role.VIEWER),
        ("1/", False, Role.VIEWER),
        ("1/report/", False, Role.VIEWER),
        ("1/result/", False, Role.VIEWER),
        ("new/", False, Role.ANALYST),
        ("1/redacted/report/", False, Role.ANALYST),
        ("1/host/", True, Role.ANALYST),
        ("1/again/", True, Role.ANALYST),
        ("1/redact/", True, Role.ANALYST),
        ("1/delete-evidence/", True, Role.APPROVER),
    ],
)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST, Role.APPROVER, Role.ADMINISTRATOR])
def test_each_address_is_for_its_roles(
    address: str,
    post: bool,
    least: Role,
    role: Role,
    received: Received,
    result: Result,
    signed_in: SignedIn,
) -> None:
    received(result())
    client = signed_in(role)
    answer = client.post(f"{HERE}/{address}") if post else client.get(f"{HERE}/{address}")

    assert (403 == answer.status_code) is (role.rank < least.rank)


@pytest.mark.parametrize("address", ["", "1/", "1/report/", "new/", "1/redacted/key/"])
def test_who_has_no_role_in_the_campaign_finds_nothing(
    address: str, received: Received, result: Result, signed_in: SignedIn
) -> None:
    received(result())
    client = signed_in(Role.APPROVER)
    Membership.objects.all().delete()

    assert 404 == client.get(f"{HERE}/{address}").status_code


def test_a_viewer_is_offered_nothing_that_changes_anything(
    done: Callable[..., Hunt], signed_in: SignedIn
) -> None:
    done()
    page = signed_in(Role.VIEWER).get(f"{HERE}/1/").text
    main = page[page.index("<main") :]

    assert [] == re.findall(r"<form[^>]*>", main)


def test_a_change_by_get_is_refused(done: Callable[..., Hunt], signed_in: SignedIn) -> None:
    hunt = done()
    choose_host(hunt, hunt.by, "192.0.2.7", may_undo=False)

    for address in ("host", "again", "redact", "delete-evidence"):
        assert 405 == signed_in(Role.APPROVER).get(f"{HERE}/1/{address}/").status_code
