"""How hosts stand while rows come in, against all that is worked out of them from nothing."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.campaign.seen import CVES, FIXED, OPEN, UNCLEAR, row
from tocsin.campaign import gathering
from tocsin.campaign.gathering import Hosts
from tocsin.campaign.merge import colour_of, merged
from tocsin.campaign.nodes import Rules
from tocsin.campaign.observation import FeedProblem, Method, Observation
from tocsin.campaign.standing import Standing, Stood
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    import pytest

RULES = Rules(absent_after=2)
ON = date(2021, 3, 20)

OTHER_CU = "15.2.792.10"
REPORT = "2021-05-0{}-scan_exchange-{}.csv"

some_row = st.builds(
    row,
    st.sampled_from([OPEN, FIXED, UNCLEAR, OTHER_CU, None]),
    st.one_of(
        st.none(),
        st.integers(0, 9),
        st.sampled_from([0.5, 0.51, 1.5, 7.4, 7.6, 8.5, 8.53]),
    ),
    feed=st.sampled_from(["probe", "shodan", "hunt"]),
    ip=st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", None]),
    port=st.sampled_from([443, 444, None]),
    server=st.sampled_from([None, None, "EX1", "ex2"]),
    file=st.sampled_from([None, None, None, "one", REPORT.format(1, "a"), REPORT.format(2, "a")]),
    number=st.integers(1, 3),
    hostname=st.sampled_from(["", "mail.example.org", "owa.example.org"]),
    evidence=st.sampled_from([(), (), (), ("web_shell",)]),
    builds=st.sampled_from(
        [
            (),
            (),
            ((UNCLEAR, Method.CPE),),
            ((OPEN, Method.OWA_HEADER), (FIXED, Method.OWA_HEADER)),
            ((FIXED, Method.OWNER_CLAIM),),
        ]
    ),
    about_exchange=st.sampled_from([True, True, True, False]),
)
in_order = st.lists(some_row, max_size=40).map(
    lambda rows: sorted(rows, key=lambda one: (one.time_utc is not None, one.time_utc or 0))
)


def from_nothing(hosts: Hosts, cves: tuple[str, ...]) -> list[Stood]:
    return [
        Stood(
            key=host.gathered.key,
            colour=colour_of(host, cves),
            compromised=bool(host.evidence),
            vanished=host.vanished is not None,
        )
        for host in merged(hosts, cves, on=ON, rules=RULES)
    ]


def same_at_every_point(rows: list[Observation], points: set[int], cves: tuple[str, ...]) -> None:
    hosts = Hosts()
    standing = Standing(hosts, cves, RULES)
    for place, one in enumerate(rows):
        hosts.add(one)
        if place in points or place == len(rows) - 1:
            assert sorted(from_nothing(hosts, cves)) == sorted(standing.now())


@settings(max_examples=300)
@given(in_order, st.sets(st.integers(0, 40)), st.sampled_from([CVES[:1], CVES]))
def test_asked_at_any_time_it_says_what_all_rows_until_then_say(
    rows: list[Observation], points: set[int], cves: tuple[str, ...]
) -> None:
    same_at_every_point(rows, points, cves)


@given(st.lists(some_row, max_size=25), st.sets(st.integers(0, 25)))
def test_rows_in_another_order_make_it_slow_and_not_wrong(
    rows: list[Observation], points: set[int]
) -> None:
    same_at_every_point(rows, points, CVES)


def test_a_host_of_which_too_much_is_seen_loses_scans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MAX_SIGHTINGS", 2)
    monkeypatch.setattr(gathering, "MAX_LOOKS", 9)
    rows = [
        row(f"15.2.{number}.{day}", day, ip=f"192.0.2.{number % 3}", feed=feed)
        for day in range(12)
        for number in range(day % 4, 6)
        for feed in ("probe", "shodan")[: 1 + (number + day) % 2]
    ]

    same_at_every_point(rows, set(range(0, len(rows), 5)), CVES)


def test_a_damaged_row_with_a_sign_makes_its_host_red() -> None:
    hosts = Hosts()
    standing = Standing(hosts, CVES, RULES)
    hosts.add(row(FIXED))
    assert [False] == [one.compromised for one in standing.now()]
    hosts.add(
        FeedProblem(
            feed="probe",
            file="probe-0",
            file_sha256="probe-0",
            row=9,
            code=ProblemCode.BAD_VALUE,
            detail="",
            ip="192.0.2.1",
            evidence=("web_shell",),
        )
    )

    assert [True] == [one.compromised for one in standing.now()]
