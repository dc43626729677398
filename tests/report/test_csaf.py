"""The VEX document, read by somebody else's validator with the schema and tests of OASIS."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import pytest
from csaf.csaf.v20 import validate  # type: ignore[import-untyped]  # it has no types

from tocsin.knowledge.cves import all_cves
from tocsin.report.csaf import Publisher, vex
from tocsin.verdict.asked import asked
from tocsin.verdict.exposure import Sighting
from tocsin.verdict.patching import evidence_status, patch_status

ON = date(2026, 11, 24)
BUILDS = ("15.1.2176.9", "15.2.1748", "15.2.2562.99", "14.3.123.4", "15.9.1.1", "15.2.2562.46")
LEFT_OUT = {
    "6.2.3",  # a score: we know the status of a build, not how bad a hole is for its owner
    "6.2.11",  # an address of its own: the document is made on somebody's machine
    "6.2.16",  # an identification helper: no source of ours gives CPE names
}
"""Recommended tests that the document does not fulfil, on purpose."""


@cache
def document(*builds: str) -> dict[str, Any]:
    statuses = [patch_status(asked(build).number, ON) for build in builds]
    publisher = Publisher(name="CSIRT Example", namespace="https://csirt.example")
    return vex(statuses, on=ON, publisher=publisher, version="0.1.0")


def failed(doc: dict[str, Any], preset: str) -> set[str]:
    report = validate(doc, preset=preset)
    return {one.id for one in report.results if not one.passed and not one.skipped}


@pytest.mark.parametrize("build", BUILDS)
def test_the_schema_and_every_mandatory_test_of_csaf_hold(build: str) -> None:
    assert set() == failed(document(build), "basic")


def test_several_builds_are_one_valid_document() -> None:
    assert set() == failed(document(*BUILDS), "basic")


def test_the_recommended_tests_hold_but_for_those_left_out_on_purpose() -> None:
    assert set() == failed(document("15.1.2176.9", "15.2.1748"), "extended") - LEFT_OUT


def test_the_validator_would_see_a_fault() -> None:
    doc = {**document("15.1.2176.9")}
    doc["vulnerabilities"] = [{**doc["vulnerabilities"][0], "product_status": {"fixed": ["X"]}}]
    assert "6.1.1" in failed(doc, "basic")


def statuses(build: str) -> dict[str, str]:
    found = {}
    for one in document(build)["vulnerabilities"]:
        name = one.get("cve") or one["ids"][0]["text"]
        [(group, products)] = one["product_status"].items()
        assert [f"EXCHANGE-{build}"] == products
        found[name] = group
    return found


def test_every_cve_has_one_status() -> None:
    assert all_cves().keys() == statuses("15.1.2176.9").keys()


def test_what_a_build_does_not_decide_is_under_investigation() -> None:
    found = statuses("15.1.2106")
    assert "under_investigation" == found["CVE-2021-26855"]
    assert "under_investigation" == statuses("15.2.2562.99")["CVE-2026-42897"]


def test_vulnerable_and_fixed_keep_their_meaning() -> None:
    found = statuses("15.1.2176.9")
    assert ("fixed", "known_affected") == (found["CVE-2021-26855"], found["CVE-2021-34473"])


def test_what_was_never_affected_is_flagged_with_the_reason() -> None:
    [one] = [
        one
        for one in document("15.2.2562.46")["vulnerabilities"]
        if one.get("cve") == "CVE-2021-26855"
    ]
    assert "vulnerable_code_not_present" == one["flags"][0]["label"]
    assert "impact" in {threat["category"] for threat in one["threats"]}


def test_an_affected_build_is_told_what_to_install() -> None:
    [one] = [
        one
        for one in document("15.1.2176.9")["vulnerabilities"]
        if one.get("cve") == "CVE-2021-34473"
    ]
    assert one["remediations"][0]["details"].startswith("1. Install Exchange Server 2016 CU23")


def test_what_evidence_shows_can_be_handed_on_too() -> None:
    sighting = Sighting(build="15.1.2106.2", kind="exsetup", first=None, last=None)
    status = evidence_status("a.zip", [sighting], [], ON)
    doc = vex([status], on=ON, publisher=Publisher(name="x", namespace="urn:x:y"), version="1")
    assert set() == failed(doc, "basic")


def test_the_same_gives_the_same() -> None:
    assert document("15.1.2176.9") == document.__wrapped__("15.1.2176.9")
