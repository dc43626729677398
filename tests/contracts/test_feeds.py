"""What every scan feed must fulfil, checked over the whole registry.

The law: each row is an observation or a problem, numbered from 1 without gaps.
"""

from __future__ import annotations

import dataclasses
import io
import ipaddress
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings

from tests.contracts.trickle import trickle
from tests.events.mutations import CHANGES, DAMAGE, Damage
from tocsin.campaign.feed import HEAD_BYTES, Feed, FeedContext, all_feeds
from tocsin.campaign.observation import (
    MAX_EXTRA,
    MAX_LIST,
    MAX_TEXT,
    FeedProblem,
    FeedRow,
    Method,
    Observation,
    seen_builds,
)

if TYPE_CHECKING:
    from tests.events.mutations import Change

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "observe.md").read_text(
    encoding="utf-8"
)
NAMES = list(all_feeds())
per_feed = pytest.mark.parametrize("name", NAMES)
LINES = [name for name in NAMES if name not in {"nmap", "hunt", "n6"}]
"""Feeds with a row on each line of their samples, or several."""


def feed_of(name: str) -> Feed:
    return all_feeds()[name]


def context_of(feed: Feed) -> FeedContext:
    return FeedContext(file=feed.sample_name, sha256="0" * 64, mapping=feed.sample_mapping)


def read(feed: Feed, data: bytes) -> list[FeedRow]:
    return list(feed.read(io.BytesIO(data), context_of(feed)))


def observations(rows: list[FeedRow]) -> list[Observation]:
    return [row for row in rows if isinstance(row, Observation)]


def without_row(row: FeedRow) -> FeedRow:
    return dataclasses.replace(row, row=1)


# What a feed says of itself.


def test_there_are_the_feeds_of_the_interface() -> None:
    interface = "shadowserver shodan censys nmap nuclei intelmq n6 probe hunt csv"
    assert set(interface.split()) == set(NAMES)


@per_feed
def test_a_feed_is_named_like_its_file_and_says_what_it_is(name: str) -> None:
    feed = feed_of(name)
    assert name == feed.name
    assert feed.title
    assert feed.unit
    assert len(feed.reference) > 20


@per_feed
def test_a_feed_has_its_line_in_the_reference(name: str) -> None:
    assert re.search(rf"^\| `{name}` \| .+ \| .+ \|$", PAGE, flags=re.MULTILINE)


def test_every_method_has_its_line_in_the_reference_and_no_other() -> None:
    table = PAGE.partition("| `method` |")[2].partition("\n\n")[0]
    assert [method.value for method in Method] == re.findall(
        r"^\| `(\w+)` \|", table, re.MULTILINE
    )


@per_feed
def test_the_sample_is_recognised_by_its_own_feed_alone(name: str) -> None:
    feed = feed_of(name)
    head = feed.sample[:HEAD_BYTES]
    found = [one.name for one in all_feeds().values() if one.recognise(head, feed.sample_name)]
    sure = [one for one in found if not feed_of(one).needs_mapping] or found
    assert [name] == sure


@per_feed
def test_an_empty_file_and_noise_are_not_recognised(name: str) -> None:
    feed = feed_of(name)
    assert not feed.recognise(b"", "report")
    assert not feed.recognise(b"\0" * 4096, "report")
    assert not feed.recognise(b"\x93\x1f\x00 nothing that any feed says \xff\n" * 99, "report")


@per_feed
def test_a_sample_holds_no_address_or_name_of_anybody(name: str) -> None:
    documentation = [
        ipaddress.ip_network(one)
        for one in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    ]
    for row in observations(read(feed_of(name), feed_of(name).sample)):
        address = ipaddress.ip_address(row.ip) if row.ip else None
        assert address is None or any(address in network for network in documentation)
        for text in (row.hostname, *row.names):
            assert text is None or re.search(r"(^|\.)example\.(org|com|net)$", text)


# What it makes of its sample.


@per_feed
def test_the_sample_has_its_rows_and_no_problem(name: str) -> None:
    feed = feed_of(name)
    rows = read(feed, feed.sample)
    assert [] == [row for row in rows if isinstance(row, FeedProblem)]
    assert feed.sample_rows == len(rows)
    check(feed, rows)


@per_feed
def test_the_sample_shows_a_build(name: str) -> None:
    shown = {
        row.build is not None for row in observations(read(feed_of(name), feed_of(name).sample))
    }
    assert True in shown or name == "n6"  # n6 drops the version


