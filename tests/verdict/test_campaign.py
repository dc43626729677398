"""One pack's verdict: window, coverage, and whether the pack applies at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.findings.making import INFOS, match, pack
from tocsin.findings.judge import Context, judge
from tocsin.knowledge.status import Status, StatusWord
from tocsin.matching.scan import Period
from tocsin.model.grade import Assurance, Level
from tocsin.verdict.campaign import Judged, got_in, headline, judge_pack
from tocsin.verdict.coverage import Coverage, Source
from tocsin.verdict.exposure import Exposed

if TYPE_CHECKING:
    from tocsin.findings.finding import Finding

START = datetime(2021, 3, 1, tzinfo=UTC)
CVE = "CVE-0000-0001"
EVERYTHING = Period()


def day(number: float) -> datetime:
    """`number` days after the campaign began."""
    return START + timedelta(days=number)


def source(kind: str, first: float, last: float, **changes: object) -> Source:
    facts: dict[str, object] = {
        "kind": kind,
        "files": 1,
        "events": 1000,
        "first": day(first),
        "last": day(last),
        "gaps": (),
        "days": (),
        "problems": 0,
    }
    return Source(**{**facts, **changes})  # type: ignore[arg-type]  # facts of many types


def covered(*sources: Source) -> Coverage:
    return Coverage(sources={one.kind: one for one in sources})


FULL = covered(source("httpproxy:ecp", -5, 40), source("iis:frontend", -5, 40))


def exposed(
    word: StatusWord = StatusWord.VULNERABLE, *, until: float | None = None, never: bool = False
) -> Exposed:
    return Exposed(
        cve=CVE,
        status=Status(word, "by the build"),
        since=day(-5),
        until=None if until is None else day(until),
        never=never,
    )


def judged(
    coverage: Coverage,
    *findings: Finding,
    about: Exposed | None = None,
    looked_at: Period = EVERYTHING,
) -> Judged:
    return judge_pack(pack(), findings, coverage, [about or exposed()], looked_at)


def attempts() -> list[Finding]:
    context = Context(infos=INFOS, counts={}, shared=frozenset())
    return judge([pack()], [match("try", client_ip="192.0.2.7")], context)


def test_nothing_in_complete_logs_is_no_evidence_found() -> None:
    found = judged(FULL)
    assert (Level.NO_EVIDENCE_FOUND, Assurance.COMPLETE) == (found.level, found.assurance)
    assert (day(0), day(40)) == found.window


def test_the_window_ends_when_the_server_was_fixed() -> None:
    found = judged(FULL, about=exposed(StatusWord.FIXED, until=12))
    assert (day(0), day(12)) == found.window


def test_logs_that_end_before_the_fix_are_not_enough() -> None:
    short = covered(source("httpproxy:ecp", -5, 40), source("iis:frontend", 8, 40))
    found = judged(short, about=exposed(StatusWord.FIXED, until=12))
    assert (Level.INCONCLUSIVE, Assurance.PARTIAL) == (found.level, found.assurance)


def test_a_gap_in_one_source_makes_the_assurance_partial_and_is_named() -> None:
    gap = ((day(3), day(6)),)
    found = judged(
        covered(source("httpproxy:ecp", -5, 40, gaps=gap), source("iis:frontend", -5, 40))
    )
    assert Assurance.PARTIAL is found.assurance
    assert (
        "Exchange HttpProxy log (ecp): nothing from 2021-03-04 00:00 to 2021-03-07 00:00 UTC."
        in found.limits
    )


def test_a_missing_source_makes_the_assurance_insufficient_and_is_named() -> None:
    found = judged(covered(source("httpproxy:ecp", -5, 40)))
    assert (Level.INCONCLUSIVE, Assurance.INSUFFICIENT) == (found.level, found.assurance)
    assert ("iis",) == found.missing


def test_a_source_from_another_time_is_as_good_as_missing() -> None:
    found = judged(covered(source("httpproxy:ecp", 38, 40), source("iis:frontend", -5, -2)))
    assert Assurance.INSUFFICIENT is found.assurance


def test_an_attempt_in_complete_logs_was_an_attempt() -> None:
    found = judged(FULL, *attempts())
    assert (Level.ATTEMPTED, Assurance.COMPLETE) == (found.level, found.assurance)


def test_an_attempt_without_the_logs_that_would_show_success_says_so() -> None:
    found = judged(covered(source("httpproxy:ecp", -5, 40)), *attempts())
    assert (Level.ATTEMPTED, Assurance.INSUFFICIENT) == (found.level, found.assurance)


def test_many_damaged_rows_make_the_assurance_partial() -> None:
    found = judged(
        covered(source("httpproxy:ecp", -5, 40, problems=50), source("iis:frontend", -5, 40))
    )
    assert Assurance.PARTIAL is found.assurance


def test_one_damaged_row_in_a_thousand_does_not() -> None:
    found = judged(
        covered(source("httpproxy:ecp", -5, 40, problems=1), source("iis:frontend", -5, 40))
    )
    assert Assurance.COMPLETE is found.assurance


def test_a_file_that_could_not_be_read_makes_the_assurance_partial() -> None:
    lost = replace(source("httpproxy", 0, 0, problems=1, lost=1), first=None, last=None)
    found = judged(covered(source("httpproxy:ecp", -5, 40), source("iis:frontend", -5, 40), lost))
    assert Assurance.PARTIAL is found.assurance


def test_a_build_that_was_never_vulnerable_makes_the_pack_not_applicable() -> None:
    found = judged(covered(), about=exposed(StatusWord.NOT_AFFECTED, never=True))
    assert found.level is None
    assert found.not_applicable is not None
    assert "was ever vulnerable" in found.not_applicable


def test_an_attempt_on_a_build_that_was_never_vulnerable_failed_for_sure() -> None:
    found = judged(covered(), *attempts(), about=exposed(StatusWord.NOT_AFFECTED, never=True))
    assert (Level.ATTEMPTED, Assurance.COMPLETE) == (found.level, found.assurance)


def test_an_attempt_on_a_server_that_was_already_fixed_failed_for_sure() -> None:
    found = judged(FULL, *attempts(), about=exposed(StatusWord.FIXED, until=-1))
    assert "was fixed before" in (found.not_applicable or "")
    assert (Level.ATTEMPTED, Assurance.COMPLETE) == (found.level, found.assurance)


def test_an_attempt_from_before_the_fix_may_have_succeeded() -> None:
    early = [match("try", -4 * 24 * 3600, client_ip="192.0.2.7")]
    context = Context(infos=INFOS, counts={}, shared=frozenset())
    found = judged(
        FULL,
        *judge([pack()], early, context),
        about=exposed(StatusWord.FIXED, until=-1),
    )
    assert (Level.ATTEMPTED, Assurance.INSUFFICIENT) == (found.level, found.assurance)


def test_attempts_that_were_only_counted_may_be_from_before_the_fix() -> None:
    flood = [replace(one, total=one.total + 1) for one in attempts()]
    found = judged(FULL, *flood, about=exposed(StatusWord.FIXED, until=-1))
    assert (Level.ATTEMPTED, Assurance.INSUFFICIENT) == (found.level, found.assurance)


def test_evidence_from_before_the_campaign_says_nothing_about_it() -> None:
    found = judged(covered(source("httpproxy:ecp", -30, -2), source("iis:frontend", -30, -2)))
    assert found.level is None
    assert "before this campaign" in (found.not_applicable or "")


def test_without_any_log_the_pack_applies_and_nothing_can_be_said() -> None:
    found = judged(covered())
    assert (Level.INCONCLUSIVE, Assurance.INSUFFICIENT) == (found.level, found.assurance)
    assert ("httpproxy:ecp", "iis") == found.missing


def test_what_any_attack_leaves_is_not_put_down_to_this_campaign() -> None:
    context = Context(infos=INFOS, counts={}, shared=frozenset())
    page = judge([pack(chains=())], [match("script", file_path="C:/x/a.aspx")], context)
    found = judged(FULL, *page)
    assert Level.COMPROMISED is found.level
    assert "Test campaign" not in headline(found)
    assert "How they got in was not seen." in headline(found)
    assert not got_in(found)


def test_its_own_attack_is_named() -> None:
    context = Context(infos=INFOS, counts={}, shared=frozenset())
    rows = [match("try", 0, client_ip="192.0.2.7"), match("session", 4, client_ip="192.0.2.7")]
    found = judged(FULL, *judge([pack()], rows, context))
    assert headline(found).startswith("Test campaign: ")
    assert got_in(found)


@pytest.mark.parametrize(
    ("period", "assurance"),
    [
        (Period(until=day(20)), Assurance.PARTIAL),
        (Period(since=day(20)), Assurance.PARTIAL),
        (Period(since=day(60)), Assurance.INSUFFICIENT),
        (Period(until=day(-20)), Assurance.INSUFFICIENT),
    ],
)
def test_rows_that_nobody_looked_at_are_no_coverage(period: Period, assurance: Assurance) -> None:
    found = judged(FULL, looked_at=period)
    assert (Level.INCONCLUSIVE, assurance) == (found.level, found.assurance)


def test_a_period_that_holds_the_whole_window_takes_nothing_away() -> None:
    found = judged(FULL, looked_at=Period(since=day(-1), until=day(40)))
    assert (Level.NO_EVIDENCE_FOUND, Assurance.COMPLETE) == (found.level, found.assurance)


# Packs about what follows any way in: no vulnerability, no window.


def of_no_campaign(coverage: Coverage, *findings: Finding) -> Judged:
    what_follows = pack(
        cves=(), decisive_cves=(), exploitation_from=None, window_source="", title="Traces"
    )
    return judge_pack(what_follows, findings, coverage, [], EVERYTHING)


def script_written() -> list[Finding]:
    context = Context(infos=INFOS, counts={}, shared=frozenset())
    found = judge([pack(chains=())], [match("script", client_ip="192.0.2.7")], context)
    return [replace(finding, cves=()) for finding in found]


@pytest.mark.parametrize("coverage", [FULL, covered()])
def test_a_pack_of_no_campaign_says_nothing_where_it_found_nothing(coverage: Coverage) -> None:
    silent = of_no_campaign(coverage)
    assert (None, None, None, ()) == (
        silent.level,
        silent.window,
        silent.not_applicable,
        silent.missing,
    )


def test_what_a_pack_of_no_campaign_finds_counts_whatever_the_logs_cover() -> None:
    found = of_no_campaign(covered(), *script_written())
    assert (Level.COMPROMISED, Assurance.INSUFFICIENT) == (found.level, found.assurance)


def test_attempts_in_a_pack_of_no_campaign_are_measured_by_the_time_of_the_evidence() -> None:
    tried = [replace(finding, cves=()) for finding in attempts()]
    assert (Level.ATTEMPTED, Assurance.COMPLETE) == (
        (judged_by := of_no_campaign(FULL, *tried)).level,
        judged_by.assurance,
    )


def test_a_pack_of_no_campaign_says_that_the_way_in_was_not_seen_unless_it_was() -> None:
    found = of_no_campaign(FULL, *script_written())
    assert "Traces: Somebody had control of this server. How they got in was not seen." == (
        headline(found)
    )
    assert "Traces: Somebody had control of this server." == headline(found, way_in_seen=True)
