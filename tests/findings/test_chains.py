"""Rows become runs of a chain."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.findings.making import CHAIN, match
from tocsin.findings.chains import Run, runs_of

if TYPE_CHECKING:
    from tocsin.matching.match import Match

NOBODY: frozenset[str] = frozenset()


def steps(runs: list[Run]) -> list[list[str]]:
    return [[step.id for step in run.steps] for run in runs]


def test_one_client_within_minutes_is_one_run() -> None:
    rows = [match("try", 0, client_ip="192.0.2.7"), match("session", 4, client_ip="192.0.2.7")]
    assert [["try", "session"]] == steps(runs_of(CHAIN, rows, NOBODY))


def test_one_client_hours_apart_is_two_runs() -> None:
    rows = [match("try", 0, client_ip="192.0.2.7"), match("session", 7200, client_ip="192.0.2.7")]
    assert [["try"], ["session"]] == steps(runs_of(CHAIN, rows, NOBODY))


def test_two_clients_behind_a_load_balancer_are_two_runs() -> None:
    rows = [match("try", 0, client_ip="10.0.0.5"), match("session", 4, client_ip="10.0.0.5")]
    assert [["try"], ["session"]] == steps(runs_of(CHAIN, rows, frozenset({"10.0.0.5"})))


def test_behind_a_load_balancer_the_canary_joins() -> None:
    rows = [
        match("try", 0, client_ip="10.0.0.5", canary="abc."),
        match("try", 1, client_ip="10.0.0.5", canary="other."),
        match("session", 4, client_ip="10.0.0.5", canary="abc."),
    ]
    runs = runs_of(CHAIN, rows, frozenset({"10.0.0.5"}))
    assert [["try", "session"], ["try"]] == steps(runs)


def test_behind_a_load_balancer_the_forwarded_address_joins() -> None:
    rows = [
        match("try", 0, client_ip="10.0.0.5", forwarded_for="192.0.2.7"),
        match("session", 4, client_ip="10.0.0.5", forwarded_for="192.0.2.7, 10.0.0.9"),
    ]
    runs = runs_of(CHAIN, rows, frozenset({"10.0.0.5"}))
    assert [["try", "session"]] == steps(runs)


def test_an_event_joins_by_the_clock() -> None:
    rows = [
        match("session", 0, client_ip="192.0.2.7"),
        match("event", 5, kind="events:MSExchange Management"),
    ]
    assert [["session", "event"]] == steps(runs_of(CHAIN, rows, NOBODY))


def test_an_event_joins_the_furthest_run_of_two_at_the_same_moment() -> None:
    rows = [
        match("session", 0, client_ip="192.0.2.7"),
        match("try", 4, client_ip="192.0.2.99"),
        match("event", 5, kind="events:MSExchange Management"),
    ]
    assert [["session", "event"], ["try"]] == steps(runs_of(CHAIN, rows, NOBODY))


def test_an_event_a_minute_later_stays_alone() -> None:
    rows = [match("session", 0, client_ip="192.0.2.7"), match("event", 70, kind="events:X")]
    assert [["session"], ["event"]] == steps(runs_of(CHAIN, rows, NOBODY))


def test_everyday_work_without_an_attack_beside_it_is_no_run() -> None:
    rows = [match("try", 0, client_ip="192.0.2.7"), match("recreate", 1, kind="events:X")]
    assert [["try"]] == steps(runs_of(CHAIN, rows, NOBODY))


def test_everyday_work_in_the_middle_of_an_attack_belongs_to_it() -> None:
    rows = [match("session", 0, client_ip="192.0.2.7"), match("recreate", 1, kind="events:X")]
    assert [["session", "recreate"]] == steps(runs_of(CHAIN, rows, NOBODY))


def test_a_page_joins_by_its_name_in_any_case_and_as_compiled() -> None:
    rows = [
        match("event", 0, kind="web_file", file_path="C:/x/owa/auth/Sample.ASPX"),
        match("page", 7200, kind="iis:frontend", url_path="/owa/auth/sample.aspx"),
        match("page", 7300, kind="events:S", file_path="C:/t/sample.aspx.1a2b3c4d.compiled"),
    ]
    (run,) = runs_of(CHAIN, rows, NOBODY)
    assert 3 == len(run.members)


def test_what_was_not_seen_is_named() -> None:
    rows = [match("try", 0, client_ip="192.0.2.7"), match("session", 4, client_ip="192.0.2.7")]
    (run,) = runs_of(CHAIN, rows, NOBODY)
    assert ["event", "recreate", "page"] == [step.id for step in run.missing]


@st.composite
def rows(draw: st.DrawFn) -> list[Match]:
    made = []
    for place in range(draw(st.integers(0, 12))):
        rule = draw(st.sampled_from(["try", "session", "event", "page"]))
        seconds = draw(st.one_of(st.none(), st.integers(0, 100_000)))
        values = draw(
            st.dictionaries(
                st.sampled_from(["client_ip", "canary"]),
                st.sampled_from(["192.0.2.1", "192.0.2.2"]),
            )
        )
        made.append(replace(match(rule, seconds, place=place), values=values))
    return made


@given(rows())
def test_every_match_of_the_chain_is_in_exactly_one_run(made: list[Match]) -> None:
    runs = runs_of(CHAIN, made, NOBODY)
    found = sorted(member.match.place for run in runs for member in run.members)
    assert sorted(one.place for one in made) == found


@given(rows())
def test_the_order_of_the_input_does_not_matter(made: list[Match]) -> None:
    def shape(matches: list[Match]) -> list[list[int]]:
        return sorted(
            sorted(member.match.place for member in run.members)
            for run in runs_of(CHAIN, matches, NOBODY)
        )

    assert shape(made) == shape(made[::-1])


@given(rows(), st.integers(1, 10_000))
def test_all_clocks_moved_alike_change_nothing(made: list[Match], seconds: int) -> None:
    def sizes(runs: list[Run]) -> list[int]:
        return sorted(len(run.members) for run in runs)

    later = timedelta(seconds=seconds)
    moved = [replace(one, time=one.time + later) if one.time else one for one in made]
    assert sizes(runs_of(CHAIN, made, NOBODY)) == sizes(runs_of(CHAIN, moved, NOBODY))
