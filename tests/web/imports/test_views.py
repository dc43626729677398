from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.web.conftest import text_of
from tests.web.imports.conftest import BAD_ROWS, CSV, HUNT, SHADOWSERVER
from tocsin.web.accounts.models import Role
from tocsin.web.imports.models import Import, ImportState, RejectedState
from tocsin.web.work.models import Job
from tocsin.web.work.worker import run_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client
    from pytest_django import DjangoAssertNumQueries
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db
MAPPED = {"feed": "csv", **{f"map_{ours}": theirs for ours, theirs in CSV.sample_mapping.items()}}


def url(name: str, one: Import | None = None) -> str:
    arguments: dict[str, object] = {"campaign": "proxylogon"}
    if one is not None:
        arguments["number"] = one.number
    return reverse(f"imports:{name}", kwargs=arguments)


class Answer(Protocol):
    """What a test looks at of a response."""

    status_code: int

    @property
    def content(self) -> bytes: ...
    def __getitem__(self, header: str) -> str: ...


def words_of(response: Answer) -> str:
    """What stands on the page, without markup."""
    return text_of(response.content)


def drop(client: Client, data: bytes, name: str) -> Answer:
    return client.post(url("new"), {"file": SimpleUploadedFile(name, data)})


# The list.


def test_the_list_says_what_to_do_when_there_is_nothing(
    signed_in: Callable[[Role], Client],
) -> None:
    said = words_of(signed_in(Role.ANALYST).get(url("list")))

    assert "No feed was imported yet" in said
    assert "Import a feed" in said


def test_the_list_shows_imports_with_their_counts(
    signed_in: Callable[[Role], Client], imported: Callable[..., Import]
) -> None:
    imported(BAD_ROWS)

    said = words_of(signed_in(Role.VIEWER).get(url("list")))
    assert SHADOWSERVER.sample_name in said
    assert "shadowserver" in said


