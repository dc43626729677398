"""Builds in the evidence, and how long a server was vulnerable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tocsin.events.format import all_formats
from tocsin.knowledge.status import StatusWord
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.verdict.exposure import Builds, Exposed, Sighting, exposure

DAY = datetime(2021, 3, 1, tzinfo=UTC)
CVE = "CVE-2021-26855"
VULNERABLE, FIXED = "15.1.2106.2", "15.1.2106.13"


def day(number: int) -> datetime:
    return DAY + timedelta(days=number)


def seen(build: str, first: int, last: int, kind: str = "httpproxy:ecp") -> Sighting:
    return Sighting(build=build, kind=kind, first=day(first), last=day(last))


def exposed(*sightings: Sighting, cve: str = CVE) -> Exposed:
    return exposure(sightings, [cve])[0]


def test_the_patch_date_is_when_a_fixed_build_was_first_seen() -> None:
    found = exposed(seen(VULNERABLE, 0, 6), seen(FIXED, 7, 20))
    assert (StatusWord.FIXED, day(0), day(7)) == (found.status.status, found.since, found.until)


def test_a_server_that_was_never_patched_is_still_exposed() -> None:
    found = exposed(seen(VULNERABLE, 0, 6))
    assert (StatusWord.VULNERABLE, day(0), None) == (
        found.status.status,
        found.since,
        found.until,
    )


def test_a_source_that_shows_the_fix_outweighs_one_that_lags_behind() -> None:
    found = exposed(seen(FIXED, 3, 20, "ecp_server"), seen(VULNERABLE, 4, 20))
    assert (StatusWord.FIXED, None, day(3)) == (found.status.status, found.since, found.until)


def test_a_server_seen_only_after_its_patch_may_have_been_exposed_before() -> None:
    found = exposed(seen(FIXED, 7, 20))
    assert (None, day(7), False) == (found.since, found.until, found.never)


def test_a_cumulative_update_from_after_the_fix_was_never_vulnerable() -> None:
    assert exposed(seen("15.1.2507.6", 7, 20)).never


def test_subscription_edition_was_never_vulnerable() -> None:
    found = exposed(seen("15.2.2562.17", 7, 20))
    assert (StatusWord.NOT_AFFECTED, True) == (found.status.status, found.never)


def test_exchange_2010_has_only_one_of_the_four() -> None:
    old = seen("14.3.123.4", 0, 20)
    assert StatusWord.NOT_AFFECTED is exposed(old).status.status
    assert StatusWord.NOT_AFFECTED is not exposed(old, cve="CVE-2021-26857").status.status


def test_without_a_build_nothing_is_determined() -> None:
    found = exposed()
    assert (StatusWord.UNDETERMINED, False) == (found.status.status, found.never)


def test_builds_are_taken_from_rows_with_their_first_and_last_time() -> None:
    builds = Builds()
    form = all_formats()["httpproxy"]
    file = Artefact(path=EvidencePath.plain("a.log"), format="httpproxy", size_bytes=1)
    (source,) = {column.source for column in form.columns if column.name == "build"}
    for number in (3, 1, 2):
        event = Event(time=day(number), place=number, fields={source: VULNERABLE}, text="")
        builds.row(file, form, "httpproxy:ecp", event)
    odd = Event(time=day(9), place=9, fields={source: "1.2.3"}, text="")
    builds.row(file, form, "httpproxy:ecp", odd)
    assert (seen(VULNERABLE, 1, 3),) == builds.sightings()
