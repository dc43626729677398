"""What a build lacks, and what one server's evidence does."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tocsin.knowledge.cves import all_cves
from tocsin.knowledge.status import StatusWord, status
from tocsin.verdict.asked import asked
from tocsin.verdict.exposure import Sighting
from tocsin.verdict.mitigations import Told
from tocsin.verdict.patching import evidence_status, patch_status

ON = date(2026, 11, 24)
CVE = "CVE-2021-26855"
TIME = datetime(2021, 3, 3, tzinfo=UTC)


def test_a_known_build_is_named_with_its_days() -> None:
    found = patch_status(asked("15.01.2176.009").number, ON)
    assert ("15.1.2176.9", "Exchange Server 2016", "CU19", "Mar21SU", 4) == (
        found.build,
        found.product,
        found.cu,
        found.su,
        found.precision,
    )
    assert (date(2021, 3, 2), date(2025, 10, 14)) == (found.released, found.end_of_support)


def test_three_parts_name_the_cumulative_update_and_no_more() -> None:
    found = patch_status(asked("15.1.2106").number, ON)
    assert ("CU18", None, None, 3) == (found.cu, found.su, found.released, found.precision)
    assert StatusWord.UNDETERMINED == found.exposure[CVE].status


def test_a_build_in_no_list_has_no_name_and_nothing_is_fixed() -> None:
    found = patch_status(asked("15.9.1.1").number, ON)
    assert (None, None, None) == (found.product, found.cu, found.end_of_support)
    assert StatusWord.FIXED not in {one.status for one in found.exposure.values()}


@pytest.mark.parametrize("build", ["15.1.2176.9", "15.2.1748", "14.3.123.4"])
def test_every_cve_has_the_status_that_knowledge_gives_it(build: str) -> None:
    found = patch_status(asked(build).number, ON).exposure
    assert {cve: status(build, cve).status.value for cve in all_cves()} == {
        cve: one.status for cve, one in found.items()
    }


def test_what_is_known_to_be_exploited_is_marked() -> None:
    found = patch_status(asked("15.1.2176.9").number, ON).exposure
    marked = {cve for cve, one in found.items() if one.known_exploited}
    assert marked == {one.id for one in all_cves().values() if one.known_exploited}


def seen(build: str, kind: str, time: datetime | None = TIME) -> Sighting:
    return Sighting(build=build, kind=kind, first=time, last=time, artefact=f"{kind}.file")


def test_the_installed_build_is_the_servers() -> None:
    sightings = [seen("15.1.2106.2", "httpproxy:ecp"), seen("15.1.2106.13", "exsetup", None)]
    found = evidence_status("a.zip", sightings, [], ON)
    assert ("15.1.2106.13", "exsetup", 4) == (found.build, found.from_, found.precision)
    assert StatusWord.FIXED == found.exposure[CVE].status
    assert ["15.1.2106.2", "15.1.2106.13"] == [one.build for one in found.builds]


def test_of_logs_alone_the_newest_build_counts() -> None:
    sightings = [seen("15.1.2106.2", "httpproxy:ecp"), seen("15.1.913.13", "ews")]
    assert "15.1.2106.2" == evidence_status("a.zip", sightings, [], ON).build


def test_evidence_without_a_build_says_so_and_how_to_find_it() -> None:
    found = evidence_status("a.zip", [], [], ON)
    assert (None, None, None) == (found.build, found.from_, found.precision)
    assert {StatusWord.UNDETERMINED.value} == {one.status for one in found.exposure.values()}
    assert "ExSetup.exe" in found.install[0]


def test_mitigations_are_told_and_change_no_status() -> None:
    told = Told(
        cves=(CVE,),
        ids=("x",),
        title="a rule",
        places=("web.config:3",),
        holds=True,
        faults=(),
        gone=False,
        since=None,
        lost_by_update=False,
    )
    found = evidence_status("a.zip", [seen("15.1.2106.2", "exsetup")], [told], ON)
    assert StatusWord.VULNERABLE == found.exposure[CVE].status
    assert "web.config:3" in found.exposure[CVE].reason
    assert ["a rule"] == [one.title for one in found.mitigations]
