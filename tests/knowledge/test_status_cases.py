"""Builds and CVEs that were worked out by hand from the sources, and all of the collected table."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tocsin.knowledge.builds import Build, all_builds, builds_like, cumulative_update_of, parse
from tocsin.knowledge.cves import Cve, all_checks, all_cves
from tocsin.knowledge.fixes import special_packages, updates_for
from tocsin.knowledge.status import StatusWord, status

PROXYLOGON = ("CVE-2021-26855", "CVE-2021-26857", "CVE-2021-26858", "CVE-2021-27065")
BETTER = [StatusWord.VULNERABLE, StatusWord.UNDETERMINED, StatusWord.FIXED]


def worked_out() -> list[dict[str, str]]:
    text = (Path(__file__).parent / "status_cases.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


CASES = worked_out()


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{case['build']} {case['cve']}: {case['why']}" for case in CASES]
)
def test_what_was_worked_out_by_hand(case: dict[str, str]) -> None:
    found = status(case["build"], case["cve"])
    assert (case["expected"], True) == (found.status, bool(found.reason)), found.reason


def test_the_table_is_large_enough_and_names_its_sources() -> None:
    assert len(CASES) >= 100
    assert len({(case["build"], case["cve"]) for case in CASES}) == len(CASES)
    assert [] == [case for case in CASES if not case["source"]]
    assert sum(case["build"].count(".") == 2 for case in CASES) >= 12
    assert set(StatusWord) == {StatusWord(case["expected"]) for case in CASES}


def test_every_prefix_of_the_corpus_says_what_its_builds_say(corpus: Path) -> None:
    """25 prefixes are ambiguous for ProxyLogon, 30 always vulnerable and 12 always fixed."""
    path = corpus / "csirt" / "derived" / "proxylogon_3part_prefix_ambiguity.csv"
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    words = {"ambiguous": "undetermined", "vulnerable": "vulnerable", "fixed": "fixed"}
    expected = {row["prefix"]: words[row["proxylogon_at_3part_precision"]] for row in rows}
    counted = [list(expected.values()).count(word) for word in words.values()]
    assert [25, 30, 12] == counted
    for cve in PROXYLOGON:
        found = {prefix: str(status(prefix, cve).status) for prefix in expected}
        # SE is of 2025: it was never affected, which is more than fixed.
        found = {prefix: word.replace("not_affected", "fixed") for prefix, word in found.items()}
        assert expected == found, cve


def collected_fixes(corpus: Path) -> dict[str, dict[tuple[int, ...], list[tuple[int, ...]]]]:
    """For each CVE the first fixed builds that the team collected, by the first three parts."""
    source = corpus.parent / "domain" / "exchange_cves.json"
    if not source.is_file():
        pytest.skip(f"no collected table of CVEs at {source}")
    found: dict[str, dict[tuple[int, ...], list[tuple[int, ...]]]] = {}
    for entry in json.loads(source.read_text(encoding="utf-8"))["cves"]:
        fixes = found.setdefault(entry["cve"], {})
        for row in entry["fixed_builds"]:
            number = parse(row["build"])
            assert number is not None
            fixes.setdefault(number[: 2 if number[0] == 14 else 3], []).append(number)
    return found


def test_no_build_below_a_collected_fix_is_ever_called_fixed(corpus: Path) -> None:
    wrong = []
    for cve, fixes in collected_fixes(corpus).items():
        for build in all_builds():
            fixed = fixes.get(build.number[: 2 if build.number[0] == 14 else 3])
            if fixed is None or build.number >= max(fixed):
                continue
            word = status(build.number, cve).status
            if word not in {StatusWord.VULNERABLE, StatusWord.UNDETERMINED}:
                wrong.append((build.text, cve, word))
    assert [] == wrong


def test_every_collected_cve_is_known_with_its_exploitation(corpus: Path) -> None:
    source = corpus.parent / "domain" / "exchange_cves.json"
    if not source.is_file():
        pytest.skip(f"no collected table of CVEs at {source}")
    collected = {
        row["cve"]: row["cisa_kev"]["date_added"] if row["cisa_kev"] else None
        for row in json.loads(source.read_text(encoding="utf-8"))["cves"]
    }
    ours = {
        cve.id: str(cve.known_exploited) if cve.known_exploited else None
        for cve in all_cves().values()
    }
    assert collected == ours


@given(
    build=st.sampled_from(all_builds()),
    other=st.sampled_from(all_builds()),
    cve=st.sampled_from(tuple(all_cves())),
)
def test_inside_a_cumulative_update_a_newer_known_build_is_never_worse(
    build: Build, other: Build, cve: str
) -> None:
    """But for the packages of March 2021, which may lack what an older build has."""
    siblings = [one for one in all_builds() if (one.product, one.cu) == (build.product, build.cu)]
    newer = siblings[other.number[-1] % len(siblings)]
    low, high = sorted((build.number, newer.number))
    special = special_packages().get(
        f"{build.product.removeprefix('Exchange Server ')} {build.cu}"
    )
    assume(special is None or high < special.first or cve in special.fixes)
    words = [status(number, cve).status for number in (low, high)]
    if set(words) & {StatusWord.NOT_AFFECTED}:
        assert words[0] is words[1]
        return
    assert BETTER.index(words[0]) <= BETTER.index(words[1])


@given(build=st.sampled_from(all_builds()), cve=st.sampled_from(tuple(all_cves())))
def test_three_parts_never_claim_more_than_all_their_builds(build: Build, cve: str) -> None:
    prefix = build.number[:3]
    words = {status(one.number, cve).status for one in builds_like(prefix)}
    expected = words.pop() if len(words) == 1 else StatusWord.UNDETERMINED
    assert expected is status(prefix, cve).status


@given(
    number=st.builds(
        lambda build, last: (*build.number[:3], last),
        st.sampled_from(all_builds()),
        st.integers(0, 99_999),
    ),
    cve=st.sampled_from(tuple(all_cves())),
)
def test_fixed_needs_a_build_at_or_above_every_first_fixed_one(
    number: tuple[int, ...], cve: str
) -> None:
    if status(number, cve).status is not StatusWord.FIXED:
        return
    found = cumulative_update_of(number)
    assert found is not None
    for update in updates_for(cve):
        assert all(number >= first for first in update.fixed.get(found.name, ()))


UNDECIDABLE = [cve for cve in all_cves().values() if not cve.decidable]


@pytest.mark.parametrize("cve", UNDECIDABLE, ids=[cve.id for cve in UNDECIDABLE])
def test_what_the_build_cannot_tell_is_never_called_fixed(cve: Cve) -> None:
    check = all_checks()[cve.check_name or ""]
    for build in all_builds():
        found = status(build.number, cve.id)
        assert StatusWord.FIXED is not found.status
        if found.status is StatusWord.VULNERABLE:
            assert StatusWord.VULNERABLE == check.without_update
        if found.reason.startswith("cannot be told from the build"):
            assert check.do in found.reason


@pytest.mark.parametrize("cu", special_packages())
def test_a_package_of_march_2021_never_proves_an_older_fix(cu: str) -> None:
    package = special_packages()[cu]
    for cve in package.fixes:
        word = status((*package.first[:3], 99), cve).status
        assert word in {StatusWord.NEWER_THAN_CATALOGUE, StatusWord.FIXED}
    for kb, cves in package.missing.items():
        for cve in cves:
            found = status(package.first, cve)
            assert StatusWord.UNDETERMINED is found.status, (cu, cve)
            assert kb in found.reason or "lists" in found.reason
