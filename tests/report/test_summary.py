from __future__ import annotations

from tests.report import results
from tests.report.results import at, finding, host
from tocsin.model.grade import Assurance, Confidence, Grade, Level, Severity
from tocsin.model.result import ProblemEntry, Verdict
from tocsin.report import summary


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
    assert ("Isolate.", "Block.", "Wait.") == summary.next_steps(
        host(verdict=sure, findings=(low, high))
    )


def test_the_worst_findings_steps_come_first_and_the_others_in_turn() -> None:
    worst = finding(id="a", next_steps=("A1", "A2"))
    one = finding(id="b", next_steps=("B1", "B2"))
    two = finding(id="c", next_steps=("C1",))
    assert ("A1", "A2", "B1", "C1", "B2") == summary.next_steps(host(findings=(worst, one, two)))[
        :5
    ]


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
    assert "Collect what is missing (ecp_server) and hunt again." in summary.next_steps(
        results.untold()
    )


def test_a_pack_that_does_not_apply_misses_nothing() -> None:
    packs = tuple(pack for pack in results.compromised().packs if pack.not_applicable is not None)
    assert () == summary.missing(host(packs=packs))


def test_inconclusive_without_a_named_source_still_says_what_to_do() -> None:
    assert summary.next_steps(host())[0].startswith("Collect the server's logs again")


def test_problems_are_grouped_by_code_with_the_most_frequent_first() -> None:
    problems = tuple(
        ProblemEntry(artefact=artefact, line=1, code=code, detail="")
        for artefact, code in (("a", "empty"), ("a", "bad_time"), ("b", "bad_time"))
    )
    groups = summary.problem_groups(host(problems=problems), examples=1)
    assert [("bad_time", 2, 2, 1), ("empty", 1, 1, 1)] == [
        (group.code, group.count, group.files, len(group.examples)) for group in groups
    ]
