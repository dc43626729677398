"""Several rows about one host: what counts, worked out by hand, and what must always hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.campaign.seen import (
    FIXED,
    ON,
    OPEN,
    PROXYLOGON,
    UNCLEAR,
    host_of,
    hosts_of,
    row,
)
from tocsin.campaign.exposure import Doubt, judge
from tocsin.campaign.gathering import Hosts
from tocsin.campaign.host_json import host_json
from tocsin.campaign.merge import Colour, CveExposure, Host, colour_of, merged
from tocsin.campaign.observation import (
    OWNER_REPORTED_WEB_SHELL,
    WEB_SHELL,
    FeedProblem,
    Method,
    Observation,
)
from tocsin.campaign.observing import Asked, observe
from tocsin.campaign.totals import Totals
from tocsin.knowledge.status import StatusWord
from tocsin.model.problem import ProblemCode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CLAIM = Method.OWNER_CLAIM
V, U, F, N = (
    StatusWord.VULNERABLE,
    StatusWord.UNDETERMINED,
    StatusWord.FIXED,
    StatusWord.NEWER_THAN_CATALOGUE,
)


def proxylogon(*rows: Observation) -> CveExposure:
    return host_of(*rows).cves[PROXYLOGON]


@pytest.mark.parametrize(
    ("rows", "statuses", "colour", "doubts"),
    [
        # One row each.
        ([row(OPEN)], [V], "red", []),
        ([row(UNCLEAR)], [U], "yellow", [Doubt.THREE_PARTS]),
        ([row(FIXED)], [F], "green", []),
        ([row()], [U], "yellow", [Doubt.NO_BUILD]),
        ([row("15.2.9999.1")], [N], "yellow", [Doubt.NEWER_BUILD]),
        # The newest counts among four parts.
        ([row(OPEN, 0), row(FIXED, 3)], [F], "green", []),
        ([row(FIXED, 0), row(OPEN, 3)], [V], "red", []),
        # Four parts say more than newer three: fixed for good, vulnerable for a week.
        ([row(FIXED, 0), row(UNCLEAR, 90)], [F], "green", []),
        ([row(OPEN, 0), row(UNCLEAR, 7)], [V], "red", []),
        ([row(OPEN, 0), row(UNCLEAR, 8)], [U], "yellow", [Doubt.STALE]),
        ([row(OPEN, 0), row(None, 8)], [U], "yellow", [Doubt.STALE]),
        # Three parts that settle it stay settled: 2013 CU10 never got an update.
        ([row("15.0.1130.7", 0), row("15.0.1130", 30)], [V], "red", []),
        # Another cumulative update: what was seen of the earlier one is over.
        ([row(FIXED, 0), row("15.1.2176", 1)], [U], "yellow", [Doubt.THREE_PARTS]),
        ([row(OPEN, 0), row("15.2.858", 1)], [F], "green", []),
        # What has no time is older than all that has one.
        ([row(FIXED, None), row(OPEN, 0)], [V], "red", []),
        # Two servers behind one address; one server whose parts lag; nobody says which.
        ([row(OPEN, 0, server="EX1"), row(FIXED, 1, server="EX2")], [V, F], "red", []),
        ([row(OPEN, 0, server="EX1"), row(FIXED, 0, server="ex1")], [F], "green", []),
        ([row(OPEN, 0), row(FIXED, 0.01)], [V, F], "red", []),
        # A row without a name speaks of the one server that is known at its port.
        ([row(OPEN, 0, server="EX1"), row(FIXED, 3)], [F], "green", []),
        # Two ports may be two servers.
        ([row(OPEN, 0, port=443), row(FIXED, 3, port=8443)], [V, F], "red", []),
        # A version out of a CPE name counts only where nothing else was seen.
        ([row(UNCLEAR, 5, method=Method.CPE), row(FIXED, 0)], [F], "green", []),
        ([row(OPEN, 0, method=Method.CPE)], [U], "yellow", [Doubt.THREE_PARTS]),
        # Signs of compromise outrank all.
        ([row(FIXED, 0), row(None, 0, evidence=(WEB_SHELL,))], [F], "red", []),
        ([row(FIXED, 0, evidence=(OWNER_REPORTED_WEB_SHELL,))], [F], "red", []),
        # The owner's word changes no colour.
        ([row(UNCLEAR, 0), row(FIXED, 1, method=CLAIM)], [U], "yellow", [Doubt.THREE_PARTS]),
        ([row(FIXED, 0, method=CLAIM)], [U], "yellow", [Doubt.NO_BUILD]),
        # So does a claim of a feed.
        ([row(FIXED, 0, claims=(PROXYLOGON,))], [F], "green", []),
    ],
)
def test_rows_are_merged_as_worked_out_by_hand(
    rows: Sequence[Observation],
    statuses: list[StatusWord],
    colour: str,
    doubts: list[Doubt],
) -> None:
    found = proxylogon(*rows)
    assert (statuses, colour, doubts) == (
        list(found.statuses),
        found.colour,
        list(found.doubts),
    )


@pytest.mark.parametrize(
    ("rows", "stands", "against"),
    [
        ([row(UNCLEAR, 0)], True, None),
        ([row(OPEN, 0)], True, None),
        ([row(OPEN, 6)], False, f"{OPEN} was seen after it"),
        ([row(FIXED, 6)], True, None),
        ([row("15.2.721", 6)], True, None),
        ([row(UNCLEAR, 0, evidence=(WEB_SHELL,))], False, "there are signs of compromise"),
    ],
)
def test_the_owners_word_stands_until_something_stronger_speaks_against_it(
    rows: Sequence[Observation], stands: bool, against: str | None
) -> None:
    found = proxylogon(*rows, row(FIXED, 5, feed="hunt", method=CLAIM))
    [word] = found.owner_words
    assert (stands, against) == (found.owner_reports_fixed, word.contradicted)


def test_the_owners_word_about_one_server_says_nothing_of_the_other() -> None:
    rows = [row(UNCLEAR, server="EX1"), row(UNCLEAR, server="EX2")]
    one = row(FIXED, 1, method=CLAIM, server="EX1")
    assert not proxylogon(*rows, one).owner_reports_fixed
    assert proxylogon(*rows, one, row(FIXED, 1, method=CLAIM, server="EX2")).owner_reports_fixed


@pytest.mark.parametrize("reverse", [False, True])
def test_an_owner_who_reports_two_servers_at_one_address_has_not_reported_it_fixed(
    reverse: bool,
) -> None:
    """Which of the two answers there nobody knows, so the open one must be told."""
    said = [row(FIXED, 5, method=CLAIM, server="A"), row(OPEN, 5, method=CLAIM, server="B")]
    found = proxylogon(row(UNCLEAR, 0), *(reversed(said) if reverse else said))
    assert not found.owner_reports_fixed
    assert [("A", "fixed"), ("B", "vulnerable")] == sorted(
        (word.about, word.judged.status) for word in found.owner_words
    )


def test_two_words_of_one_time_about_one_server_both_stand() -> None:
    said = [row(build, 5, method=CLAIM, server="EX1", file=build) for build in (OPEN, FIXED)]
    found = proxylogon(row(UNCLEAR, 0, server="EX1"), *said)
    assert [V, F] == [word.judged.status for word in found.owner_words]
    assert not found.owner_reports_fixed


def test_a_later_word_of_the_owner_replaces_the_earlier() -> None:
    said = [row(OPEN, 5, method=CLAIM), row(FIXED, 6, method=CLAIM)]
    found = proxylogon(row(UNCLEAR, 0), *said)
    assert [F] == [word.judged.status for word in found.owner_words]
    assert found.owner_reports_fixed


def test_the_owner_may_call_a_server_by_its_full_name() -> None:
    rows = [row(UNCLEAR, server="EX1"), row(UNCLEAR, server="EX2")]
    said = [row(FIXED, 1, method=CLAIM, server=f"EX{one}.corp.example") for one in (1, 2)]
    assert proxylogon(*rows, *said).owner_reports_fixed


def test_the_owners_word_about_a_server_that_nobody_else_saw_is_told() -> None:
    rows = [row(UNCLEAR, server="EX1"), row(UNCLEAR, server="EX2")]
    found = proxylogon(*rows, row(OPEN, 1, method=CLAIM, server="EX3"))
    [word] = found.owner_words
    assert ("EX3", False, V) == (word.about, word.is_seen, word.judged.status)


def test_what_another_feed_says_alone_stands_beside_what_counts() -> None:
    found = proxylogon(row(OPEN, 0, feed="shodan"), row(FIXED, 2, feed="probe"))
    assert [("shodan", V)] == [(one.feed, one.judged.status) for one in found.differing]


def test_a_claim_of_a_feed_is_kept_with_its_place() -> None:
    found = proxylogon(row(UNCLEAR, claims=(PROXYLOGON,), file="a.csv", number=3))
    [claim] = found.claimed
    assert ("probe", "a.csv", 3) == (claim.feed, claim.first.file, claim.first.row)


def test_a_server_that_others_replaced_long_ago_no_longer_counts() -> None:
    old = row(OPEN, 0, server="EX1")
    new = [row(FIXED, day, server="EX2") for day in range(1, 6)]
    assert [V, F] == list(proxylogon(old, *new[:4]).statuses)
    assert [F] == list(proxylogon(old, *new).statuses)


def test_a_host_known_by_name_joins_the_one_address_that_has_the_name() -> None:
    rows = [
        row(UNCLEAR, hostname="mail.example.org"),
        row(FIXED, 1, ip=None, hostname="MAIL.example.org."),
    ]
    [host] = hosts_of(rows).values()
    assert ("192.0.2.1", Colour.GREEN) == (host.gathered.key, host.cves[PROXYLOGON].colour)
    apart = hosts_of([*rows, row(UNCLEAR, ip="192.0.2.2", hostname="mail.example.org")])
    assert ["192.0.2.1", "192.0.2.2", "mail.example.org"] == list(apart)


def test_a_sign_of_compromise_in_a_damaged_row_is_not_lost() -> None:
    damaged = FeedProblem(
        feed="shadowserver",
        file="a.csv",
        file_sha256="0",
        row=4,
        code=ProblemCode.FIELD_COUNT,
        detail="",
        ip="192.0.2.1",
        evidence=(WEB_SHELL,),
    )
    host = hosts_of([row(FIXED), damaged])["192.0.2.1"]
    assert Colour.RED is host.cves[PROXYLOGON].colour
    assert [("a.csv", 4)] == [(one.first.file, one.first.row) for one in host.evidence]


def test_a_row_about_something_else_is_no_host_unless_it_shows_an_intruder() -> None:
    assert {} == hosts_of([row(OPEN, about_exchange=False)])
    [host] = hosts_of([row(OPEN, about_exchange=False, evidence=(WEB_SHELL,))]).values()
    assert [U] == list(host.cves[PROXYLOGON].statuses)


def test_a_result_that_names_no_host_belongs_to_none() -> None:
    hosts = Hosts()
    hosts.add(row(FIXED, ip=None, feed="hunt", method=CLAIM))
    assert (0, 1) == (len(hosts), hosts.nameless)


def test_end_of_support_is_told_apart_from_the_colour() -> None:
    host = host_of(row(FIXED))
    assert host.support is not None
    assert ("ended", Colour.GREEN) == (host.support.state, host.cves[PROXYLOGON].colour)


def test_a_decoy_that_shows_another_build_each_time_is_bounded() -> None:
    rows = [row(f"15.2.721.{number}", number, file="f") for number in range(200)]
    host = host_of(*rows)
    assert (64, True) == (len(host.gathered.sightings), host.gathered.cut)


def test_the_seven_real_rows_of_2021_have_the_colours_worked_out_by_hand(corpus: Path) -> None:
    """2019 CU7, 2016 CU19 and CU13, and 2019 CU6 got the update of March 2021, so three parts do
    not tell; two rows have a web shell; one has no version at all.
    """
    hosts = Hosts()
    for one in observe(corpus / "csirt/shadowserver/scan_exchange.csv", Asked()):
        hosts.add(one)
    totals = Totals((PROXYLOGON,))
    colours = {}
    for host in merged(hosts, totals.cves, on=ON):
        totals.take(host)
        colours[host.gathered.key] = host.cves[PROXYLOGON].colour.value
    assert {
        "12.33.7.8": "yellow",
        "12.237.1.2": "yellow",
        "41.204.9.10": "yellow",
        "62.33.11.12": "yellow",
        "98.153.3.4": "red",
        "199.33.13.14": "yellow",
        "206.210.5.6": "red",
    } == colours
    found = totals.together
    assert (2, 5, 0, 2, 5) == (
        found.red,
        found.yellow,
        found.green,
        found.compromised,
        found.yellow_claimed,
    )
    assert {Doubt.THREE_PARTS: 4, Doubt.NO_BUILD: 1} == found.yellow_by


BUILDS = [OPEN, FIXED, UNCLEAR, "15.1.2176", "15.1.2176.9", "15.2.858", "15.0.1130", None]


@st.composite
def rows_of_one_host(draw: st.DrawFn) -> list[Observation]:
    found = []
    for number in range(draw(st.integers(1, 8))):
        build = draw(st.sampled_from(BUILDS))
        claimed = build is not None and draw(st.integers(0, 4)) == 0
        method = CLAIM if claimed else None
        if not claimed and build is not None and draw(st.integers(0, 4)) == 0:
            method = Method.CPE
        found.append(
            row(
                build,
                draw(st.one_of(st.none(), st.integers(0, 12), st.floats(0, 12))),
                feed=draw(st.sampled_from(["probe", "shodan", "shadowserver"])),
                method=method,
                port=draw(st.sampled_from([443, 443, 8443, None])),
                server=draw(st.sampled_from([None, None, "EX1", "EX2"])),
                evidence=(WEB_SHELL,) if draw(st.integers(0, 9)) == 0 else (),
                claims=(PROXYLOGON,) if draw(st.integers(0, 3)) == 0 else (),
                number=number,
            )
        )
    return found


def told(host: Host) -> tuple[object, ...]:
    """All that is told of a host: places of looks in memory are not."""
    return dict(host.cves), host.transitions, host.support, host.evidence, host.vanished


@given(rows_of_one_host(), st.randoms(use_true_random=False))
def test_the_order_of_rows_makes_no_difference(rows: list[Observation], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis hands a random.Random
    assert told(host_of(*rows)) == told(host_of(*shuffled))


@given(rows_of_one_host())
def test_the_same_rows_again_change_nothing(rows: list[Observation]) -> None:
    assert told(host_of(*rows)) == told(host_of(*rows, *rows))


@given(rows_of_one_host(), st.floats(0, 20))
def test_a_web_shell_never_makes_a_host_look_better(rows: list[Observation], days: float) -> None:
    before = host_of(*rows)
    after = host_of(*rows, row(None, days, evidence=(WEB_SHELL,)))
    for cve, exposure in before.cves.items():
        assert after.cves[cve].colour.rank >= exposure.colour.rank
    assert Colour.RED is colour_of(after, list(after.cves))


@given(rows_of_one_host())
def test_removing_a_source_never_invents_fixed(rows: list[Observation]) -> None:
    """Whatever is taken away, fixed needs a row that is left and shows it, and is no claim."""
    for gone in {one.feed for one in rows}:
        left = [one for one in rows if one.feed != gone]
        if not left:
            continue
        shown = {
            judge(one, (PROXYLOGON,))[PROXYLOGON].status for one in left if one.method is not CLAIM
        }
        assert F not in host_of(*left).cves[PROXYLOGON].statuses or F in shown


@given(rows_of_one_host())
def test_the_owners_word_never_changes_a_colour(rows: list[Observation]) -> None:
    observed = [one for one in rows if one.method is not CLAIM]
    if observed:
        without, with_claims = host_of(*observed), host_of(*rows)
        assert without.cves[PROXYLOGON].statuses == with_claims.cves[PROXYLOGON].statuses


def test_the_newer_build_that_decides_is_told_beside_the_outdated_one() -> None:
    host = host_of(row("15.0.1130.7", 0), row("15.0.1130", 30))
    totals = Totals([PROXYLOGON])
    totals.take(host)

    (server,) = host_json(host, totals, None)["servers"]

    assert [("15.0.1130.7", True), ("15.0.1130", False)] == [
        (one["build"], one["outdated"]) for one in server["builds"]
    ]
