from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tests.report import results
from tocsin.model.result import HostResult, Result
from tocsin.report.formats.json import render

HOST_KEYS = [
    "source", "name", "verdict", "packs", "builds", "exposure", "findings", "leads", "timeline",
    "coverage", "problems", "noise", "groups", "intruders", "mail_abuse", "manifest",
]  # fmt: skip
RULE_KEYS = [
    "loaded", "not_applicable", "failed", "full_scan", "fields_never_seen",
    "sigma", "yara", "indicators",
]  # fmt: skip
FINDING_KEYS = [
    "id", "title", "grade", "severity", "confidence", "cves", "attack", "first_seen", "last_seen",
    "clients", "citations", "benign_explanations", "next_steps", "rows",
]  # fmt: skip


def printed(*hosts: HostResult) -> Any:  # noqa: ANN401 any JSON
    return json.loads(render(results.result(*hosts)))


def test_the_keys_are_those_of_the_interface_in_its_order() -> None:
    whole = printed(results.compromised())
    host = whole["hosts"][0]
    assert ["schema", "tool", "verdict", "hosts"] == list(whole)
    assert ["version", "knowledge", "rules"] == list(whole["tool"])
    assert RULE_KEYS == list(whole["tool"]["rules"])
    assert HOST_KEYS == list(host)
    assert ["level", "assurance", "reasons", "limits"] == list(host["verdict"])
    assert ["build", "product", "cu", "su", "first_seen", "last_seen", "from"] == list(
        host["builds"][0]
    )
    assert FINDING_KEYS == list(host["findings"][0]) == list(host["leads"][0])


def test_a_citation_has_the_one_place_that_it_is_and_all_other_keys() -> None:
    by_id = {one["id"]: one for one in printed(results.compromised())["hosts"][0]["findings"]}
    line = by_id["proxylogon-chain-1"]["citations"][0]
    record = by_id["child-of-w3wp-1"]["citations"][0]
    assert ["artefact", "line", "time", "time_from", "rule", "text"] == list(line)
    assert ["artefact", "record", "time", "time_from", "rule", "text"] == list(record)
    assert "content" == line["time_from"]


def test_times_are_iso_8601_in_utc_with_z() -> None:
    host = printed(results.compromised())["hosts"][0]
    assert "2021-03-03T04:12:16.113000Z" == host["findings"][2]["last_seen"]
    assert "2021-01-03T00:00:00Z" == host["packs"][0]["window"][0]


def test_the_words_of_the_model_print_as_scripts_know_them() -> None:
    whole = printed(results.compromised(), results.quiet())
    assert "compromised" == whole["verdict"]
    assert ["compromised", "no_evidence_found"] == [
        host["verdict"]["level"] for host in whole["hosts"]
    ]
    assert {"post_exploitation", "persistence", "probe"} == {
        one["grade"] for one in whole["hosts"][0]["findings"]
    }


def test_what_was_printed_can_be_read_back_as_a_result() -> None:
    result = results.result(results.compromised(), results.untold())
    again = msgspec.json.decode(render(result), type=Result)
    assert result.hosts[1] == again.hosts[1]
    assert render(result) == render(again)


def test_the_order_in_which_things_were_counted_does_not_show() -> None:
    one = results.compromised()
    other = msgspec.structs.replace(
        one,
        noise=one.noise[::-1],
        manifest=one.manifest[::-1],
        coverage=one.coverage[::-1],
        exposure=one.exposure[::-1],
    )
    assert render(results.result(one)) == render(results.result(other))


@pytest.mark.parametrize("text", ["\ud800", "\x00", "\u202e", '"\\', "é", "\U0001f514"])
def test_any_character_can_be_printed(text: str) -> None:
    source = printed(results.host(source=text))["hosts"][0]["source"]
    assert ("?" if text == "\ud800" else text) == source


def test_hostile_strings_stay_strings() -> None:
    host = printed(results.hostile())["hosts"][0]
    assert results.HOSTILE.replace("\ud800", "?") == host["findings"][0]["title"]
    assert 10_000 == len(host["findings"][0]["citations"])
