"""What changed on a host over time: by hand, and against a naive replay of the scans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.campaign.seen import FIXED, OPEN, PROXYLOGON, UNCLEAR, at, hosts_of, row
from tocsin.campaign.nodes import Rules
from tocsin.campaign.observation import Method
from tocsin.campaign.transitions import Change

if TYPE_CHECKING:
    from datetime import datetime

    from tocsin.campaign.observation import Observation
    from tocsin.campaign.transitions import Transition

HOST = "192.0.2.1"
Short = tuple[str, float | None, float]


def days(time: datetime | None) -> float | None:
    return None if time is None else (time - at(0)).total_seconds() / 86_400


def short(found: tuple[Transition, ...]) -> list[Short]:
    return [(one.change.value, days(one.after), days(one.before) or 0.0) for one in found]


def changes(*rows: Observation, host: str = HOST) -> list[Short]:
    return short(hosts_of(rows)[host].transitions)


def others(*on: float, feed: str = "probe") -> list[Observation]:
    """Two other hosts in each scan, so that a scan without ours says something."""
    return [row(UNCLEAR, day, feed=feed, ip=f"198.51.100.{last}") for day in on for last in (1, 2)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row(OPEN, 0)], [("first_seen", None, 0)]),
        (
            [row(OPEN, 0), row(OPEN, 2), row(FIXED, 5), row(FIXED, 9)],
            [("first_seen", None, 0), ("fixed", 2, 5)],
        ),
        # Three parts tell nothing, and so they change nothing.
        (
            [row(OPEN, 0), row(UNCLEAR, 3), row(FIXED, 5)],
            [("first_seen", None, 0), ("fixed", 0, 5)],
        ),
        ([row(UNCLEAR, 0), row(FIXED, 5)], [("first_seen", None, 0)]),
        (
            [row(OPEN, 0), row(FIXED, 5), row(OPEN, 9), row(FIXED, 11)],
            [
                ("first_seen", None, 0),
                ("fixed", 0, 5),
                ("vulnerable_again", 5, 9),
                ("fixed", 9, 11),
            ],
        ),
        # Two servers: that one is fixed says nothing of the other.
        (
            [row(OPEN, 0, server="EX1"), row(FIXED, 5, server="EX2")],
            [("first_seen", None, 0)],
        ),
        # Missing in one scan is an accident; in two it is vanished, which is not fixed.
        ([row(OPEN, 0), *others(0, 1)], [("first_seen", None, 0)]),
        ([row(OPEN, 0), *others(0, 1, 2)], [("first_seen", None, 0), ("vanished", 0, 1)]),
        (
            [row(OPEN, 0), *others(0, 1, 2, 3), row(FIXED, 4), *others(4)],
            [
                ("first_seen", None, 0),
                ("vanished", 0, 1),
                ("back", 3, 4),
                ("fixed", 0, 4),
            ],
        ),
        # Scans of another feed say nothing of a host that it never saw.
        (
            [row(OPEN, 0), *others(0), *others(1, 2, 3, feed="shodan")],
            [("first_seen", None, 0)],
        ),
        # Another feed that still sees it: it did not vanish.
        (
            [row(OPEN, 0), *others(0, 1, 2), row(OPEN, 3, feed="shodan")],
            [("first_seen", None, 0), ("vanished", 0, 1), ("back", 2, 3)],
        ),
        # What the owner says is no look.
        (
            [row(OPEN, 0), row(FIXED, 5, feed="hunt", method=Method.OWNER_CLAIM)],
            [("first_seen", None, 0)],
        ),
        # Nothing is told of rows without a time.
        ([row(OPEN, None), row(FIXED, None, file="b")], []),
    ],
)
def test_changes_are_told_as_worked_out_by_hand(
    rows: list[Observation], expected: list[Short]
) -> None:
    assert sorted(expected, key=lambda one: one[2]) == changes(*rows)


def test_a_scan_that_broke_off_makes_nobody_vanish() -> None:
    many = [row(UNCLEAR, 0, ip=f"198.51.100.{last}") for last in range(10)]
    broken = [row(UNCLEAR, day, ip="198.51.100.1") for day in (2, 3)]
    again = [row(UNCLEAR, day, ip=f"198.51.100.{last}") for last in range(10) for day in (1, 4, 5)]
    assert [("first_seen", None, 0), ("vanished", 1, 4)] == changes(
        *many, row(OPEN, 0), row(OPEN, 1), *broken, *again
    )


def test_a_scan_of_other_hosts_makes_nobody_vanish() -> None:
    elsewhere = [
        row(UNCLEAR, day, ip=f"203.0.113.{10 * day + last}") for day in (1, 2) for last in range(3)
    ]
    assert [("first_seen", None, 0)] == changes(row(OPEN, 0), *others(0), *elsewhere)


def test_reports_of_one_feed_that_look_for_other_things_are_told_apart() -> None:
    ours = "2021-05-01-scan_exchange-nl.csv"
    rest = [
        row(UNCLEAR, day, ip=f"198.51.100.{last}", file=f"2021-05-0{1 + day}-special-nl.csv")
        for day in (0, 1, 2)
        for last in (1, 2)
    ]
    assert [("first_seen", None, 0)] == changes(row(OPEN, 0, file=ours), *rest)


@pytest.mark.parametrize("name", ["2021-05-0{day}-scan_exchange-{who}.csv", "{day}-{who}.csv"])
def test_reports_for_several_recipients_make_no_host_vanish(name: str) -> None:
    """Three networks, a file for each and day: each file is silent about the other two."""
    rows = [
        row(
            OPEN,
            day + who / 10,
            ip=f"198.51.100.{10 * who + last}",
            file=name.format(day=1 + day, who="abc"[who]),
        )
        for day in range(4)
        for who in range(3)
        for last in range(3)
    ]
    assert [("first_seen", None, 0)] == changes(*rows, host="198.51.100.0")


def test_recipients_that_share_a_host_are_told_apart_by_the_names_of_their_reports() -> None:
    rows = [
        row(OPEN, day + who / 10, ip=ip, file=f"2021-05-0{1 + day}-scan_exchange-{'abc'[who]}.csv")
        for day in range(4)
        for who in range(3)
        for ip in ("203.0.113.1", f"198.51.100.{who}")
    ]
    assert [("first_seen", None, 0)] == changes(*rows, host="198.51.100.0")


def test_looks_that_overlap_tell_no_order() -> None:
    """Both files span the day; which of the two answers came first nobody knows."""
    rows = [
        row(OPEN, 0.2, file="a"),
        row(OPEN, 0.8, file="a"),
        row(FIXED, 0.5, file="b"),
        row(FIXED, 2, file="c"),
    ]
    assert [("first_seen", None, 0.2), ("fixed", 0.8, 2)] == changes(*rows)


def test_days_of_one_file_are_looks_of_their_own_and_no_scans() -> None:
    rows = [row(OPEN, 0, file="all"), row(FIXED, 5, file="all")]
    rest = [row(UNCLEAR, day, ip="198.51.100.1", file="all") for day in range(30)]
    assert [("first_seen", None, 0), ("fixed", 0, 5)] == changes(*rows, *rest)


def test_how_many_scans_must_miss_a_host_is_for_the_user_to_say() -> None:
    rows = [row(OPEN, 0), *others(0, 1)]
    [host] = [
        host for key, host in hosts_of(rows, rules=Rules(absent_after=1)).items() if key == HOST
    ]
    assert host.vanished is not None
    assert Change.VANISHED is host.vanished.change


def replay(seen: list[str | None], absent_after: int) -> list[Short]:
    """Scan by scan, as a person would go through them; None is a scan without the host."""
    word = {OPEN: True, FIXED: False}
    found: list[Short] = []
    last_seen: int | None = None
    missed: list[int] = []
    state: tuple[bool, int] | None = None
    for day, build in enumerate(seen):
        if build is None:
            missed.append(day)
            continue
        if last_seen is None:
            found.append(("first_seen", None, day))
        elif len(missed) >= absent_after:
            found.append(("vanished", last_seen, missed[0]))
            found.append(("back", missed[-1], day))
        last_seen, missed = day, []
        is_open = word.get(build)
        if is_open is not None:
            if state is not None and state[0] is not is_open:
                kind = "vulnerable_again" if is_open else "fixed"
                found.append((kind, state[1], day))
            state = is_open, day
    if last_seen is not None and len(missed) >= absent_after:
        found.append(("vanished", last_seen, missed[0]))
    return found


@given(
    st.lists(st.sampled_from([OPEN, FIXED, UNCLEAR, None]), min_size=1, max_size=14),
    st.integers(1, 3),
)
def test_changes_equal_a_naive_replay(seen: list[str | None], absent_after: int) -> None:
    rows = [row(build, day) for day, build in enumerate(seen) if build is not None]
    rest = others(*range(-1, len(seen)))
    if not rows:
        return
    host = hosts_of([*rows, *rest], (PROXYLOGON,), Rules(absent_after=absent_after))[HOST]
    assert sorted(replay(seen, absent_after)) == sorted(short(host.transitions))
