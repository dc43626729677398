"""Which groups are named, in which words, and when none is."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.findings.test_overlap import GROUPS, SEEN, WAYS
from tocsin.findings.groups import SOME, Evidence, overlaps, ways_of
from tocsin.findings.overlap import FEWEST
from tocsin.knowledge.groups import Groups, Trait, groups

NOTHING = Evidence(
    techniques=frozenset(),
    addresses=frozenset(),
    file_names=frozenset(),
    texts=(),
)
KNOWN = Groups(
    group=GROUPS,
    trait=(
        Trait(of="Cluster", kind="address", values=("192.0.2.9",)),
        Trait(of="Cluster", kind="domain", values=("evil.example",)),
        Trait(of="Cluster", kind="file_name", values=("x.aspx",)),
        Trait(of="Other", kind="file_name", values=("y.aspx",)),
    ),
)


def test_thin_evidence_names_nobody() -> None:
    few = frozenset(SEEN[2 : 1 + FEWEST])
    assert [] == overlaps(replace(NOTHING, techniques=few), KNOWN, WAYS)


def test_a_group_is_named_with_what_that_is_worth() -> None:
    own = frozenset(GROUPS[3].techniques)
    assert WAYS.calibrated(len(own)).right_of_named >= SOME
    (found, *_) = overlaps(replace(NOTHING, techniques=own), KNOWN, WAYS)
    assert ("Group 3", 1.0, 1) == (found.name, found.overlap, found.shared_by)
    assert "overlap with the published techniques of Group 3" in found.wording
    assert "no attribution" in found.wording
    assert " is Group 3" not in found.wording


def test_a_file_name_alone_names_nobody() -> None:
    names = frozenset({"x.aspx", "y.aspx"})
    assert [] == overlaps(replace(NOTHING, file_names=names), KNOWN, WAYS)


def test_a_published_address_is_an_overlap_and_a_file_name_stands_beside_it() -> None:
    seen = replace(
        NOTHING, addresses=frozenset({"192.0.2.9"}), file_names=frozenset({"x.aspx", "y.aspx"})
    )
    (found,) = overlaps(seen, KNOWN, WAYS)
    assert "Cluster" == found.name
    assert "address 192.0.2.9, file name x.aspx" in found.wording


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("get https://evil.example/a", 1),
        ("cdn.evil.example:443", 1),
        ("not-evil.example", 0),
        ("evil.example-shop.test", 0),
        ("evil.examples", 0),
        ("evil.examples and evil.example", 1),
    ],
)
def test_a_domain_must_stand_alone(text: str, expected: int) -> None:
    assert expected == len(overlaps(replace(NOTHING, texts=(text,)), KNOWN, WAYS))


def test_what_all_who_come_through_exchange_do_names_no_group() -> None:
    known = groups()
    everything = {one for group in known.group for one in group.techniques}
    usual = {"T1190", "T1505.003", "T1059.001", "T1059.003", "T1003.001", "T1560.001", "T1105"}
    for observable in (everything, usual | {"T1114.002", "T1136.002", "T1098", "T1486"}):
        ways = ways_of(known, frozenset(observable))
        assert [] == overlaps(replace(NOTHING, techniques=frozenset(usual)), known, ways)


def test_random_sets_of_real_techniques_seldom_name_a_group() -> None:
    known = groups()
    ways = ways_of(known, frozenset(one for group in known.group for one in group.techniques))
    dice = random.Random(11)
    named = 0
    for _ in range(200):
        some = frozenset(dice.sample(ways.observable, 9))
        named += bool(overlaps(replace(NOTHING, techniques=some), known, ways))
    assert named <= 20
