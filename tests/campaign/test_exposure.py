"""One observation and its status by CVE: worked out by hand, and held against the table."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from tocsin.campaign.exposure import (
    Doubt,
    Judged,
    exploited_cves,
    judge,
    judge_build,
    unexplained,
)
from tocsin.campaign.observation import Method, Observation
from tocsin.knowledge.cves import all_cves
from tocsin.knowledge.status import StatusWord, status

if TYPE_CHECKING:
    from pathlib import Path

PROXYLOGON = "CVE-2021-26855"
PROXYSHELL = "CVE-2021-34473"
HEADER, PATH, FEED, CPE = Method.OWA_HEADER, Method.OWA_PATH, Method.FEED_VERSION, Method.CPE


def seen(*builds: tuple[str, Method], about_exchange: bool = True) -> Observation:
    return Observation(
        feed="probe",
        file="probe.jsonl",
        file_sha256="0" * 64,
        row=1,
        ip="192.0.2.1",
        builds=builds,
        about_exchange=about_exchange,
    )


def proxylogon(*builds: tuple[str, Method]) -> Judged:
    return judge(seen(*builds), (PROXYLOGON,))[PROXYLOGON]


@pytest.mark.parametrize(
    ("builds", "word", "precision", "doubt"),
    [
        # 2019 CU7 is fixed from 15.2.721.13.
        ((("15.2.721.2", HEADER),), "vulnerable", 4, None),
        ((("15.2.721.13", HEADER),), "fixed", 4, None),
        ((("15.2.721", FEED),), "undetermined", 3, Doubt.THREE_PARTS),
        # 2016 CU8, where the sources disagree between .8 and .10.
        ((("15.1.1415.7", HEADER),), "vulnerable", 4, None),
        ((("15.1.1415.8", HEADER),), "undetermined", 4, Doubt.NO_SOURCE),
        # No update was ever made for 2013 CU10; 2016 CU20 came out with the fix.
        ((("15.0.1130", FEED),), "vulnerable", 3, None),
        ((("15.1.2242", FEED),), "fixed", 3, None),
        ((("15.2.2562.20", HEADER),), "not_affected", 4, None),
        # Newer than all that is known, and nothing like anything.
        ((("15.2.9999.1", HEADER),), "newer_than_catalogue", 4, Doubt.NEWER_BUILD),
        ((("15.2.700.1", HEADER),), "undetermined", 4, Doubt.UNKNOWN_BUILD),
        ((), "undetermined", None, Doubt.NO_BUILD),
        # A path beside a header of the same cumulative update adds nothing.
        ((("15.2.721", PATH), ("15.2.721.13", HEADER)), "fixed", 4, None),
        # The fourth part of a CPE name was inferred by the feed.
        ((("15.2.721.2", CPE),), "undetermined", 3, Doubt.THREE_PARTS),
        ((("15.2.721.2", CPE), ("15.2.721.13", HEADER)), "fixed", 4, None),
    ],
)
def test_a_row_is_judged_as_worked_out_by_hand(
    builds: tuple[tuple[str, Method], ...], word: str, precision: int | None, doubt: Doubt | None
) -> None:
    judged = proxylogon(*builds)
    assert (word, precision, doubt) == (judged.status, judged.precision, judged.doubt)


def test_of_two_headers_in_one_row_the_worse_counts_and_the_other_is_told() -> None:
    judged = proxylogon(("15.2.721.2", HEADER), ("15.2.721.13", HEADER))
    assert (StatusWord.VULNERABLE, (StatusWord.FIXED,)) == (judged.status, judged.also)
    assert "15.2.721.13 says fixed" in judged.reason


def test_two_cumulative_updates_in_one_row_both_count() -> None:
    assert (("15.1.2176", PATH), ("15.2.721.13", HEADER)) == unexplained(
        [("15.1.2176", PATH), ("15.2.721.13", HEADER)]
    )


def test_a_package_without_older_updates_is_a_doubt_of_its_own() -> None:
    judged = judge_build("15.1.1847.12", HEADER, "CVE-2020-0688")
    assert (StatusWord.UNDETERMINED, Doubt.SPECIAL_PACKAGE) == (judged.status, judged.doubt)


def test_no_build_settles_what_a_setting_decides() -> None:
    judged = judge_build("15.2.1544.44", HEADER, "CVE-2024-21410")
    assert (StatusWord.UNDETERMINED, Doubt.NEEDS_CHECK) == (judged.status, judged.doubt)


def test_nothing_is_judged_where_the_row_does_not_speak_of_exchange() -> None:
    assert {} == judge(seen(("15.2.721.2", HEADER), about_exchange=False))


def test_every_known_cve_is_judged_unless_some_are_asked_for() -> None:
    assert list(all_cves()) == list(judge(seen(("15.2.721.2", HEADER))))


def test_what_a_campaign_asks_about_is_known_to_be_exploited() -> None:
    assert PROXYLOGON in exploited_cves()
    assert all(all_cves()[cve].known_exploited for cve in exploited_cves())


def test_a_judgement_of_four_parts_is_that_of_the_shared_table() -> None:
    expected = {cve: status("15.1.2176.9", cve).status for cve in all_cves()}
    found = judge(seen(("15.1.2176.9", HEADER)))
    assert expected == {cve: judged.status for cve, judged in found.items()}


def test_the_ambiguous_prefixes_of_the_corpus_are_undetermined(corpus: Path) -> None:
    table = corpus / "csirt/derived/proxylogon_3part_prefix_ambiguity.csv"
    words = {"ambiguous": {"undetermined"}, "vulnerable": {"vulnerable"}}
    # The subscription edition came out after the fix: not affected, in our words.
    words["fixed"] = {"fixed", "not_affected"}
    with table.open(encoding="utf-8") as rows:
        expected = {
            row["prefix"]: row["proxylogon_at_3part_precision"] for row in csv.DictReader(rows)
        }
    assert 25 == list(expected.values()).count("ambiguous")
    wrong = {
        prefix: found.status
        for prefix, said in expected.items()
        if (found := proxylogon((prefix, FEED))).status not in words[said]
    }
    assert {} == wrong
