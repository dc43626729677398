"""The table that decides: every row has a test."""

from __future__ import annotations

from itertools import product

import pytest

from tests.findings.making import INFOS, match, pack
from tocsin.findings.finding import Finding
from tocsin.findings.judge import Context, judge
from tocsin.model.grade import Assurance, Confidence, Grade, Level, Severity
from tocsin.verdict.decide import TABLE, Seen, decide, ranks_as, rolled_up, worst

COMPLETE, PARTIAL, INSUFFICIENT = Assurance


def finding(
    grade: Grade, confidence: Confidence = Confidence.HIGH, *, lead: bool = False
) -> Finding:
    return Finding(
        id="x",
        title="x",
        pack="test",
        grade=grade,
        confidence=confidence,
        severity=Severity.HIGH,
        cves=(),
        attack=(),
        clients=(),
        sources=("iis",),
        matches=(),
        total=1,
        is_lead=lead,
    )


SURE, UNSURE, WEAK = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW


@pytest.mark.parametrize(
    ("findings", "assurance", "level"),
    [
        ([finding(Grade.PERSISTENCE)], COMPLETE, Level.COMPROMISED),
        ([finding(Grade.POST_EXPLOITATION)], PARTIAL, Level.COMPROMISED),
        ([finding(Grade.MAIL_THEFT)], INSUFFICIENT, Level.COMPROMISED),
        ([finding(Grade.IMPACT)], INSUFFICIENT, Level.COMPROMISED),
        ([finding(Grade.EXPLOITED)], COMPLETE, Level.EXPLOITED),
        ([finding(Grade.EXPLOITED)], INSUFFICIENT, Level.EXPLOITED),
        ([finding(Grade.PERSISTENCE, UNSURE)], COMPLETE, Level.INCONCLUSIVE),
        ([finding(Grade.EXPLOITED, UNSURE)], INSUFFICIENT, Level.INCONCLUSIVE),
        ([finding(Grade.PERSISTENCE, UNSURE), finding(Grade.EXPLOITED)], PARTIAL, Level.EXPLOITED),
        ([finding(Grade.ATTEMPT)], COMPLETE, Level.ATTEMPTED),
        ([finding(Grade.ATTEMPT)], PARTIAL, Level.ATTEMPTED),
        ([finding(Grade.ATTEMPT)], INSUFFICIENT, Level.ATTEMPTED),
        ([finding(Grade.ATTEMPT), finding(Grade.EXPLOITED, UNSURE)], COMPLETE, Level.INCONCLUSIVE),
        ([finding(Grade.PROBE)], COMPLETE, Level.PROBED),
        ([finding(Grade.PROBE)], INSUFFICIENT, Level.PROBED),
        ([finding(Grade.PERSISTENCE, WEAK)], COMPLETE, Level.NO_EVIDENCE_FOUND),
        ([finding(Grade.PROBE, WEAK)], COMPLETE, Level.NO_EVIDENCE_FOUND),
        ([finding(Grade.PROBE, UNSURE)], COMPLETE, Level.PROBED),
        ([], COMPLETE, Level.NO_EVIDENCE_FOUND),
        ([], PARTIAL, Level.INCONCLUSIVE),
        ([], INSUFFICIENT, Level.INCONCLUSIVE),
        ([finding(Grade.IMPACT, lead=True)], COMPLETE, Level.NO_EVIDENCE_FOUND),
    ],
)
def test_what_was_seen_and_how_well_gives_the_level(
    findings: list[Finding], assurance: Assurance, level: Level
) -> None:
    assert level is decide(findings, assurance).level


def test_the_table_answers_every_question_exactly_once() -> None:
    for seen, assurance in product(Seen, Assurance):
        rows = [row for row in TABLE if row.seen is seen and assurance in row.assurance]
        assert 1 == len(rows), (seen, assurance)


def test_no_row_says_no_evidence_unless_the_coverage_is_complete() -> None:
    rows = [row for row in TABLE if row.level is Level.NO_EVIDENCE_FOUND]
    assert [frozenset({COMPLETE})] == [row.assurance for row in rows]


def test_an_attempt_with_insufficient_assurance_says_that_success_cannot_be_told() -> None:
    row = decide([finding(Grade.ATTEMPT)], INSUFFICIENT)
    assert "whether it succeeded cannot be told" in row.because


def test_an_attempt_that_nobody_could_have_watched_ranks_as_inconclusive() -> None:
    assert Level.INCONCLUSIVE is ranks_as(Level.ATTEMPTED, INSUFFICIENT)
    assert Level.ATTEMPTED is ranks_as(Level.ATTEMPTED, PARTIAL)
    assert Level.COMPROMISED is ranks_as(Level.COMPROMISED, INSUFFICIENT)


def test_the_roll_up_takes_the_worst_in_the_order_of_the_interface() -> None:
    order = [
        (Level.NO_EVIDENCE_FOUND, COMPLETE),
        (Level.PROBED, COMPLETE),
        (Level.ATTEMPTED, COMPLETE),
        (Level.INCONCLUSIVE, COMPLETE),
        (Level.EXPLOITED, COMPLETE),
        (Level.COMPROMISED, COMPLETE),
    ]
    for worse in range(1, len(order)):
        assert order[worse] == rolled_up(order[: worse + 1])


def test_a_probe_that_nobody_could_have_watched_outranks_an_attempt_that_failed() -> None:
    verdicts = [(Level.ATTEMPTED, COMPLETE), (Level.PROBED, INSUFFICIENT)]
    assert (Level.PROBED, INSUFFICIENT) == rolled_up(verdicts)


def test_among_equals_the_verdict_that_says_more_stands() -> None:
    verdicts = [
        (Level.PROBED, INSUFFICIENT),
        (Level.ATTEMPTED, INSUFFICIENT),
        (Level.INCONCLUSIVE, INSUFFICIENT),
    ]
    assert (Level.ATTEMPTED, INSUFFICIENT) == rolled_up(verdicts)


def test_a_rule_that_the_user_brought_never_raises_the_level() -> None:
    context = Context(infos=INFOS, counts={}, shared=frozenset())
    findings = judge([pack()], [match("lead")], context)
    assert Seen.NOTHING is worst(findings)