@per_feed
def test_short_reads_and_utf_16_change_nothing(name: str) -> None:
    feed = feed_of(name)
    whole = read(feed, feed.sample)
    assert whole == list(feed.read(trickle(feed.sample, step=7), context_of(feed)))
    if name not in {"nmap", "hunt"}:
        assert whole == read(feed, feed.sample.decode().encode("utf-16"))


# What it makes of damage.


@per_feed
@settings(max_examples=80)
@given(damage=DAMAGE)
@example(damage=Damage(()))
def test_damage_never_crashes_and_no_row_is_without_a_place(name: str, damage: Damage) -> None:
    feed = feed_of(name)
    rows = read(feed, damage.applied(feed.sample))
    check(feed, rows)


@per_feed
@settings(max_examples=25)
@given(damage=DAMAGE)
def test_the_same_file_twice_gives_the_same_rows(name: str, damage: Damage) -> None:
    feed = feed_of(name)
    data = damage.applied(feed.sample)
    assert read(feed, data) == read(feed, data)


@per_feed
@settings(max_examples=25)
@given(damage=DAMAGE)
def test_recognising_never_raises(name: str, damage: Damage) -> None:
    feed = feed_of(name)
    data = damage.applied(feed.sample)[:HEAD_BYTES]
    assert feed.recognise(data, "x") in {True, False}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize(
    "garbage", [b"{", b'{"ip":', b'"', b"]", b'"a";"b', b"\xff\xfe\0{", b"garbage"]
)
def test_a_damaged_line_costs_only_itself(name: str, garbage: bytes) -> None:
    feed = feed_of(name)
    first, _, rest = feed.sample.partition(b"\n")
    whole = read(feed, feed.sample)
    damaged = read(feed, b"\n".join((first, garbage, rest)))
    assert 1 == len(damaged) - len(whole)
    kept = [without_row(row) for row in damaged if isinstance(row, Observation)]
    assert [without_row(row) for row in whole] == kept


@pytest.mark.parametrize("name", LINES)
def test_a_web_shell_in_a_damaged_row_is_not_lost(name: str) -> None:
    feed = feed_of(name)
    first, _, rest = feed.sample.partition(b"\n")
    rows = read(feed, b"\n".join((first, b'{"exchange;webshell",', rest)))
    problems = [row for row in rows if isinstance(row, FeedProblem)]
    assert [("web_shell",)] == [row.evidence for row in problems]


@settings(max_examples=300)
@given(change=CHANGES)
def test_one_damage_that_leaves_the_word_web_shell_in_a_report_leaves_its_evidence(
    change: Change,
) -> None:
    """Two damages may move a tag into another column with as many fields as before."""
    feed = feed_of("shadowserver")
    data = Damage((change,)).applied(feed.sample)
    if b"webshell" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        assert any(row.evidence for row in read(feed, data))


@per_feed
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_stream_that_fails_is_a_problem_of_the_file(name: str, share: float) -> None:
    feed = feed_of(name)
    stream = trickle(feed.sample, step=64, fails_at=int(len(feed.sample) * share))
    rows = list(feed.read(stream, context_of(feed)))
    assert None in {row.row for row in rows}
    check(feed, rows)


def check(feed: Feed, rows: list[FeedRow]) -> None:
    numbered = [row.row for row in rows if row.row is not None]
    assert list(range(1, len(numbered) + 1)) == numbered
    for row in rows:
        assert (feed.name, feed.sample_name, "0" * 64) == (row.feed, row.file, row.file_sha256)
        if isinstance(row, FeedProblem):
            assert row.detail
        else:
            check_observation(row)


def check_observation(row: Observation) -> None:
    assert row.time_utc is None or row.time_utc.utcoffset() == timedelta(0)
    assert row.ip is None or row.ip == str(ipaddress.ip_address(row.ip))
    assert row.port is None or 0 < row.port <= 65535
    assert seen_builds(row.builds) == row.builds
    assert len(row.extra) <= MAX_EXTRA + 1
    for texts in (row.names, row.tags, row.claims, row.builds):
        assert len(texts) <= MAX_LIST
    said = [row.hostname, row.server_name, row.sector, *row.names, *row.tags]
    said += [text for _, text in row.extra]
    assert [] == [text for text in said if text is not None and not 0 < len(text) <= MAX_TEXT]
    assert [] == [one for one in row.claims if not re.fullmatch(r"CVE-\d{4}-\d{4,7}", one)]
