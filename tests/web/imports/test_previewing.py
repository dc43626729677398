from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.imports.conftest import BAD_ROWS, CSV, HUNT, SHADOWSERVER
from tocsin.campaign.observing import Asked
from tocsin.evidence.spool import Spool
from tocsin.model.progress import SilentProgress
from tocsin.web.imports import previewing
from tocsin.web.imports.mapping import proposed
from tocsin.web.imports.models import FeedFile, Import, Observation, Rejected
from tocsin.web.imports.previewing import columns_to_map, effect, look
from tocsin.web.imports.shown import table

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

pytestmark = pytest.mark.django_db
AUTO = Asked()


def test_a_preview_shows_ten_rows_and_stores_none(uploaded: Callable[..., Import]) -> None:
    header, *rows = SHADOWSERVER.sample.splitlines(keepends=True)
    one = uploaded(header + rows[0] * 25)

    assert 10 == len(look(one, AUTO).rows)
    effect(one, AUTO)
    assert 0 == Observation.objects.count() + FeedFile.objects.count() + Rejected.objects.count()


def test_what_is_counted_before_is_what_is_counted_after(
    uploaded: Callable[..., Import], imported: Callable[..., Import]
) -> None:
    told = effect(uploaded(BAD_ROWS), AUTO)
    one = imported(BAD_ROWS)

    assert (told.observations, told.rejected, told.repeated) == (
        one.observations,
        one.rejected,
        one.repeated,
    )
    assert (told.earliest, told.latest) == (one.earliest, one.latest)
    assert {"web_shell": 2} == told.signs


def test_hosts_that_the_campaign_knows_are_not_new(
    uploaded: Callable[..., Import], imported: Callable[..., Import]
) -> None:
    imported()
    more = SHADOWSERVER.sample + SHADOWSERVER.sample.splitlines(keepends=True)[1].replace(
        b"192.0.2.10", b"192.0.2.99"
    )
    told = effect(uploaded(more), AUTO)

    assert (4, 1, 0) == (told.hosts, told.new_hosts, told.repeated)


def test_rows_of_a_file_that_the_campaign_holds_are_known_however_it_is_packed(
    uploaded: Callable[..., Import], imported: Callable[..., Import]
) -> None:
    first = imported(BAD_ROWS)
    told = effect(uploaded(gzip.compress(BAD_ROWS), "x.csv.gz"), AUTO)

    assert (0, 0, 6, 0) == (told.observations, told.rejected, told.repeated, told.hosts)
    assert first == look(uploaded(BAD_ROWS), AUTO).earlier


def test_of_a_large_file_only_the_beginning_is_counted(
    uploaded: Callable[..., Import], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = uploaded(BAD_ROWS)
    monkeypatch.setattr(previewing, "MOST_ROWS", 2)
    assert effect(one, AUTO).whole

    monkeypatch.setattr(previewing, "MOST_BYTES", len(BAD_ROWS) - 1)
    told = effect(one, AUTO)
    assert (False, 2) == (told.whole, told.rows)


def test_an_owners_result_needs_a_host(uploaded: Callable[..., Import]) -> None:
    one = uploaded(HUNT.sample, "report.json")

    assert look(one, AUTO).needs_host
    assert 2 == effect(one, AUTO).nameless
    assert 1 == effect(one, Asked(host="192.0.2.1")).hosts


def test_a_mapping_is_asked_for_where_nothing_can_be_read_without(
    uploaded: Callable[..., Import],
) -> None:
    free, known = uploaded(CSV.sample, "scan.csv"), uploaded()

    assert "Address" in columns_to_map(free, recognises=True)
    assert [] == columns_to_map(known, recognises=True)


def test_the_likely_columns_are_proposed_each_once() -> None:
    assert dict(CSV.sample_mapping) == proposed(
        ["Address", "Service port", "Seen", "Name", "Exchange", "Remark"]
    )
    assert {"ip": "IP", "hostname": "host"} == proposed(["IP", "host", "host "])
    assert {} == proposed(["a", "b"])


def test_a_table_has_the_columns_in_which_something_stands(
    uploaded: Callable[..., Import],
) -> None:
    told = table(look(uploaded(BAD_ROWS), AUTO).rows)

    assert "Evidence" in told.columns
    assert "Exchange" not in told.columns
    assert ["1", "2", "3", "4", "5", "6"] == [row.place for row in told.rows]
    assert ["", "", "", "field_count", "bad_time", "bad_value"] == [row.code for row in told.rows]


_LARGE = BAD_ROWS + SHADOWSERVER.sample.splitlines(keepends=True)[-1] * 400_000


def _packed(kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "gz":
        return gzip.compress(_LARGE, 1)
    if kind == "tar.gz":
        with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as tar:
            about = tarfile.TarInfo("scan.csv")
            about.size = len(_LARGE)
            tar.addfile(about, io.BytesIO(_LARGE))
        return out.getvalue()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        if kind == "zip of gz":
            archive.writestr("2021-03-24-scan_exchange.csv.gz", gzip.compress(_LARGE, 1))
        else:
            archive.writestr("2021-03-24-scan_exchange.csv", _LARGE)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["gz", "tar.gz", "zip", "zip of gz"])
def test_of_what_unpacks_to_a_lot_the_beginning_alone_is_unpacked(
    uploaded: Callable[..., Import], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(previewing, "LOOK_BYTES", 2**20)
    monkeypatch.setattr(previewing, "MOST_BYTES", 2**21)
    monkeypatch.setattr(previewing, "MOST_ROWS", 100)
    unpacked: list[int] = []
    append = Spool._append

    def counted(self: Spool, handle: Any, data: bytes) -> None:  # noqa: ANN401 its signature
        unpacked.append(len(data))
        append(self, handle, data)

    monkeypatch.setattr(Spool, "_append", counted)
    monkeypatch.setattr(SilentProgress, "advance", lambda _self, read: unpacked.append(read))
    one = uploaded(_packed(kind), f"2021-03-24-scan_exchange.csv.{kind[-3:]}")

    seen = look(one, AUTO)
    assert (10, "", True) == (len(seen.rows), seen.error, seen.is_part)
    told = effect(one, AUTO)
    assert (100, False) == (told.rows, told.whole)
    assert sum(unpacked) < 14 * 2**20 < len(_LARGE) // 2


def test_an_effect_takes_seconds_and_no_more(
    uploaded: Callable[..., Import], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previewing, "MOST_SECONDS", -1)
    assert not effect(uploaded(), AUTO).whole


def test_what_fits_is_read_whole(uploaded: Callable[..., Import]) -> None:
    assert not look(uploaded(), AUTO).is_part
    assert effect(uploaded(), AUTO).whole


def test_a_column_with_a_name_of_megabytes_makes_no_page_of_megabytes(
    uploaded: Callable[..., Import], signed_in: Callable[..., Client]
) -> None:
    client = signed_in()
    for header in (b"a" * 5_000_000, b",".join(b"ip%d" % at for at in range(300_000))):
        one = uploaded(header + b",ip\n1,192.0.2.1\n", "x.csv")
        page = client.get(f"/c/proxylogon/imports/{one.number}/preview/?feed=csv")
        assert len(page.content) < 300_000
        assert len(look(one, Asked(feed="csv")).error) < 2_100
