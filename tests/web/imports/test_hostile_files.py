"""Files that are damaged or meant to harm: each is refused, or read without loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.web.imports.conftest import (
    BAD_ROWS,
    CSV,
    SHADOWSERVER,
    as_read,
    zipped,
)
from tocsin.errors import SourceError, TocsinError
from tocsin.web.imports import running, services
from tocsin.web.imports.models import Import, ImportState
from tocsin.web.imports.queries import stored_rows
from tocsin.web.work.registry import silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from tocsin.web.accounts.models import User
    from tocsin.web.campaigns.models import Campaign

pytestmark = pytest.mark.django_db


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
    running.run(one, silent)

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
    running.run(one, silent)
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
    running.run(one, silent)
    assert 1 == one.observations + one.rejected


def test_a_formula_in_a_row_is_kept_as_it_was_received(
    imported: Callable[..., Import], campaign: Campaign
) -> None:
    formula = b'=HYPERLINK(""http://x"")'
    imported(SHADOWSERVER.sample.replace(b"mail.example.org", formula))

    assert '=HYPERLINK("http://x")' in {row.hostname for row in stored_rows(campaign)}  # type: ignore[union-attr]  # all are observations
