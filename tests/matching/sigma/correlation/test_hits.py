"""What is kept of rows, and what of them is told."""

from __future__ import annotations

import pickle
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.matching.rule_sets import form
from tests.matching.sigma.correlation.correlating import (
    ARTEFACT,
    FORM,
    START,
    Row,
    correlation,
    hits_of,
    outcome_of,
    plan_of,
    rows,
)
from tocsin.matching.sigma.correlation import engine, firing, hits
from tocsin.matching.sigma.correlation.engine import correlate
from tocsin.matching.sigma.correlation.firing import EVENTS_PER_FIRING, as_match, as_object
from tocsin.matching.sigma.plan import FormatRules, Hit
from tocsin.model.event import Event

if TYPE_CHECKING:
    import pytest

EVENT = Event(time=START, place=1, fields={"User": "bob"}, text="")
TWO = correlation("event_count", "a", condition={"gte": 2}, group_by=["User"])


def test_a_flood_is_cut_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hits, "HITS_PER_RULE", 3)
    outcome = outcome_of(plan_of(many=TWO), rows("a", *range(9), User="bob"))
    assert [3] == [one.count for one in outcome.firings]
    assert ["a: 6 rows beyond what is kept could not be correlated."] == outcome.limits()


def test_all_rules_together_are_cut_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hits, "HITS", 3)
    document = correlation("temporal", "a", "b")
    kept = hits_of(plan_of(many=document), [*rows("a", 0, 1), *rows("b", 2, 3)])
    assert (3, {"b": 1}) == (len(kept.kept), dict(kept.not_kept))


def test_firings_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "FIRINGS_PER_RULE", 2)
    outcome = outcome_of(plan_of(many=TWO), rows("a", *range(0, 100, 5), User="bob"))
    assert (2, 7) == (len(outcome.firings), outcome.counts["many"])


def test_moments_beyond_the_limit_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "HITS_PER_RULE", 2)
    plan = plan_of(outer=correlation("temporal", "many", "b"), many=TWO)
    outcome = outcome_of(plan, rows("a", 0, 1, 2, 3, User="bob"))
    assert {"many": 1} == outcome.not_kept


def test_long_values_are_kept_short_and_stay_different() -> None:
    long = "x" * 10_000
    kept = hits_of(plan_of(many=TWO), [Row("a", 0, {"User": f"{long}{end}"}) for end in "1122"])
    values = [hit.values[0] or "" for hit in kept.kept]
    assert 2 == len(set(values))
    assert max(map(len, values)) < 350
    assert [2, 2] == [one.count for one in correlate(kept).firings]


def test_half_a_surrogate_is_a_value_like_others() -> None:
    odd = "\ud800" * 300
    found = outcome_of(plan_of(many=TWO), rows("a", 0, 1, User=odd)).firings
    assert [2] == [one.count for one in found]


def test_only_rows_that_something_stands_on_are_kept() -> None:
    assert [] == hits_of(plan_of(many=TWO), [Row("b", 0)]).kept


def test_rows_go_to_another_process_and_back() -> None:
    kept = hits_of(plan_of(many=TWO), rows("a", 0, 1, User="bob"))
    again = pickle.loads(pickle.dumps(kept))  # noqa: S301 - ours, a line above
    assert correlate(kept) == correlate(again)


def test_only_rules_that_speak_for_themselves_are_answered() -> None:
    plan = plan_of(
        loud=correlation("temporal", "a", generate=True), quiet=correlation("temporal", "b")
    )
    kept = hits_of(plan, [])
    found = [Hit("a"), Hit("b"), Hit("c")]
    answers = kept.take(found, FormatRules(FORM, []), ARTEFACT, FORM, EVENT)
    assert ["a", "c"] == [one.id for one in answers]
    assert ["a", "b"] == [hit.rule for hit in kept.kept]


def test_without_correlations_answers_stay_as_they_are() -> None:
    answers = [Hit("a")]
    kept = hits.Hits(plan_of())
    assert answers is kept.take(answers, FormatRules(FORM, []), ARTEFACT, FORM, EVENT)


def test_a_firing_names_its_first_and_last_rows_and_counts_the_others() -> None:
    document = correlation("event_count", "a", condition={"gte": 2}, timespan="1d")
    found = outcome_of(plan_of(many=document), rows("a", *range(500))).firings[0]
    times = [(hit.time - found.first).total_seconds() for hit in found.events]
    assert [*range(50), *range(450, 500)] == times
    assert (500, EVENTS_PER_FIRING) == (found.count, len(found.events))


