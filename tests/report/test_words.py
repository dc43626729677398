from __future__ import annotations

import msgspec
import pytest

from tests.report.results import at, finding
from tocsin.model.grade import Assurance, Confidence, Grade, Level, Severity
from tocsin.model.result import Citation, RuleCounts, Verdict
from tocsin.report import words


def verdict(level: Level, assurance: Assurance) -> Verdict:
    return Verdict(level=level, assurance=assurance, reasons=(), limits=())


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("parent_process_id", "no rule: started by a process of these rows"),
        ("file_name", "no rule: the same page"),
        ("proxylogon-ecp", "rule proxylogon-ecp"),
    ],
)
def test_a_row_says_why_it_is_cited(rule: str, why: str) -> None:
    assert why == words.cited_because(Citation(artefact="a", line=1, rule=rule, text=""))


def test_every_word_of_the_model_has_words_for_people() -> None:
    assert set(Level) == set(words.LEVEL_NAMES) == set(words.LEVEL_SYMBOLS)
    assert set(Grade) == set(words.GRADE_NAMES)
    assert set(Confidence) == set(words.CONFIDENCE_NAMES)
    assert set(Severity) == set(words.SEVERITY_NAMES)
    assert set(Assurance) == set(words.ASSURANCE_MEANINGS)


def test_an_attempt_in_thin_evidence_says_that_success_cannot_be_told() -> None:
    thin = verdict(Level.ATTEMPTED, Assurance.INSUFFICIENT)
    assert "Attempted; whether it succeeded cannot be told" == words.headline(thin)
    assert Level.INCONCLUSIVE == words.rank(thin)


def test_a_probe_in_thin_evidence_is_not_called_an_attempt() -> None:
    thin = verdict(Level.PROBED, Assurance.INSUFFICIENT)
    assert "Probed; whether it succeeded cannot be told" == words.headline(thin)
    assert Level.INCONCLUSIVE == words.rank(thin)


@pytest.mark.parametrize("level", [Level.COMPROMISED, Level.EXPLOITED, Level.INCONCLUSIVE])
def test_other_levels_keep_their_rank_however_thin_the_evidence(level: Level) -> None:
    assert level == words.rank(verdict(level, Assurance.INSUFFICIENT))


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("assurance", list(Assurance))
def test_no_server_is_ever_called_clean_or_safe(level: Level, assurance: Assurance) -> None:
    said = " ".join(
        (
            words.headline(verdict(level, assurance)),
            words.meaning(verdict(level, assurance)),
            words.dates_covered(verdict(level, assurance), None),
            words.ASSURANCE_MEANINGS[assurance],
        )
    ).lower()
    assert not {"clean", "safe", "secure"} & set(said.replace(".", " ").split())


def test_the_wording_names_the_dates_that_were_covered() -> None:
    span = (at("2021-02-20T10:00:00"), at("2021-03-09T09:00:00"))
    assert "Read: complete logs from 2021-02-20 to 2021-03-09 (UTC)." == words.dates_covered(
        verdict(Level.NO_EVIDENCE_FOUND, Assurance.COMPLETE), span
    )
    assert "no date is covered" in words.dates_covered(
        verdict(Level.INCONCLUSIVE, Assurance.INSUFFICIENT), None
    )


def test_a_moment_shows_fractions_only_where_there_are_any() -> None:
    assert "2021-03-03 04:05:06Z" == words.moment(at("2021-03-03T04:05:06"))
    assert "2021-03-03 04:05:06.120Z" == words.moment(at("2021-03-03T04:05:06.120"))
    assert "no time" == words.moment(None)


def test_a_period_of_one_moment_is_that_moment() -> None:
    time = at("2021-03-03T04:05:06")
    assert "2021-03-03 04:05:06Z" == words.period(time, time)
    assert "2021-03-03 04:05:06Z" == words.period(time, None)
    assert "no time" == words.period(None, None)


def test_a_place_is_written_as_editors_take_it() -> None:
    assert "a.log:7" == words.place(Citation(artefact="a.log", line=7, rule="r", text=""))
    assert "a.evtx record 7" == words.place(
        Citation(artefact="a.evtx", record=7, rule="r", text="")
    )
    assert "$MFT offset 0" == words.place(Citation(artefact="$MFT", offset=0, rule="r", text=""))
    assert "web.config" == words.place(Citation(artefact="web.config", rule="r", text=""))


@pytest.mark.parametrize("assurance", Assurance)
def test_thin_logs_take_nothing_from_a_proven_break_in(assurance: Assurance) -> None:
    for level in (Level.COMPROMISED, Level.EXPLOITED):
        assert words.assurance(verdict(level, assurance)).startswith("what was found is proven")


def test_nothing_found_on_a_build_that_never_had_the_hole_blames_no_log() -> None:
    by_build = verdict(Level.NO_EVIDENCE_FOUND, Assurance.PARTIAL)
    assert "builds that were seen" in words.assurance(by_build)
    span = (at("2026-10-01T00:00:00"), at("2026-11-14T00:00:00"))
    assert "Read: logs from 2026-10-01" in words.dates_covered(by_build, span)


def test_only_kinds_of_rules_that_there_are_are_counted() -> None:
    counts = RuleCounts(loaded=41, not_applicable=0, failed=(), full_scan=(), fields_never_seen=())
    both = msgspec.structs.replace(counts, sigma=40, indicators=1)

    assert "40 Sigma rules, 1 entry of a list" == words.loaded(both)
    assert "41 rules" == words.loaded(counts), "a result of an earlier version has the sum alone"


def test_a_finding_says_how_many_rows_are_not_cited() -> None:
    assert ("1 of 12,345 rows", "1", "1") == tuple(
        words.cited(finding(rows=rows)) for rows in (12_345, 1, 0)
    )
