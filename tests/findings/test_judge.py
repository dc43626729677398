"""Matches become findings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from tests.findings.making import CHAIN, INFOS, match, pack
from tocsin.findings.judge import Context, judge, ordered
from tocsin.model.grade import Confidence, Grade

if TYPE_CHECKING:
    from tocsin.findings.finding import Finding
    from tocsin.matching.match import Match

CONTEXT = Context(infos=INFOS, counts={}, shared=frozenset())


def found(*matches: Match) -> list[Finding]:
    return ordered(judge([pack()], matches, CONTEXT))


def test_a_run_that_succeeded_is_one_finding_with_its_steps() -> None:
    (finding,) = found(
        match("try", 0, client_ip="192.0.2.7"), match("session", 4, client_ip="192.0.2.7")
    )
    assert ("shell", Grade.EXPLOITED, Confidence.HIGH) == (
        finding.id,
        finding.grade,
        finding.confidence,
    )
    assert ("tried", "session opened") == finding.seen
    assert ("192.0.2.7",) == finding.clients


def test_attempts_of_many_clients_are_one_finding() -> None:
    rows = [match("try", n, place=n, client_ip=f"192.0.2.{n}") for n in range(1, 40)]
    findings = found(*rows)
    assert 1 == len(findings)
    assert Grade.ATTEMPT is findings[0].grade
    assert 39 == len(findings[0].clients)


def test_one_uncertain_witness_does_not_prove_persistence() -> None:
    (finding,) = found(match("drop", 0, kind="web_file", file_path="C:/a/x.aspx"))
    assert (Grade.PERSISTENCE, Confidence.MEDIUM) == (finding.grade, finding.confidence)


def test_two_independent_witnesses_prove_it() -> None:
    (finding,) = found(
        match("session", 0, client_ip="192.0.2.7"),
        match("event", 2, kind="events:MSExchange Management"),
    )
    assert (Grade.PERSISTENCE, Confidence.HIGH) == (finding.grade, finding.confidence)


def test_two_rows_of_one_source_are_one_witness() -> None:
    (finding,) = found(
        match("event", 0, kind="events:S", file_path="x.aspx"),
        match("page", 2, kind="events:S", file_path="x.aspx"),
    )
    assert Confidence.MEDIUM is finding.confidence


def test_one_process_in_two_logs_is_one_witness() -> None:
    logs = {"event": "events:Microsoft-Windows-Sysmon/Operational", "page": "events:Security"}
    (finding,) = found(
        *(
            match(rule, 0, kind=kind, file_path="x.aspx", parent_process="C:/w3wp.exe")
            for rule, kind in logs.items()
        )
    )
    assert Confidence.MEDIUM is finding.confidence
    assert 2 == len(finding.sources)


def test_an_uncertain_step_does_not_hide_the_sure_one_below_it() -> None:
    (finding,) = found(
        match("session", 0, client_ip="192.0.2.7"),
        match("page", 2, client_ip="192.0.2.7", place=2),
    )
    assert (Grade.EXPLOITED, Confidence.HIGH) == (finding.grade, finding.confidence)


def test_a_scanner_pattern_makes_an_attempt_a_probe_and_says_why() -> None:
    (finding,) = found(match("try", 0, client_ip="192.0.2.7", benign=("scan",)))
    assert Grade.PROBE is finding.grade
    assert ("A known scanner.",) == finding.benign_explanations


def test_a_scanner_pattern_does_not_lower_success() -> None:
    (finding,) = found(match("session", 0, client_ip="192.0.2.7", benign=("scan",)))
    assert Grade.EXPLOITED is finding.grade


def test_a_lead_is_marked_and_comes_last() -> None:
    findings = found(match("lead", 0), match("try", 1, client_ip="192.0.2.7"))
    assert [False, True] == [finding.is_lead for finding in findings]


def test_findings_of_the_same_chain_get_names_of_their_own() -> None:
    rows = []
    for hour in (0, 10, 20):
        rows += [
            match("try", hour * 3600, client_ip="192.0.2.7", place=hour),
            match("session", hour * 3600 + 3, client_ip="192.0.2.7", place=hour + 1),
        ]
    assert ["shell", "shell-2", "shell-3"] == [finding.id for finding in found(*rows)]


def test_a_row_that_several_rules_match_is_cited_once_by_the_one_that_says_most() -> None:
    (finding,) = found(
        match("try", 0, client_ip="192.0.2.7", place=3),
        match("session", 0, client_ip="192.0.2.7", place=3),
    )
    assert (["session"], 1) == ([one.rule for one in finding.matches], finding.total)


def test_a_run_tells_what_may_have_followed_and_counts_what_must_have_gone_before() -> None:
    (finding,) = found(
        match("session", 0, client_ip="192.0.2.7"),
        match("event", 4, kind="events:MSExchange Management"),
    )
    assert ("page requested",) == finding.missing[-1:]
    assert "tried" not in finding.missing
    assert 1 == finding.skipped


def test_an_attack_that_is_sure_is_explained_by_what_explains_all_of_it() -> None:
    chain = msgspec.structs.replace(
        CHAIN, benign_explanations=("A test that was ordered.",), next_steps=("Look.",)
    )
    infos = {**INFOS, "try": replace(INFOS["try"], benign_explanations=("A typing error.",))}
    context = replace(CONTEXT, infos=infos)
    rows = [match("try", 0, client_ip="192.0.2.7"), match("session", 4, client_ip="192.0.2.7")]
    (sure,) = judge([pack(chains=(chain,))], rows, context)
    assert ("A test that was ordered.",) == sure.benign_explanations
    (tried,) = judge([pack(chains=(chain,))], rows[:1], context)
    assert (("A typing error.",), ()) == (tried.benign_explanations, tried.next_steps)


def test_what_another_finding_says_of_the_same_rows_is_not_said_again() -> None:
    twin = msgspec.structs.replace(CHAIN, id="twin")
    rows = [match("try", 0, client_ip="192.0.2.7"), match("session", 4, client_ip="192.0.2.7")]
    assert ["shell"] == [one.id for one in judge([pack(chains=(CHAIN, twin))], rows, CONTEXT)]


def test_a_finding_with_a_row_of_its_own_is_said_beside_the_other() -> None:
    rows = [match("session", 0, client_ip="192.0.2.7", place=1), match("try", 9000, place=2)]
    assert [1, 2] == sorted(one.place for finding in found(*rows) for one in finding.matches)
    assert 2 == len(found(*rows))