def test_a_citation_says_which_rules_how_many_rows_when_and_for_whom() -> None:
    document = correlation("value_count", "a", condition={"gte": 2, "field": "H"}, group_by="User")
    all_rows = [Row("a", second, {"User": "bob", "H": f"h{second}"}) for second in (0, 7)]
    plan = plan_of(many=document)
    found = outcome_of(plan, all_rows).firings[0]
    assert (
        "2 rows from 2021-03-03 00:00:00Z to 2021-03-03 00:00:07Z (a 2); 2 different values; "
        "User = bob"
    ) == found.text
    one = correlation("event_count", "a", condition={"gte": 1})
    assert ["1 row at 2021-03-03 00:00:00Z (a 1)"] == [
        found.text for found in outcome_of(plan_of(many=one), [Row("a", 0)]).firings
    ]


def test_a_part_of_a_second_is_told_as_beside_rows() -> None:
    one = correlation("event_count", "a", condition={"gte": 1})
    assert ["1 row at 2021-03-03 00:00:00.250Z (a 1)"] == [
        found.text for found in outcome_of(plan_of(many=one), [Row("a", 0.25)]).firings
    ]


def of_two_logs(*rules: str) -> str:
    """The citation of a firing whose rows are of the IIS and of an HttpProxy log in turn."""
    document = correlation("event_count", *sorted(set(rules)), condition={"gte": len(rules)})
    kept = hits_of(plan_of(many=document), [])
    for second, rule in enumerate(rules):
        log = form("iis") if second % 2 else FORM
        event = Event(time=START + timedelta(seconds=second), place=second, fields={}, text="")
        kept.add(rule, ARTEFACT, log, event)
    return correlate(kept).firings[0].text


def test_a_citation_says_that_several_logs_may_show_one_request() -> None:
    assert (
        "3 rows from 2021-03-03 00:00:00Z to 2021-03-03 00:00:02Z (a 3); these logs may show one "
        "request more than once: Exchange HttpProxy log 2, IIS request log 1"
    ) == of_two_logs("a", "a", "a")


def test_rules_that_have_a_log_each_count_nothing_twice() -> None:
    assert "(a 2, b 1)" in (text := of_two_logs("a", "b", "a"))
    assert "more than once" not in text


def test_a_citation_stays_short() -> None:
    rules = [f"r{number}" for number in range(20)]
    document = correlation("temporal", *rules, group_by=["User"])
    plan = plan_of(rules=rules, many=document)
    found = outcome_of(plan, [Row(rule, 1, {"User": "x" * 999}) for rule in rules]).firings[0]
    assert "and 12 rules more" in found.text
    assert len(found.text) < 400


def test_a_match_is_the_row_with_which_it_became_true() -> None:
    document = correlation("event_count", "a", condition={"gte": 2}, group_by=["ClientIpAddress"])
    kept = hits_of(
        plan_of(many=document),
        [
            Row("a", second, {"ClientIpAddress": "192.0.2.1"}, place=second + 7)
            for second in (0, 1, 2)
        ],
    )
    match = as_match(correlate(kept).firings[0], kept)
    assert ("many", "one.log", "httpproxy", 8, {"client_ip": "192.0.2.1"}) == (
        match.rule,
        match.artefact.path.inside,
        match.kind,
        match.place,
        match.values,
    )
    assert (match.time, match.damaged) == (correlate(kept).firings[0].time, False)


def test_a_firing_as_an_object_lists_its_rows() -> None:
    kept = hits_of(
        plan_of(many=TWO),
        [Row("a", second, {"User": "bob"}, place=second + 1) for second in (0, 1)],
    )
    event = {"User": "bob"}
    assert {
        "rule": "many",
        "time": "2021-03-03T00:00:01Z",
        "from": "2021-03-03T00:00:00Z",
        "to": "2021-03-03T00:00:01Z",
        "group": event,
        "count": 2,
        "rules": {"a": 2},
        "text": correlate(kept).firings[0].text,
        "events": [
            {
                "rule": "a",
                "artefact": "one.log",
                "line": 1,
                "time": "2021-03-03T00:00:00Z",
                "event": event,
            },
            {
                "rule": "a",
                "artefact": "one.log",
                "line": 2,
                "time": "2021-03-03T00:00:01Z",
                "event": event,
            },
        ],
    } == as_object(correlate(kept).firings[0], kept)


def test_overlapping_moments_are_not_told_twice() -> None:
    plan = plan_of(outer=correlation("temporal", "many", "b"), many=TWO)
    kept = hits_of(plan, [*rows("a", *range(9), User="bob"), Row("b", 4)])
    outer = next(one for one in correlate(kept).firings if one.rule == "outer")
    assert (10, (("a", 9), ("b", 1))) == (outer.count, outer.rules)
    assert 10 == len(firing.events_of([*outer.events]))
