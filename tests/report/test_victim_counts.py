"""Counting hosts: nobody twice, nobody lost, and each share with what it is a share of."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.grade import Assurance, Level
from tocsin.report.victim_counts import UNKNOWN, summary
from tocsin.report.victims import Victim

BROKEN_INTO = {Level.COMPROMISED, Level.EXPLOITED}


def victim(
    name: str = "MX1",
    source: str = "a",
    level: Level = Level.EXPLOITED,
    day: int | None = None,
    **more: object,
) -> Victim:
    plain: dict[str, object] = {
        "assurance": Assurance.COMPLETE,
        "packs": (),
        "succeeded": frozenset(),
        "tried": frozenset(),
        "overlaps": frozenset(),
    }
    first = None if day is None else datetime(2021, 3, day, tzinfo=UTC)
    return Victim(name=name, source=source, level=level, first_seen=first, **plain | more)  # type: ignore[arg-type] # the fields of a victim, by name


victims = st.lists(
    st.builds(
        victim,
        st.sampled_from(["MX1", "MX2", "MX3"]),
        st.sampled_from("abc"),
        st.sampled_from(list(Level)),
        st.none() | st.integers(1, 28),
    )
)
owners = st.dictionaries(
    st.sampled_from(["mx1", "mx2", "b", "mx9"]),
    st.fixed_dictionaries({"sector": st.sampled_from(["health", "energy"])}),
)


@given(st.lists(victims), owners)
def test_each_host_is_in_one_group_and_one_level(
    results: list[list[Victim]], listed: dict[str, dict[str, str]]
) -> None:
    found = summary(results, listed)
    different = {(one.name, one.source) for result in results for one in result}
    assert len(different) == found.all_hosts.hosts
    assert found.all_hosts.hosts == sum(group.hosts for group in found.groups)
    assert len(listed) == sum(group.listed or 0 for group in found.groups)
    for group in (found.all_hosts, *found.groups):
        assert group.hosts == sum(one.share.hosts for one in group.levels)
        assert group.broken_into.hosts <= group.at_most.hosts <= group.hosts
        assert group.first_seen.hosts == sum(group.first_seen.weeks.values())
        assert group.first_seen.of == group.broken_into.hosts


@given(st.lists(victims), owners)
def test_the_order_of_hosts_within_results_does_not_matter(
    results: list[list[Victim]], listed: dict[str, dict[str, str]]
) -> None:
    once = [list({(one.name, one.source): one for one in result}.values()) for result in results][
        :1
    ]
    assert summary(once, listed) == summary([one[::-1] for one in once], listed)


def test_a_host_that_was_hunted_again_counts_once_as_the_later_result_says() -> None:
    found = summary([[victim(level=Level.PROBED)], [victim(level=Level.COMPROMISED)]])
    assert (1, 1) == (found.all_hosts.hosts, found.repeated)
    assert 1 == found.all_hosts.broken_into.hosts


def test_hosts_of_one_name_from_several_sources_are_several_and_are_named() -> None:
    found = summary([[victim(source="a")], [victim(source="b")]])
    assert (2, ("MX1",)) == (found.all_hosts.hosts, found.same_name)


def test_a_sector_without_a_result_is_there_with_what_was_listed() -> None:
    found = summary([[victim()]], {"mx9": {"sector": "energy"}})
    assert [("energy", 0, 1), (UNKNOWN, 1, 0)] == [
        (group.name, group.hosts, group.listed) for group in found.groups
    ]
    assert (None, None) == (found.groups[0].broken_into.low, found.groups[0].broken_into.high)


def test_a_pack_is_a_share_of_the_hosts_that_it_applies_to() -> None:
    packs = (("proxylogon", Level.COMPROMISED), ("proxyshell", None))
    found = summary([[victim(packs=packs), victim(name="MX2")]]).all_hosts
    first, second = found.packs
    assert (1, 1, {"compromised": 1}) == (
        first.broken_into.hosts,
        first.broken_into.of,
        first.levels,
    )
    assert (0, 1, 1) == (second.broken_into.hosts, second.broken_into.of, second.undecided)


def test_chains_are_told_apart_by_their_cves_and_by_success() -> None:
    pair, single = ("CVE-2021-26855", "CVE-2021-27065"), ("CVE-2021-26855",)
    found = summary(
        [[victim(succeeded=frozenset({pair}), tried=frozenset({single})), victim(name="MX2")]]
    )
    told = [(one.cves, one.succeeded.hosts, one.tried.hosts) for one in found.all_hosts.chains]
    assert [(single, 0, 1), (pair, 1, 0)] == told


def test_overlaps_are_a_share_of_the_hosts_broken_into() -> None:
    seen = frozenset({("some overlap", "G")})
    found = summary(
        [[victim(overlaps=seen), victim(name="MX2"), victim(name="MX3", level=Level.PROBED)]]
    )
    [overlap] = found.all_hosts.overlaps
    assert ("some overlap", "G", 1, 2) == (
        overlap.wording,
        overlap.group,
        overlap.share.hosts,
        overlap.share.of,
    )


def test_first_traces_have_weeks_that_begin_on_mondays() -> None:
    days = [victim(name=f"MX{day}", day=day) for day in (1, 3, 7, 8)]
    seen = summary([[*days, victim(name="MX9")]]).all_hosts.first_seen
    assert (4, 5) == (seen.hosts, seen.of)
    assert {"2021-03-01": 3, "2021-03-08": 1} == seen.weeks
    assert ("2021-03-01", "2021-03-03", "2021-03-08") == (seen.earliest, seen.median, seen.latest)


def test_hosts_can_be_counted_by_country() -> None:
    found = summary([[victim()]], {"mx1": {"sector": "health", "country": "CH"}}, "country")
    assert ("country", ["CH"]) == (found.by, [group.name for group in found.groups])