def test_a_hundred_imports_cost_no_more_questions_than_one(
    signed_in: Callable[[Role], Client],
    imported: Callable[..., Import],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    first = imported()
    Import.objects.bulk_create(
        Import(campaign=first.campaign, number=number, by=first.by, file_name=f"{number}.csv")
        for number in range(2, 100)
    )
    client = signed_in(Role.VIEWER)

    with django_assert_max_num_queries(12):
        client.get(url("list"))


# Hand over, preview, go.


def test_a_file_is_handed_over_previewed_and_imported(
    signed_in: Callable[[Role], Client],
) -> None:
    client = signed_in(Role.ANALYST)
    response = drop(client, BAD_ROWS, SHADOWSERVER.sample_name)
    one = Import.objects.get()
    assert url("preview", one) == response["Location"]

    said = words_of(client.get(url("preview", one)))
    assert "Recognised: Shadowserver reports" in said
    assert "The first 6 rows" in said
    assert "192.0.2.10" in said
    assert "short row" not in said
    assert "Cannot be read" in said
    effect = words_of(client.get(url("effect", one), headers={"HX-Request": "true"}))
    assert "would be stored 3 of 6 rows · 50.0 %" in effect
    assert "cannot be read 3 of 6 rows" in effect
    assert "new to this campaign 3 of 3 hosts · 100 %" in effect
    assert "Go: import it" in words_of(client.get(url("effect", one)))

    response = client.post(url("go", one), {"feed": "auto"})
    assert url("detail", one) == response["Location"]
    waiting = client.get(url("detail", one)).content.decode()
    assert 'hx-trigger="every 2s"' in waiting
    run_worker(once=True)
    said = words_of(client.get(url("detail", one)))
    assert "stored as received 3 of 6 rows · 50.0 %" in said
    assert "could not be read 3 : could not be read of 6 rows" in said.replace(" rows: ", " : ")
    assert "every 2s" not in client.get(url("detail", one)).content.decode()


def test_a_second_copy_is_told_before_and_after(
    signed_in: Callable[[Role], Client],
    imported: Callable[..., Import],
    uploaded: Callable[..., Import],
) -> None:
    imported()
    one = uploaded()
    client = signed_in(Role.ANALYST)

    assert "The same file is import 1 . Nothing is stored twice." in words_of(
        client.get(url("preview", one))
    )
    effect = words_of(client.get(url("effect", one), headers={"HX-Request": "true"}))
    assert "are known already 3 of 3 rows · 100 %" in effect
    client.post(url("go", one), {"feed": "auto"})
    run_worker(once=True)
    assert "known before 3 of 3 rows · 100 %" in words_of(client.get(url("detail", one)))


def test_a_csv_file_gets_a_mapping_that_is_guessed_previewed_and_changed(
    signed_in: Callable[[Role], Client], uploaded: Callable[..., Import]
) -> None:
    one = uploaded(CSV.sample, "scan.csv")
    client = signed_in(Role.ANALYST)

    page = client.get(url("preview", one)).content.decode()
    assert '<option value="Address" selected>' in page
    assert "192.0.2.80" in page
    changed = client.get(
        url("preview", one),
        {**MAPPED, "map_time": "Remark"},
        headers={"HX-Request": "true", "HX-Target": "preview"},
    ).content.decode()
    assert "<html" not in changed
    assert "is no time" in changed
    client.post(url("go", one), MAPPED)
    run_worker(once=True)
    one.refresh_from_db()
    assert (3, dict(CSV.sample_mapping)) == (one.observations, one.mapping)


def test_a_mapping_without_a_host_is_refused(
    signed_in: Callable[[Role], Client], uploaded: Callable[..., Import]
) -> None:
    one = uploaded(CSV.sample, "scan.csv")

    response = signed_in(Role.ANALYST).post(url("go", one), {"feed": "csv", "map_time": "Seen"})
    assert 400 == response.status_code
    assert "a row must name its host" in words_of(response)
    one.refresh_from_db()
    assert ImportState.UPLOADED == one.state


def test_an_owners_result_asks_for_the_host(
    signed_in: Callable[[Role], Client], uploaded: Callable[..., Import]
) -> None:
    one = uploaded(HUNT.sample, "report.json")
    client = signed_in(Role.ANALYST)

    assert "Host that it is about" in words_of(client.get(url("preview", one)))
    response = client.post(url("go", one), {"feed": "auto"})
    assert 400 == response.status_code
    assert "name it" in words_of(response)
    assert 302 == client.post(url("go", one), {"feed": "auto", "host": "192.0.2.9"}).status_code
    one.refresh_from_db()
    assert "192.0.2.9" == one.host


def test_a_file_that_is_no_feed_says_so_and_can_only_be_discarded(
    signed_in: Callable[[Role], Client], uploaded: Callable[..., Import]
) -> None:
    one = uploaded(b"just a line of text\n", "notes.txt")
    client = signed_in(Role.ANALYST)

    said = words_of(client.get(url("preview", one)))
    assert "This is no feed that is known here" in said
    assert "--map" not in said
    assert "Go: import it" not in said
    assert "discarded" in words_of(client.post(url("discard", one), follow=True))
    assert "It was discarded" in words_of(client.get(url("detail", one)))
    assert url("detail", one) == client.get(url("preview", one))["Location"]


def test_text_from_a_feed_is_shown_and_never_acts(
    signed_in: Callable[[Role], Client], imported: Callable[..., Import]
) -> None:
    evil = SHADOWSERVER.sample.replace(
        b"mail.example.org", b"<script>alert(1)</script>\xe2\x80\xae"
    )
    client = signed_in(Role.ANALYST)
    drop(client, evil, "<b>x</b>.csv")
    one = Import.objects.get()
    page = client.get(url("preview", one)).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;‹U+202E›" in page
    assert "<b>x</b>" not in page


def test_too_large_a_file_is_refused(
    signed_in: Callable[[Role], Client], settings: Settings
) -> None:
    settings.TOCSIN_MAX_FEED_BYTES = 2**20
    response = drop(signed_in(Role.ANALYST), b"0" * (2**20 + 1), "big.csv")

    assert 400 == response.status_code
    assert "larger than 1 MiB" in words_of(response)
    assert not Import.objects.exists()


def test_an_empty_file_is_handed_over_and_said_to_be_empty(
    signed_in: Callable[[Role], Client],
) -> None:
    client = signed_in(Role.ANALYST)
    drop(client, b"", "empty.csv")

    assert "This is empty" in words_of(client.get(url("preview", Import.objects.get())))


def test_a_failed_import_says_why_and_is_tried_again(
    signed_in: Callable[[Role], Client],
    uploaded: Callable[..., Import],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = uploaded()
    client = signed_in(Role.ANALYST)
    client.post(url("go", one), {"feed": "auto"})

    def breaks_off(_one: Import) -> None:
        raise ValueError("a mistake of ours")

    with monkeypatch.context() as patched:
        patched.setattr("tocsin.web.imports.taking.count", breaks_off)
        run_worker(once=True)
    said = words_of(client.get(url("detail", one)))
    assert "Nothing of it is stored" in said
    assert "a mistake of ours" not in said
    client.post(url("go", one), {"feed": "auto"})
    run_worker(once=True)
    one.refresh_from_db()
    assert (ImportState.DONE, 3) == (one.state, one.observations)


def test_only_what_waits_for_a_decision_is_decided(
    signed_in: Callable[[Role], Client], imported: Callable[..., Import]
) -> None:
    one = imported()
    client = signed_in(Role.ANALYST)

    assert url("detail", one) == client.post(url("go", one), {"feed": "auto"})["Location"]
    assert "“done” by now" in words_of(client.post(url("discard", one), follow=True))
    assert 3 == Import.objects.get().observations


# What it did; quarantine; undo.


def test_the_effect_is_shown_once_the_campaign_is_assessed(
    signed_in: Callable[[Role], Client], imported: Callable[..., Import]
) -> None:
    one = imported()
    client = signed_in(Role.VIEWER)
    Import.objects.update(effect={})
    assert "has not been assessed" in words_of(client.get(url("detail", one)))
    job = Job.objects.get(kind="assessing.assess")
    Job.objects.filter(pk=job.pk).update(state="running")
    assert f'id="job-{job.pk}"' in client.get(url("detail", one)).content.decode()

    Import.objects.update(effect={"first_seen": 2, "web_shells": 1})
    page = client.get(url("detail", one))
    assert "new hosts 2" in words_of(page)
    assert "hosts with new signs of compromise 1" in words_of(page)
    assert "?change=first_seen&amp;noticed_in=1" in page.content.decode()


def test_the_page_of_an_import_asks_few_questions(
    signed_in: Callable[[Role], Client],
    imported: Callable[..., Import],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    one = imported(BAD_ROWS)
    client = signed_in(Role.VIEWER)

    with django_assert_max_num_queries(14):
        client.get(url("detail", one))
    with django_assert_max_num_queries(14):
        client.get(url("quarantine", one))


def test_the_quarantine_lists_rows_with_reasons_and_is_filtered_by_them(
    signed_in: Callable[[Role], Client], imported: Callable[..., Import]
) -> None:
    one = imported(BAD_ROWS)
    client = signed_in(Role.VIEWER)

    said = words_of(client.get(url("quarantine", one)))
    assert "is no time" in said
    assert "A web shell answered" in said
    assert "Put rows aside" not in said
    said = words_of(client.get(url("quarantine", one), {"code": "field_count"}))
    assert "is no time" not in said
    assert "fields, and the header names" in said
    signs = words_of(client.get(url("quarantine", one), {"sign": "yes"}))
    assert "1 of 3" in signs


def test_an_export_of_the_quarantine_holds_no_formula(
    signed_in: Callable[[Role], Client], imported: Callable[..., Import]
) -> None:
    one = imported(BAD_ROWS, "=cmd.csv")
    response = signed_in(Role.VIEWER).get(url("quarantine", one), {"format": "csv"})
    rows = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]  # streams

    assert "bad_time" in rows
    assert "=cmd.csv" in rows
    assert not re.search(r"(^|,)\"?=", rows, re.MULTILINE)


def test_rows_are_put_aside_with_a_reason(
    signed_in: Callable[[Role], Client], imported: Callable[..., Import]
) -> None:
    one = imported(BAD_ROWS)
    client = signed_in(Role.ANALYST)
    first = one.rejected_rows.get(code="field_count")

    said = words_of(client.post(url("dismiss", one), {"row": first.pk, "reason": ""}, follow=True))
    assert "say why" in said
    data = {"row": first.pk, "reason": "cut off by the mail gateway"}
    said = words_of(client.post(url("dismiss", one), data, follow=True))
    assert "1 row was put aside." in said
    client.post(url("dismiss", one), {"code": "bad_time", "reason": "a test"})
    assert 2 == one.rejected_rows.filter(state=RejectedState.DISMISSED).count()
    assert 302 == client.post(url("dismiss", one), {"row": "9" * 30, "reason": "x"}).status_code


def test_rows_are_read_again_with_another_mapping(
    signed_in: Callable[[Role], Client], imported: Callable[..., Import]
) -> None:
    one = imported(CSV.sample, "scan.csv", mapping={**CSV.sample_mapping, "time": "Remark"})
    client = signed_in(Role.ANALYST)

    assert "Time seen" in words_of(client.get(url("retry", one)))
    wrong = client.post(url("retry", one), {"map_time": "Seen"})
    assert 400 == wrong.status_code
    client.post(url("retry", one), MAPPED)
    assert Job.objects.filter(kind="imports.again").exists()
    run_worker(once=True)
    said = words_of(client.get(url("detail", one)))
    assert "stored as received 3 of 3 rows" in said
    assert "2 were read at a later try" in said


def test_an_undo_is_confirmed_by_an_approver(
    signed_in: Callable[[Role], Client], imported: Callable[..., Import]
) -> None:
    one = imported(BAD_ROWS)
    again = imported(BAD_ROWS)
    page = words_of(signed_in(Role.ANALYST).get(url("detail", one)))
    assert "Undo this import" not in page
    assert 403 == signed_in(Role.ANALYST).post(url("undo", one)).status_code

    client = signed_in(Role.APPROVER)
    assert "Undo this import" in words_of(client.get(url("detail", one)))
    said = words_of(client.get(url("undo", one)))
    assert "It removes 3 stored rows" in said
    assert f"Import {again.number} was handed over the same file" in said
    assert ImportState.DONE == Import.objects.get(pk=one.pk).state
    said = words_of(client.post(url("undo", one), follow=True))
    assert "Import 1 is undone" in said
    assert "it held 3 rows, and 3 in quarantine" in said
    assert "there is nothing to undo" in words_of(client.get(url("undo", one)))


def test_an_import_of_another_campaign_is_not_found(
    signed_in: Callable[[Role], Client], uploaded: Callable[..., Import]
) -> None:
    one = uploaded()
    one.number = 99

    for name in ("detail", "preview", "effect", "quarantine", "retry"):
        assert 404 == signed_in(Role.ANALYST).get(url(name, one)).status_code
