"""Reading results and the list of owners, both from strangers."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.results import at, finding, host, result
from tocsin.errors import UsageError
from tocsin.model.grade import Grade, Level
from tocsin.report.formats.json import REPORT
from tocsin.report.victims import Victim, owner_of, owners_in, victims_in


def test_a_report_gives_its_hosts_with_what_is_counted() -> None:
    broke_in = finding(
        grade=Grade.EXPLOITED,
        cves=("CVE-2021-27065", "CVE-2021-26855"),
        first_seen=at("2021-03-01T02:00:00"),
    )
    tried = finding(cves=("CVE-2021-34473",), first_seen=at("2021-01-01T00:00:00"))
    content = REPORT.render(result(host(name="MX1", findings=(broke_in, tried))))
    [victim] = victims_in(content, "report.json")
    assert ("MX1", at("2021-03-01T02:00:00")) == (victim.name, victim.first_seen)
    assert {("CVE-2021-26855", "CVE-2021-27065")} == victim.succeeded
    assert {("CVE-2021-34473",)} == victim.tried


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b'{"schema": "tocsin.result/1"}',
        b'{"schema": "tocsin.result/2", "hosts": []}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_result_is_refused_with_its_name(content: bytes) -> None:
    with pytest.raises(UsageError, match=r"^some\.json: "):
        victims_in(content, "some.json")


def host_of(**changes: object) -> bytes:
    host: dict[str, object] = {
        "source": "a",
        "name": "MX1",
        "verdict": {"level": "exploited", "assurance": "partial"},
    }
    return json.dumps({"schema": "tocsin.result/1", "hosts": [host | changes]}).encode()


def test_keys_that_are_not_counted_are_skipped_so_that_all_versions_can_be_read() -> None:
    [victim] = victims_in(host_of(something_new={"deep": [1]}), "x")
    assert Level.EXPLOITED is victim.level


def test_a_time_at_the_end_of_the_calendar_is_no_time_and_no_crash() -> None:
    early = {"grade": "exploited", "first_seen": "0001-01-01T00:00:00+14:00"}
    [victim] = victims_in(host_of(findings=[early]), "x")
    assert victim.first_seen is None


def test_an_overlap_is_never_told_in_a_results_own_words() -> None:
    groups = [{"name": "G", "wording": "IS THE WORK OF G with certainty"}]
    [victim] = victims_in(host_of(groups=groups), "x")
    assert {("overlap", "G")} == victim.overlaps


def test_overlaps_of_intruders_count_with_their_firmness() -> None:
    groups = [{"name": "G", "wording": "a marked overlap with the published techniques of G"}]
    [victim] = victims_in(host_of(intruders=[{"groups": groups}]), "x")
    assert {("a marked overlap", "G")} == victim.overlaps


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_count_or_be_refused(content: bytes) -> None:
    for read in (victims_in, owners_in):
        with suppress(UsageError):
            assert read(content, "x") is not None


@pytest.mark.parametrize(
    "text",
    ["host,sector,country\nMX1,health,CH\n", "\ufeffHost;Sector;Country\r\nMX1;health;CH\r\n"],
)
def test_owners_are_read_with_commas_or_semicolons_and_a_byte_order_mark(text: str) -> None:
    assert {"mx1": {"sector": "health", "country": "CH"}} == owners_in(text.encode(), "x")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name,sector\n", "first line must name the column host"),
        ("host,colour\n", "first line must name the column host"),
        ("host,sector,sector\n", "names a column twice"),
        ("host,sector\nMX1\n", "line 2: has 1 cells in place of 2"),
        ("host,sector\n,health\n", "line 2: names no host"),
        ("host,sector\nMX1,health\nmx1,energy\n", "line 3: mx1 was listed before"),
        ("host,sector\nMX1," + "x" * 200_000, "line 2: field larger"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_with_its_line(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        owners_in(text.encode(), "owners.csv")


def victim(name: str, source: str) -> Victim:
    [one] = victims_in(host_of(name=name, source=source), "x")
    return one


def test_a_host_is_found_by_its_name_or_by_its_source() -> None:
    owners = owners_in(b"host,sector\nmx1,health\n/evidence/b.zip,energy\n", "x")
    assert {"sector": "health"} == owner_of(victim("MX1", "/evidence/a.zip"), owners)
    assert {"sector": "energy"} == owner_of(victim("?", "/evidence/b.zip"), owners)
    assert {} == owner_of(victim("MX3", "c"), owners)


def test_times_are_told_in_utc() -> None:
    late = {"grade": "exploited", "first_seen": "2021-03-01T01:00:00+02:00"}
    [one] = victims_in(host_of(findings=[late]), "x")
    assert datetime(2021, 2, 28, 23, tzinfo=UTC) == one.first_seen
