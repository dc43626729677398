"""Planted pages: who asked for them, and when they went away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.findings.making import INFOS, at, match
from tocsin.findings.shells import Visits, shell_findings, with_children
from tocsin.model.grade import Confidence, Grade

if TYPE_CHECKING:
    from tocsin.matching.match import Match


def visit(seconds: float, status: str, method: str = "GET") -> Match:
    return match(
        "pivot:file_name",
        seconds,
        kind="iis:frontend",
        place=int(seconds),
        url_path="/owa/auth/Sample.aspx",
        status=status,
        method=method,
        client_ip="192.0.2.7",
    )


DROP = match("drop", 0, kind="web_file", file_path="C:/x/owa/auth/sample.aspx")


def test_the_change_from_200_to_302_is_the_removal() -> None:
    rows = (visit(10, "200"), visit(70, "200", "POST"), visit(400, "302"), visit(500, "302"))
    assert (at(70), at(400)) == Visits(page="sample.aspx", rows=rows).removed


def test_a_302_before_the_first_answer_is_no_removal() -> None:
    rows = (visit(1, "302"), visit(70, "200"))
    assert Visits(page="sample.aspx", rows=rows).removed is None


def test_a_page_that_came_back_was_removed_after_its_last_answer() -> None:
    rows = (visit(1, "200"), visit(70, "302"), visit(90, "200"), visit(200, "404"))
    assert (at(90), at(200)) == Visits(page="sample.aspx", rows=rows).removed


def test_data_given_to_a_page_within_the_hour_of_its_making_is_proof() -> None:
    (finding,) = shell_findings([DROP], [visit(10, "200"), visit(70, "200", "POST")], INFOS)
    assert (Grade.POST_EXPLOITATION, Confidence.HIGH) == (finding.grade, finding.confidence)
    assert ("192.0.2.7",) == finding.clients


def test_a_page_whose_content_is_sure_is_proof_whenever_it_was_used() -> None:
    content = match("script", None, kind="web_file", file_path="C:/x/owa/auth/sample.aspx")
    (finding,) = shell_findings([content], [visit(99_999, "200", "POST")], INFOS)
    assert Confidence.HIGH is finding.confidence


def test_a_vendors_page_in_use_wants_a_persons_eyes_and_no_more() -> None:
    page = match("drop", None, kind="web_file", file_path="C:/x/owa/auth/sample.aspx")
    visits = [visit(10, "200"), visit(70, "200", "POST")]
    (finding,) = shell_findings([page], visits, INFOS)
    assert Confidence.MEDIUM is finding.confidence
    assert finding.benign_explanations


def test_a_page_that_only_the_request_log_knows_is_uncertain() -> None:
    page = match("page", 5, kind="iis:frontend", url_path="/owa/auth/sample.aspx")
    (finding,) = shell_findings([page], [visit(10, "200", "POST")], INFOS)
    assert Confidence.MEDIUM is finding.confidence


def test_the_removal_is_told_to_the_minute() -> None:
    (finding,) = shell_findings([DROP], [visit(10, "200"), visit(7200, "302")], INFOS)
    assert "removed between 2021-03-03 06:44 and 2021-03-03 08:44 UTC" in finding.title


def test_what_makes_a_page_certain_is_cited_with_its_requests() -> None:
    (finding,) = shell_findings([DROP], [visit(10, "200")], INFOS)
    assert DROP in finding.matches
    assert len(finding.matches) == finding.total
    assert "1 request, without data" in finding.title


def test_requests_that_were_never_answered_are_no_finding() -> None:
    assert [] == shell_findings([DROP], [visit(10, "302"), visit(20, "404")], INFOS)


def test_a_process_started_by_a_cited_process_is_cited_too() -> None:
    parent = match("drop", 0, kind="events:Security", process_id="0x10", parent_process_id="0x1")
    child = match(
        "pivot:parent_process_id",
        2,
        kind="events:Security",
        place=2,
        process_id="0x20",
        parent_process_id="0x10",
    )
    stranger = match(
        "pivot:parent_process_id",
        2,
        kind="events:Security",
        place=3,
        process_id="0x30",
        parent_process_id="0x99",
    )
    (finding,) = shell_findings([DROP], [visit(10, "200")], INFOS)

    owner = replace(finding, matches=(parent,), total=1)
    (grown,) = with_children([owner], [child, stranger])
    assert [1, 2] == [one.place for one in grown.matches]
