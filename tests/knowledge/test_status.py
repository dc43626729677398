"""What a build says about a CVE."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.knowledge.builds import Build, all_builds
from tocsin.knowledge.status import StatusWord, never_vulnerable, status

SSRF, UM, OAB, EXPORT = "CVE-2021-26855", "CVE-2021-26857", "CVE-2021-26858", "CVE-2021-31207"
WRITE, CONFUSION = "CVE-2021-27065", "CVE-2021-34473"
CVES = (SSRF, UM, OAB, WRITE, CONFUSION, "CVE-2021-34523", EXPORT)


@pytest.mark.parametrize(
    ("build", "cve", "expected"),
    [
        ("15.1.2176.9", SSRF, "fixed"),
        ("15.1.2176.8", SSRF, "vulnerable"),
        ("15.1.2176.2", WRITE, "vulnerable"),
        ("15.0.1497.12", SSRF, "fixed"),
        ("15.0.1497.11", SSRF, "vulnerable"),
        ("15.0.847.64", OAB, "fixed"),
        ("15.2.221.18", SSRF, "fixed"),
        ("15.2.792.9", SSRF, "vulnerable"),
    ],
)
def test_inside_a_cumulative_update_the_number_decides(
    build: str, cve: str, expected: str
) -> None:
    assert expected == status(build, cve).status


@pytest.mark.parametrize("build", ["15.1.1415.8", "15.1.1415.9", "15.1.1466.13", "15.1.1466.15"])
def test_where_sources_disagree_nothing_is_claimed(build: str) -> None:
    found = status(build, SSRF)
    assert StatusWord.UNDETERMINED is found.status
    assert "disagree" in found.reason


def test_outside_the_disagreement_the_number_decides() -> None:
    assert StatusWord.VULNERABLE is status("15.1.1415.7", SSRF).status
    assert StatusWord.FIXED is status("15.1.1415.10", SSRF).status
    assert StatusWord.VULNERABLE is status("15.1.1466.12", SSRF).status
    assert StatusWord.FIXED is status("15.1.1466.16", SSRF).status


@pytest.mark.parametrize("build", ["15.1.2242.4", "15.2.858.5", "15.2.858.2", "15.1.2507.6"])
def test_a_cumulative_update_after_the_fix_holds_it(build: str) -> None:
    found = status(build, SSRF)
    assert StatusWord.FIXED is found.status
    assert "after the fix" in found.reason
    assert never_vulnerable(build, SSRF)


def test_the_same_cumulative_update_may_lack_a_later_fix() -> None:
    assert StatusWord.VULNERABLE is status("15.1.2242.4", EXPORT).status
    assert StatusWord.VULNERABLE is status("15.1.2242.8", EXPORT).status
    assert StatusWord.FIXED is status("15.1.2242.8", CONFUSION).status
    assert StatusWord.FIXED is status("15.1.2242.10", EXPORT).status
    assert not never_vulnerable("15.1.2242.10", EXPORT)


@pytest.mark.parametrize("build", ["15.1.1261.39", "15.0.1347.5", "15.0.516.32"])
def test_an_old_cumulative_update_never_got_the_fix(build: str) -> None:
    found = status(build, SSRF)
    assert StatusWord.VULNERABLE is found.status
    assert "never released" in found.reason


def test_a_larger_number_of_an_older_line_is_not_safer() -> None:
    """Build order is not security order: the number of 2016 CU18 is below that of CU19."""
    assert StatusWord.FIXED is status("15.1.2106.13", SSRF).status
    assert StatusWord.VULNERABLE is status("15.1.2176.2", SSRF).status


@pytest.mark.parametrize(
    ("build", "cve", "expected"),
    [
        ("14.3.512.0", UM, "vulnerable"),
        ("14.3.513.0", UM, "fixed"),
        ("14.2.390.3", UM, "vulnerable"),
        ("14.3.123.4", SSRF, "not_affected"),
        ("14.3.123.4", WRITE, "not_affected"),
        ("14.3.123.4", CONFUSION, "not_affected"),
    ],
)
def test_exchange_2010_has_only_one_of_the_four(build: str, cve: str, expected: str) -> None:
    assert expected == status(build, cve).status


@pytest.mark.parametrize("cve", CVES)
def test_the_subscription_edition_was_never_vulnerable(cve: str) -> None:
    for build in ("15.2.2562.17", "15.2.2562.46", "15.2.2562.999"):
        assert StatusWord.NOT_AFFECTED is status(build, cve).status
        assert never_vulnerable(build, cve)


def test_three_parts_do_not_tell_the_security_update() -> None:
    assert StatusWord.UNDETERMINED is status("15.1.2176", SSRF).status
    assert StatusWord.FIXED is status("15.1.2507", SSRF).status
    assert StatusWord.VULNERABLE is status("15.1.1261", SSRF).status


def test_a_build_beyond_the_catalogue_is_said_to_be() -> None:
    found = status("15.2.9999.1", SSRF)
    assert StatusWord.NEWER_THAN_CATALOGUE is found.status
    assert "15.2.2562.46" in found.reason
    assert not never_vulnerable("15.2.9999.1", SSRF)


@pytest.mark.parametrize("build", ["15.1.999.1", "16.0.1.1", "", "clean", "15.1", "8.3.83.6"])
def test_what_no_source_knows_is_undetermined(build: str) -> None:
    assert StatusWord.UNDETERMINED is status(build, SSRF).status
    assert not never_vulnerable(build, SSRF)


def test_an_unknown_cve_is_undetermined() -> None:
    assert StatusWord.UNDETERMINED is status("15.1.2176.9", "CVE-1999-0001").status


def test_a_tuple_says_the_same_as_a_text() -> None:
    assert status("15.1.2176.9", SSRF) == status((15, 1, 2176, 9), SSRF)


@given(
    known=st.sampled_from(all_builds()),
    steps=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    cve=st.sampled_from(CVES),
)
def test_inside_a_cumulative_update_a_newer_build_is_never_worse(
    known: Build, steps: tuple[int, int], cve: str
) -> None:
    """From vulnerable over undetermined to fixed, and never back, listed builds or not."""
    order = [StatusWord.VULNERABLE, StatusWord.UNDETERMINED, StatusWord.FIXED]
    number = known.number
    low, high = sorted(steps)
    words = [status((*number[:3], part), cve).status for part in (low, high)]
    if StatusWord.NEWER_THAN_CATALOGUE in words:
        return
    if number[:3] == (15, 1, 225) or StatusWord.NOT_AFFECTED in words:
        assert words[0] is words[1]
        return
    assert order.index(words[0]) <= order.index(words[1])


@given(st.sampled_from(all_builds()), st.sampled_from(CVES))
def test_every_known_build_has_a_clear_status_but_for_the_disagreements(
    build: Build, cve: str
) -> None:
    number = build.number
    found = status(number, cve)
    undecided = {(15, 1, 1415, 8), (15, 1, 1466, 13)}
    if cve in (SSRF, UM, OAB, WRITE) and number in undecided:
        assert StatusWord.UNDETERMINED is found.status
    else:
        assert found.status in (StatusWord.VULNERABLE, StatusWord.FIXED, StatusWord.NOT_AFFECTED)
    assert found.reason


@given(
    st.text(max_size=40) | st.from_regex(r"[0-9.]{0,30}", fullmatch=True), st.sampled_from(CVES)
)
def test_no_text_makes_it_raise(text: str, cve: str) -> None:
    assert status(text, cve).status in StatusWord
