"""As Timesketch reads it (`timesketch/lib/utils.py`, `read_and_validate_jsonl`): each line is an
object with `message`, `datetime` and `timestamp_desc`, and a `tag` is a list."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.report import results
from tests.report.results import at, finding, host
from tocsin.model.grade import Grade
from tocsin.model.result import Citation, HostResult
from tocsin.report.formats.timesketch import render


def events(*hosts: HostResult) -> list[dict[str, Any]]:
    return [json.loads(line) for line in render(results.result(*hosts)).decode().splitlines()]


def test_each_event_has_what_the_importer_wants() -> None:
    read = events(results.compromised(), results.hostile())
    assert read
    for event in read:
        assert {"message", "datetime", "timestamp_desc"} <= event.keys()
        assert all(isinstance(event[name], str) for name in ("message", "datetime"))
        assert isinstance(event["tag"], list)
        assert not any(tag.startswith("__ts_") for tag in event["tag"])
        moment = datetime.fromisoformat(event["datetime"])
        assert datetime.fromtimestamp(event["timestamp"] / 1e6, UTC) == moment


def test_each_cited_row_is_one_event_in_order_of_time() -> None:
    one = results.compromised()
    rows = {(c.artefact, c.line, c.record, c.time) for f in (*one.findings, *one.leads) for c in f.citations}  # fmt: skip
    read = events(one, results.quiet())
    assert len(rows) == sum("artefact" in event for event in read)
    assert sorted(event["timestamp"] for event in read) == [event["timestamp"] for event in read]


def test_an_event_says_what_cites_it_and_where_it_stands() -> None:
    first = next(event for event in events(results.compromised()) if event.get("line") == 118)
    said = "[proxylogon-step-autodiscover] 2021-03-03T04:12:07.113Z,1c0ffee0-"
    assert first["message"].startswith(said)
    assert "2021-03-03T04:12:07.113000+00:00" == first["datetime"]
    assert "Row logged" == first["timestamp_desc"]
    assert [
        "EXCH01",
        results.HTTPPROXY,
        ["proxylogon-chain-1"],
        "persistence",
        "httpproxy:ecp",
    ] == [first[name] for name in ("server", "artefact", "finding", "grade", "source")]
    assert ["tocsin", "finding", "persistence", "T1190", "T1505.003"] == first["tag"]


def test_a_row_of_two_findings_is_one_event_with_the_gravest_grade() -> None:
    row = Citation(artefact="a", line=1, time=at("2021-03-03"), rule="r", text="t")
    two = (finding(id="low", citations=(row,)), finding(id="high", grade=Grade.IMPACT, citations=(row,)))  # fmt: skip
    (event,) = events(host(findings=two))
    assert (["low", "high"], "impact") == (event["finding"], event["grade"])


def test_moments_that_no_finding_cites_are_context() -> None:
    context = [event for event in events(results.compromised()) if "context" in event["tag"]]
    assert [[], ["anchor-probe-1"], ["shell-access-1"]] == sorted(
        event["finding"] for event in context
    )


def test_a_files_time_is_not_called_a_row() -> None:
    row = Citation(artefact="a", offset=0, time=at("2021-03-03"), time_from="mft", rule="r", text="t")  # fmt: skip
    (event,) = events(host(findings=(finding(citations=(row,)),)))
    assert "File time (mft)" == event["timestamp_desc"]


def test_a_row_without_a_time_is_left_out() -> None:
    row = Citation(artefact="a", line=1, rule="r", text="t")
    assert [] == events(host(findings=(finding(citations=(row,)),)))
