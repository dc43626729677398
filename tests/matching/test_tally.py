"""Drafts of parts, put together, are the tally of the whole; and a flood has its bounds."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.matching import room as rooms
from tocsin.matching import tally as tallies
from tocsin.matching.match import Match
from tocsin.matching.tally import Draft, Tally
from tocsin.model.artefact import Artefact
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LOG = Artefact(path=EvidencePath.plain("a.log"), format="iis", size_bytes=1)
OURS = frozenset("pqrst")
PER_RULE, MOST_OF_PACKS, MOST_LEADS = 5, 12, 7
PARTS = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from("pqrstxyz") | st.sampled_from("px"),
            st.integers(0, 9).map(lambda n: f"/{n}"),
        ),
        max_size=60,
    ),
    max_size=6,
)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "MATCHES_PER_RULE", PER_RULE)
    monkeypatch.setattr(tallies, "MATCHES", MOST_OF_PACKS)
    monkeypatch.setattr(tallies, "LEADS", MOST_LEADS)


def match(rule: str, page: str, place: int) -> Match:
    return Match(
        rule=rule,
        artefact=LOG,
        kind="iis",
        time=None,
        place=place,
        values={"url_path": page},
        text="",
    )


def numbered(pairs: Iterable[tuple[str, str]]) -> list[Match]:
    return [match(rule, page, place) for place, (rule, page) in enumerate(pairs)]


def tallied(matches: Iterable[Match]) -> Tally:
    tally = Tally(ours=OURS)
    for one in matches:
        tally.keep(one)
    return tally


def slowly(matches: Sequence[Match], most: int) -> list[Match]:
    """What is kept of matches of one kind, by its definition."""
    ranked: list[tuple[int, int, Match]] = []
    for rule in {one.rule for one in matches}:
        own = [one for one in matches if one.rule == rule]
        first = {one.values["url_path"]: one for one in reversed(own)}.values()
        news = sorted(first, key=lambda one: one.place)
        again = [one for one in own if one not in news]
        ranks = [*enumerate(news), *enumerate(again, start=PER_RULE)]
        ranked += [(rank, one.place, one) for rank, one in ranks[:PER_RULE]]
    return sorted(
        (one for *_, one in sorted(ranked, key=lambda item: item[:2])[:most]),
        key=lambda one: one.place,
    )


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300
)
@given(parts=PARTS)
def test_drafts_put_together_are_one_tally(parts: Sequence[Sequence[tuple[str, str]]]) -> None:
    everything = numbered(pair for part in parts for pair in part)
    whole, together, rest = tallied(everything), Tally(ours=OURS), list(everything)
    for part in parts:
        own, rest = rest[: len(part)], rest[len(part) :]
        draft: Draft = pickle.loads(pickle.dumps(tallied(own).draft()))  # noqa: S301 our own
        assert len(draft.kept) <= MOST_OF_PACKS + MOST_LEADS
        together.absorb(draft)
    assert whole.matches == together.matches
    assert +whole.counts == +together.counts
    assert whole.limits() == together.limits()


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300
)
@given(parts=PARTS)
def test_what_is_kept_is_what_the_definition_keeps(
    parts: Sequence[Sequence[tuple[str, str]]],
) -> None:
    everything = numbered(pair for part in parts for pair in part)
    ours = [one for one in everything if one.rule in OURS]
    leads = [one for one in everything if one.rule not in OURS]
    expected = {one.place for one in slowly(ours, MOST_OF_PACKS) + slowly(leads, MOST_LEADS)}
    assert sorted(expected) == [one.place for one in tallied(everything).matches]


def test_each_rule_s_first_match_is_kept_before_any_second() -> None:
    flood = [("p", f"/{page}") for page in range(5)] + [("q", f"/{page}") for page in range(5)]
    late = [(rule, "/late") for rule in "rst"]
    kept = [one.rule for one in tallied(numbered([*flood, *flood, *late])).matches]
    assert {"p": 5, "q": 4, "r": 1, "s": 1, "t": 1} == {rule: kept.count(rule) for rule in OURS}


def test_leads_take_no_room_from_rules_of_packs() -> None:
    leads = [(f"lead-{number}", "/x") for number in range(100)]
    ours = [("p", f"/{page}") for page in range(5)]
    kept = [one.rule for one in tallied(numbered([*leads, *ours, *leads])).matches]
    assert [f"lead-{number}" for number in range(MOST_LEADS)] + ["p"] * 5 == kept


def test_what_there_was_no_room_for_is_said() -> None:
    leads = [(f"lead-{number}", "/x") for number in range(MOST_LEADS + 3)]
    tally = tallied(numbered(leads + leads))
    rows, silent = tally.limits()
    assert rows == (
        "Your rules and lists matched 13 rows more than the 7 that are kept of them together, "
        "each one's first before any one's second. The others are counted only."
    )
    assert silent == (
        "Your rules and lists matched so much that 3 of them are not among the leads, for none of "
        "their rows is kept: hunt again with fewer of them."
    )
    assert {2} == set(tally.counts.values())


def test_the_share_of_one_rule_is_no_want_of_room() -> None:
    tally = tallied(numbered([("p", "/x")] * 100))
    assert ([], PER_RULE, 100) == (tally.limits(), len(tally.matches), tally.counts["p"])
