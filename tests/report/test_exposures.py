"""What a person must see of many vulnerabilities, and what is counted."""

from __future__ import annotations

from datetime import UTC, datetime

from tocsin.knowledge.cves import all_cves
from tocsin.model.result import Exposure
from tocsin.report.exposures import exposed, in_words, sorted_out, title

EXPLOITED = sorted(cve.id for cve in all_cves().values() if cve.known_exploited)
OTHERS = sorted(cve.id for cve in all_cves().values() if not cve.known_exploited)
DAY = datetime(2021, 3, 1, tzinfo=UTC)


def one(cve: str, status: str, since: datetime | None = None) -> Exposure:
    return Exposure(cve=cve, status=status, reason="", exposed_from=since, exposed_until=None)


def first(*exposure: Exposure) -> list[str]:
    return [one.cve for one in sorted_out(exposure).first]


def test_what_is_exploited_and_open_comes_first_and_the_undecided_after_it() -> None:
    found = first(
        one(EXPLOITED[0], "undetermined"),
        one(EXPLOITED[1], "vulnerable"),
        one(OTHERS[0], "vulnerable"),
    )
    assert [EXPLOITED[1], EXPLOITED[0]] == found


def test_what_was_open_for_a_time_is_shown_though_it_is_fixed_now() -> None:
    assert [EXPLOITED[0]] == first(one(EXPLOITED[0], "fixed", DAY), one(EXPLOITED[1], "fixed"))


def test_the_rest_is_counted_the_worst_first() -> None:
    found = sorted_out(
        [one(OTHERS[0], "fixed"), one(OTHERS[1], "vulnerable"), one(OTHERS[2], "fixed")]
    )
    assert "1 vulnerable, 2 fixed" == found.rest_in_words


def test_nothing_is_lost() -> None:
    exposure = [one(cve, "undetermined") for cve in (*EXPLOITED, *OTHERS)]
    found = sorted_out(exposure)
    assert len(exposure) == len(found.first) + len(found.rest)


def test_a_status_that_is_not_known_stands_as_it_is() -> None:
    assert "1 strange" == in_words(["strange"])


def test_a_short_name_stands_beside_its_number() -> None:
    [named] = [cve for cve in all_cves().values() if cve.id == "CVE-2021-26855"]
    assert f"CVE-2021-26855 ({named.title})" == title("CVE-2021-26855")
    assert "CVE-1999-0001" == title("CVE-1999-0001")


def test_an_open_end_is_said() -> None:
    assert "exposed since 2021-03-01 00:00:00Z or earlier" == exposed(one("x", "vulnerable", DAY))
    assert "" == exposed(one("x", "fixed"))
