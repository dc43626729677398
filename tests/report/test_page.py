from __future__ import annotations

from tests.report import results
from tests.report.results import finding, host
from tocsin.model.grade import Grade, Severity
from tocsin.report.page import view_of


def test_the_tally_counts_from_the_worst() -> None:
    assert "2 critical, 1 high, 1 low" == view_of(results.compromised(), 1).tally
    assert "none" == view_of(host(), 1).tally


def test_sections_lead_only_to_what_is_there() -> None:
    assert ["findings", "coverage"] == [section.id for section in view_of(host(), 1).sections]
    assert {"timeline", "leads", "packs", "builds", "noise", "problems", "intruders", "files"} < {
        section.id for section in view_of(results.compromised(), 1).sections
    }


def test_what_a_page_cannot_hold_is_counted() -> None:
    view = view_of(results.hostile(), 1)
    assert (300, 2700) == (len(view.moments.shown), view.moments.left_out)
    assert (1000, 4000) == (len(view.manifest.shown), view.manifest.left_out)
    assert "5,000 files: the first are shown (1,000), the others are in report.json" == (
        view.manifest.said("file", "files", "the first are shown")
    )


def test_the_gravest_moments_are_kept_and_told_in_order() -> None:
    one = results.compromised()
    many = tuple(one.timeline) * 10
    view = view_of(results.host(findings=one.findings, timeline=many), 1)
    times = [moment.entry.time for moment in view.moments.shown]
    assert sorted(times) == times
    kept = {moment.entry.finding for moment in view.moments.shown}
    assert {"shell-access-1", "child-of-w3wp-1"} == kept


def test_findings_that_share_an_id_are_linked_by_the_gravest() -> None:
    low = finding(id="same", severity=Severity.LOW)
    high = finding(id="same", severity=Severity.HIGH)
    assert {"same": "f1"} == view_of(host(findings=(low, high)), 1).numbers


def test_anchors_belong_to_findings_in_the_order_shown() -> None:
    low = finding(id="low", severity=Severity.LOW)
    high = finding(id="high", severity=Severity.HIGH, grade=Grade.IMPACT)
    view = view_of(host(findings=(low, high), leads=(finding(id="lead"),)), 1)
    assert {"high": "f1", "low": "f2", "lead": "l1"} == view.numbers
