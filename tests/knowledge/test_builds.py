"""The table of builds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.knowledge.builds import all_builds, cumulative_update_of, lookup, newest_of, parse

if TYPE_CHECKING:
    from pathlib import Path

NUMBERS = st.tuples(*[st.integers(min_value=0, max_value=99_999)] * 4)


def test_the_table_holds_every_build_once_and_in_order() -> None:
    numbers = [build.number for build in all_builds()]
    assert 403 == len(numbers)
    assert sorted(set(numbers)) == numbers


def test_the_table_says_what_the_team_collected(corpus: Path) -> None:
    source = corpus.parent / "domain" / "exchange_builds.json"
    if not source.is_file():
        pytest.skip(f"no collected table of builds at {source}")
    collected = {
        row["build"]: (row["product"], row["cu"], row["su"], row["release_date"], row["kb"])
        for row in json.loads(source.read_text(encoding="utf-8"))["builds"]
    }
    ours = {
        build.text: (
            build.product,
            build.cu,
            build.su,
            shown(build.released, build.by_month),
            [build.kb.removeprefix("KB")] if build.kb else [],
        )
        for build in all_builds()
    }
    assert collected == ours


def shown(released: object, by_month: bool) -> str | None:
    if released is None:
        return None
    return str(released)[:7] if by_month else str(released)


def test_a_build_is_found_however_it_is_written() -> None:
    found = lookup("15.1.2176.9")
    assert found is not None
    assert ("Exchange Server 2016", "CU19", "Mar21SU") == (found.product, found.cu, found.su)
    assert found == lookup("15.01.2176.009")
    assert lookup("15.1.2176") is None
    assert lookup("15.1.2176.999") is None


def test_the_subscription_edition_is_told_from_2019() -> None:
    found = lookup("15.2.2562.17")
    assert found is not None
    assert "Exchange Server SE" == found.product


@pytest.mark.parametrize(
    "text",
    [
        "",
        "15",
        "15.1",
        "15.1.2176.9.1",
        "15.1.2176.x",
        "15.1,2176.9",
        "-15.1.2176.9",
        "15.1.\u0662.9",
        "15.1.2176." + "9" * 500,
    ],
)
def test_what_is_no_build_is_not_read_as_one(text: str) -> None:
    assert parse(text) is None
    assert lookup(text) is None


@given(NUMBERS)
def test_a_number_survives_being_written(number: tuple[int, ...]) -> None:
    assert number == parse(".".join(str(part) for part in number))


def test_1913_10_is_newer_than_1913_7() -> None:
    older, newer = parse("15.1.1913.7"), parse("15.1.1913.10")
    assert older is not None
    assert newer is not None
    assert older < newer


@pytest.mark.parametrize(
    ("build", "cu", "released"),
    [
        ((15, 1, 2242, 4), "CU20", "2021-03-16"),
        ((15, 1, 2242, 99), "CU20", "2021-03-16"),
        ((15, 1, 2242), "CU20", "2021-03-16"),
        ((15, 2, 858, 2), "CU9", "2021-03-16"),
        ((15, 1, 225, 17), "Preview", "2015-07-22"),
        ((15, 1, 225, 42), "RTM", "2015-10-01"),
        ((14, 3, 513, 0), "SP3", "2013-02-12"),
        ((14, 3, 500, 0), "SP3", "2013-02-12"),
    ],
)
def test_a_build_belongs_to_a_cumulative_update(
    build: tuple[int, ...], cu: str, released: str
) -> None:
    found = cumulative_update_of(build)
    assert found is not None
    assert (cu, released) == (found.cu, str(found.released))


def test_an_unknown_third_part_belongs_to_nothing() -> None:
    assert cumulative_update_of((15, 1, 999, 1)) is None


def test_the_newest_build_is_that_of_the_same_line() -> None:
    newest = newest_of((15, 1, 1, 1))
    assert newest is not None
    assert (15, 1, 2507) == newest[:3]
    assert newest_of((99, 1, 1, 1)) is None
