"""From each sample server to each tool that a result is handed over to, read by that tool's own."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
import stix2  # type: ignore[import-untyped]  # the library has no types
from pymisp import MISPEvent
from pypdf import PdfReader

from tocsin.report.choices import Choices
from tocsin.report.format import all_reports

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.model.result import Result

    Hunted = Callable[[str], Result]

SAMPLES = {"compromised": "EX01", "quiet": "MX1", "damaged": "EXCH"}
INTRUDER = "203.0.113.66"
SCANNER = "198.51.100.77"

every_sample = pytest.mark.parametrize("name", SAMPLES)


@every_sample
def test_timesketch_gets_every_cited_row(name: str, hunted: Hunted) -> None:
    (host,) = hunted(name).hosts
    lines = all_reports()["timesketch"].render(hunted(name)).decode().splitlines()
    events = [json.loads(line) for line in lines]
    rows = {
        (one.artefact, one.line, one.record, one.offset, one.time)
        for finding in host.findings
        for one in finding.citations
        if one.time is not None
    }
    assert len(rows) == sum("artefact" in event for event in events)
    for event in events:
        assert {"message", "datetime", "timestamp_desc"} <= event.keys()
        assert datetime.fromisoformat(event["datetime"]).utcoffset() is not None


@every_sample
def test_stix_is_read_by_the_library_of_oasis(name: str, hunted: Hunted) -> None:
    bundle = stix2.parse(all_reports()["stix"].render(hunted(name)).decode(), allow_custom=False)
    (report,) = (one for one in bundle.objects if one.type == "report")
    assert report.name.endswith(f": {SAMPLES[name]}")
    store = stix2.MemoryStore(bundle)
    assert report == store.get(report.id)
    patterns = [one.pattern for one in store.query([stix2.Filter("type", "=", "indicator")])]
    assert (f"[ipv4-addr:value = '{INTRUDER}']" in patterns) is (name == "compromised")
    assert not any(SCANNER in pattern for pattern in patterns)


@every_sample
def test_misp_reads_the_event(name: str, hunted: Hunted) -> None:
    event = MISPEvent()
    event.load(all_reports()["misp"].render(hunted(name)).decode())
    assert SAMPLES[name] in event.info
    assert [SAMPLES[name]] == [
        one.value for one in event.attributes if one.type == "target-machine"
    ]
    detect = {one.value for one in event.attributes if one.to_ids}
    assert detect == ({INTRUDER} if name == "compromised" else set())


@every_sample
def test_the_layer_names_the_techniques_of_all_findings(name: str, hunted: Hunted) -> None:
    layer = json.loads(all_reports()["navigator"].render(hunted(name)))
    named = {one["techniqueID"] for one in layer["techniques"]}
    found = {one for finding in hunted(name).hosts[0].findings for one in finding.attack}
    assert found == named
    assert SAMPLES[name] in layer["name"]


@every_sample
def test_the_table_has_a_line_for_each_citation(name: str, hunted: Hunted) -> None:
    text = all_reports()["csv"].render(hunted(name)).decode()
    cited = sum(len(finding.citations) for finding in hunted(name).hosts[0].findings)
    assert cited == len(list(csv.DictReader(io.StringIO(text, newline=""))))


@every_sample
def test_an_authority_gets_a_draft_on_paper(name: str, hunted: Hunted) -> None:
    files = all_reports()["incident"].files(hunted(name), Choices(authorities=("nis2",)))
    assert {"report.incident.json", "report.incident.nis2.pdf"} == files.keys()
    pages = PdfReader(io.BytesIO(files["report.incident.nis2.pdf"])).pages
    text = " ".join(page.extract_text() for page in pages)
    assert SAMPLES[name] in text
    assert "Draft." in text


def test_the_draft_tells_what_happened_to_the_compromised_server(hunted: Hunted) -> None:
    text = all_reports()["incident"].render(hunted("compromised")).decode()
    for told in (INTRUDER, "errorEE.aspx", "CVE-2021-26855", "Mar21SU", "2021-03-03 06:44:30Z"):
        assert told in text
    assert SCANNER not in text
