"""Builds in the evidence, and how long a server was vulnerable."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.format import all_formats
from tocsin.knowledge.status import StatusWord
from tocsin.model.artefact import Artefact
from tocsin.model.event import Event
from tocsin.model.path import EvidencePath
from tocsin.verdict.exposure import Builds, Exposed, Sighting, exposure
from tocsin.verdict.mitigations import Told

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
    assert (replace(seen(VULNERABLE, 1, 3), artefact="a.log"),) == builds.sightings()


def installed(build: str, at: int | None = None) -> Sighting:
    time = None if at is None else day(at)
    return Sighting(build=build, kind="exsetup", first=time, last=time, artefact="ExSetup.exe")


def test_the_installed_file_decides_over_logs_that_lag_behind() -> None:
    found = exposed(seen(VULNERABLE, 0, 20), installed(FIXED))
    assert (StatusWord.FIXED, day(0), None) == (found.status.status, found.since, found.until)


def test_the_time_of_the_installed_file_is_when_the_fix_was_there_at_the_latest() -> None:
    found = exposed(seen(VULNERABLE, 0, 20), installed(FIXED, at=9))
    assert (day(0), day(9)) == (found.since, found.until)


def test_an_installed_file_without_a_time_says_nothing_of_the_past() -> None:
    found = exposed(installed("15.1.2507.6"))
    assert (StatusWord.FIXED, False, None) == (found.status.status, found.never, found.seen)


def test_a_log_newer_than_the_installed_file_is_a_contradiction_and_never_fixed() -> None:
    found = exposed(seen(FIXED, 3, 9), installed(VULNERABLE))
    assert StatusWord.UNDETERMINED is found.status.status
    assert FIXED in found.status.reason
    assert VULNERABLE in found.status.reason


def test_of_two_installed_files_the_worse_one_counts() -> None:
    found = exposed(installed(FIXED), installed(VULNERABLE))
    assert StatusWord.VULNERABLE is found.status.status


def test_logs_alone_say_what_would_settle_it() -> None:
    assert "ExSetup.exe" in exposed(seen(VULNERABLE, 0, 6)).status.reason


def test_builds_without_a_time_come_last() -> None:
    builds = Builds()
    form = all_formats()["exsetup"]
    file = Artefact(path=EvidencePath.plain("ExSetup.exe"), format="exsetup", size_bytes=1)
    builds.row(file, form, "exsetup", Event(time=None, place=0, fields={"Build": FIXED}, text=""))
    other = all_formats()["httpproxy"]
    row = Event(time=day(1), place=1, fields={"Build": VULNERABLE}, text="")
    builds.row(file, other, "httpproxy:ecp", row)
    assert [VULNERABLE, FIXED] == [one.build for one in builds.sightings()]


def told(*, holds: bool = True) -> Told:
    return Told(
        cves=(CVE,),
        ids=("rule",),
        title="a rule",
        places=("applicationHost.config:12",),
        holds=holds,
        faults=() if holds else ("it is off",),
        gone=False,
        since=None,
        lost_by_update=True,
    )


def test_a_mitigation_stands_in_the_reason_and_changes_no_status() -> None:
    [found] = exposure([seen(VULNERABLE, 0, 6)], [CVE], [told()])
    assert StatusWord.VULNERABLE is found.status.status
    assert "mitigated by a rule, seen in applicationHost.config:12" in found.status.reason


def test_a_fixed_build_needs_no_word_about_mitigations() -> None:
    [found] = exposure([installed(FIXED)], [CVE], [told()])
    assert "a rule" not in found.status.reason


@given(
    st.lists(
        st.sampled_from([VULNERABLE, "15.1.2106.3", "15.2.529.5", "15.1.1415.9"]), min_size=1
    ),
    st.booleans(),
)
def test_nothing_is_called_fixed_where_no_source_shows_a_fixed_build(
    builds: list[str], with_installed: bool
) -> None:
    sightings = [seen(build, number, number + 1) for number, build in enumerate(builds)]
    if with_installed:
        sightings.append(installed(builds[0]))
    assert StatusWord.FIXED is not exposed(*sightings).status.status


def test_where_no_update_of_the_cumulative_update_helps_a_lag_changes_nothing() -> None:
    found = exposed(seen(FIXED, 0, 6), cve="CVE-2022-41040")
    assert StatusWord.VULNERABLE is found.status.status
    assert "lag" not in found.status.reason
