from __future__ import annotations

import msgspec
import pytest

from tests.report import results
from tests.report.results import at, finding, host
from tocsin.knowledge.cves import all_cves
from tocsin.knowledge.response import first_steps
from tocsin.model.grade import Assurance, Confidence, Grade, Level, Severity
from tocsin.model.result import BuildSeen, Exposure, Noise, ProblemEntry, Verdict
from tocsin.report import summary
from tocsin.report.exposures import is_exploited

OPEN = Exposure(
    cve="CVE-2021-34473", status="vulnerable", reason="", exposed_from=None, exposed_until=None
)
BUILD = BuildSeen(
    build="15.1.2106.2",
    product=None,
    cu=None,
    su=None,
    first_seen=at("2021-01-01T00:00:00"),
    last_seen=at("2021-03-01T00:00:00"),
    from_="httpproxy",
)


def test_the_span_reaches_from_the_first_to_the_last_row_of_any_source() -> None:
    assert (at("2020-12-12T00:00:02"), at("2021-03-12T08:00:00")) == summary.span(
        results.compromised()
    )


def test_sources_without_times_give_no_span() -> None:
    assert summary.span(host(coverage=results.coverage()[-1:])) is None


def test_findings_are_told_from_the_most_severe_and_then_as_they_happened() -> None:
    ids = [one.id for one in summary.worst_first(results.compromised().findings)]
    assert ["proxylogon-chain-1", "shell-access-1", "child-of-w3wp-1", "anchor-probe-1"] == ids


def test_findings_without_a_time_come_after_those_with_one() -> None:
    timeless = finding(id="a", first_seen=None)
    assert ["plain", "a"] == [one.id for one in summary.worst_first((timeless, finding()))]


def test_each_next_step_is_said_once_and_the_worst_finding_speaks_first() -> None:
    low = finding(id="low", severity=Severity.LOW, next_steps=("Block.", "Wait."))
    high = finding(id="high", severity=Severity.HIGH, next_steps=("Isolate.", "Block."))
    sure = Verdict(level=Level.COMPROMISED, assurance=Assurance.COMPLETE, reasons=(), limits=())
    assert (*first_steps(Level.COMPROMISED), "Isolate.", "Block.", "Wait.") == summary.next_steps(
        host(verdict=sure, findings=(low, high))
    )


def test_the_worst_findings_steps_come_first_and_the_others_in_turn() -> None:
    worst = finding(id="a", next_steps=("A1", "A2"))
    one = finding(id="b", next_steps=("B1", "B2"))
    two = finding(id="c", next_steps=("C1",))
    steps = summary.next_steps(host(findings=(worst, one, two)))
    assert ("A1", "A2", "B1", "C1", "B2") == steps[-5:]


def test_only_a_moment_that_a_finding_cites_has_its_grade() -> None:
    time = at("2021-03-03T04:00:00")
    worse = finding(grade=Grade.IMPACT)
    assert {("plain", time): Grade.IMPACT} == summary.cited_grades(
        host(findings=(worse, finding()))
    )


def test_surer_findings_come_before_vague_ones_of_the_same_severity() -> None:
    vague = finding(id="a", confidence=Confidence.LOW)
    assert ["plain", "a"] == [one.id for one in summary.worst_first((vague, finding()))]


def test_what_is_missing_is_to_be_collected() -> None:
    wanted = "Collect what is missing (Exchange Control Panel server log) and hunt again."
    assert wanted in summary.next_steps(results.untold())


def test_a_pack_that_does_not_apply_misses_nothing() -> None:
    packs = tuple(pack for pack in results.compromised().packs if pack.not_applicable is not None)
    assert () == summary.missing(host(packs=packs))


def test_inconclusive_without_a_named_source_still_says_what_to_do() -> None:
    steps = summary.next_steps(host())
    assert first_steps(Level.INCONCLUSIVE) == steps[:1]
    assert steps[1].startswith("Collect the server's logs again")


def test_a_break_in_is_isolated_and_preserved_before_anything_is_changed() -> None:
    said = " ".join(summary.next_steps(results.compromised()))
    order = (
        "off the network",
        "memory first",
        "backup",
        "national CSIRT",
        "new server",
    )
    assert sorted(order, key=said.index) == list(order)


@pytest.mark.parametrize("level", Level)
def test_every_level_has_something_to_do_first(level: Level) -> None:
    assert first_steps(level)


def test_a_hole_that_is_still_open_is_said_wherever_nobody_got_in() -> None:
    verdict = Verdict(
        level=Level.NO_EVIDENCE_FOUND, assurance=Assurance.COMPLETE, reasons=(), limits=()
    )
    server = msgspec.structs.replace(
        results.untold(), verdict=verdict, exposure=(OPEN,), builds=(BUILD,)
    )
    (step,) = [step for step in summary.next_steps(server) if step.startswith("Update Exchange")]
    assert "build 15.1.2106.2" in step
    assert "CVE-2021-34473" in step
    assert "`tocsin build 15.1.2106.2`" in step


def test_a_hundred_open_holes_do_not_bury_those_that_are_exploited() -> None:
    others = [cve for cve in all_cves() if not is_exploited(cve)]

    def step(*cves: str) -> str:
        holes = tuple(msgspec.structs.replace(OPEN, cve=cve) for cve in cves)
        (said,) = [
            one
            for one in summary.next_steps(host(exposure=holes, builds=(BUILD,)))
            if one.startswith("Update Exchange")
        ]
        return said

    said = step(*others[:100], OPEN.cve)
    assert "the fix for CVE-2021-34473, known to be exploited, and for 100 more." in said
    assert not any(cve in said for cve in others[:100])
    assert "the fix for 100 known vulnerabilities." in step(*others[:100])
    assert "the fix for 1 known vulnerability." in step(others[0])


def test_a_harmless_pattern_is_called_by_its_title() -> None:
    known = Noise(rule="health-probe-iis", events=1)
    assert "Exchange checks its own health (IIS)" == summary.pattern_title(known)
    assert "another" == summary.pattern_title(Noise(rule="another", events=1))


def test_problems_are_grouped_by_code_with_the_most_frequent_first() -> None:
    problems = tuple(
        ProblemEntry(artefact=artefact, line=1, code=code, detail="")
        for artefact, code in (("a", "empty"), ("a", "bad_time"), ("b", "bad_time"))
    )
    groups = summary.problem_groups(host(problems=problems), examples=1)
    assert [("bad_time", 2, 2, 1), ("empty", 1, 1, 1)] == [
        (group.code, group.count, group.files, len(group.examples)) for group in groups
    ]
