from __future__ import annotations

import json
from typing import Any

from tests.campaign.reading_feeds import read, status, the_one, the_problem
from tests.report.results import compromised, hostile, quiet
from tests.report.results import result as result_of
from tocsin.campaign.feed import HEAD_BYTES, all_feeds
from tocsin.campaign.observation import FeedProblem, Method, Observation
from tocsin.model.problem import ProblemCode
from tocsin.report.formats.json import render


def host(**keys: Any) -> dict[str, Any]:  # noqa: ANN401 any JSON value
    verdict = {"level": "no_evidence_found", "assurance": "complete", "reasons": [], "limits": []}
    return {
        "name": "EXCH01",
        "verdict": verdict,
        "builds": [],
        "findings": [],
        "coverage": [],
        **keys,
    }


def result(*hosts: object) -> str:
    return json.dumps({"schema": "tocsin.result/1", "verdict": "x", "hosts": hosts}, indent=2)


def build(number: str, last_seen: str | None) -> dict[str, Any]:
    return {"build": number, "last_seen": last_seen, "from": "exsetup"}


def test_the_build_that_was_seen_last_is_the_owner_s_claim() -> None:
    builds = [
        build("15.2.792.3", "2021-03-01T00:00:00Z"),
        build("15.2.792.15", "2021-06-01T00:00:00Z"),
    ]
    row = the_one("hunt", result(host(builds=builds)))
    assert ("15.2.792.15", Method.OWNER_CLAIM, "fixed") == (
        row.build,
        row.method,
        status(row).value,
    )


def test_the_file_s_own_judgement_of_cves_is_not_used() -> None:
    exposure = [
        {
            "cve": "CVE-2021-26855",
            "status": "fixed",
            "reason": "",
            "exposed_from": None,
            "exposed_until": None,
        }
    ]
    row = the_one("hunt", result(host(builds=[build("15.2.792.3", None)], exposure=exposure)))
    assert "vulnerable" == status(row).value


def test_findings_become_the_owner_s_report_and_attempts_do_not() -> None:
    verdict = {"level": "compromised", "assurance": "partial"}
    shell = {"grade": "persistence", "confidence": "high", "attack": ["T1190", "T1505.003"]}
    told = the_one("hunt", result(host(findings=[shell], verdict=verdict)))
    assert ("owner_reported_web_shell", "owner_reported_compromise") == told.evidence
    changes: list[dict[str, Any]] = [
        {"grade": "attempt"},
        {"grade": "exploited"},
        {"confidence": "low"},
        {"attack": []},
    ]
    for change in changes:
        assert () == the_one("hunt", result(host(findings=[{**shell, **change}]))).evidence


def test_the_address_comes_from_whoever_received_the_result() -> None:
    for given, ip, name in (
        ("192.0.2.1", "192.0.2.1", None),
        ("mail.example.org", None, "mail.example.org"),
    ):
        (row,) = read("hunt", result(host()), host=given)
        assert isinstance(row, Observation)
        assert (ip, name, "EXCH01") == (row.ip, row.hostname, row.server_name)


def test_one_damaged_server_does_not_cost_the_others() -> None:
    rows = read("hunt", result(host(), {"name": "web shell"}, host(name="EXCH03")))
    assert [False, True, False] == [isinstance(row, FeedProblem) for row in rows]
    assert (2, ("web_shell",)) == (rows[1].row, rows[1].evidence)


def test_texts_are_bounded() -> None:
    row = the_one("hunt", result(host(name="x" * 10_000)))
    assert 1000 == len(row.server_name or "")


def test_what_is_no_result_is_a_problem() -> None:
    for text in (
        "",
        "[]",
        "{}",
        '{"schema":"tocsin.result/2","hosts":[]}',
        '{"schema":',
        "[" * 100_000,
    ):
        assert ProblemCode.BAD_DOCUMENT is the_problem("hunt", text).code


def test_a_real_result_of_the_demo_s_shape_is_recognised_though_its_hosts_are_far_away() -> None:
    text = json.dumps(
        {"schema": "tocsin.result/1", "tool": {"x": "y" * 100_000}, "hosts": [host()]}
    )
    assert all_feeds()["hunt"].recognise(text[:65536].encode(), "report.json")


def test_what_we_print_ourselves_is_read_back() -> None:
    content = render(result_of(compromised(), quiet(), hostile()))
    assert all_feeds()["hunt"].recognise(content[:HEAD_BYTES], "report.json")
    rows = read("hunt", content)
    assert [False] * 3 == [isinstance(row, FeedProblem) for row in rows]
    assert [True, False] == ["owner_reported_compromise" in row.evidence for row in rows[:2]]
    assert "owner_reported_web_shell" in rows[0].evidence
