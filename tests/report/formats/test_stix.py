"""Read back with the OASIS library, which refuses what is not STIX 2.1."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import msgspec
import pytest
import stix2  # type: ignore[import-untyped]  # the library has no types

from tests.report import results
from tests.report.results import at, finding, host
from tocsin.model.grade import Confidence, Grade
from tocsin.model.result import Citation, HostResult, ManifestEntry
from tocsin.report.choices import Choices, Tlp
from tocsin.report.formats.stix import render

SHELL = "C/inetpub/wwwroot/aspnet_client/x.aspx"
OBSERVABLES = ("file", "directory", "ipv4-addr", "ipv6-addr", "user-account")


def objects(*hosts: HostResult, tlp: Tlp = Tlp.AMBER) -> list[Any]:
    text = render(results.result(*hosts), Choices(tlp=tlp)).decode()
    return list(stix2.parse(text, allow_custom=False).objects)


def of(kind: str, read: list[Any]) -> list[Any]:
    return [one for one in read if one["type"] == kind]


def with_shell(**changes: object) -> HostResult:
    row = Citation(artefact=SHELL, offset=0, time=at("2021-03-03"), rule="yara", text="x.aspx")
    plain = {"grade": Grade.PERSISTENCE, "confidence": Confidence.HIGH, "citations": (row,)}
    manifest = (ManifestEntry(path=SHELL, size=9, sha256="ab" * 32),)
    return host(findings=(finding(**(plain | changes)),), manifest=manifest)


HOSTS = {
    "compromised": results.compromised(),
    "quiet": results.quiet(),
    "untold": results.untold(),
    "hostile": results.hostile(),
    "nothing": host(),
    "shell": with_shell(clients=("203.0.113.7", "2001:db8::7")),
}


@pytest.mark.parametrize("name", HOSTS)
@pytest.mark.parametrize("tlp", Tlp)
def test_the_library_reads_every_bundle_without_custom_objects(name: str, tlp: Tlp) -> None:
    read = objects(HOSTS[name], tlp=tlp)
    ids = [one["id"] for one in read]
    assert len(ids) == len(set(ids))
    (report,) = of("report", read)
    assert set(report["object_refs"]) < set(ids)


@pytest.mark.parametrize("name", HOSTS)
def test_every_reference_leads_to_an_object_of_the_bundle(name: str) -> None:
    bundle = json.loads(render(results.result(HOSTS[name])))
    there = {one["id"] for one in bundle["objects"]}
    named = {
        value
        for one in bundle["objects"]
        for key, values in one.items()
        if key.endswith(("_ref", "_refs"))
        for value in ([values] if isinstance(values, str) else values)
    }
    assert set() == named - there


@pytest.mark.parametrize("name", HOSTS)
def test_ids_of_observables_are_those_that_the_specification_derives(name: str) -> None:
    for one in objects(HOSTS[name]):
        if one["type"] in OBSERVABLES:
            content = {key: one[key] for key in one if key != "id"}
            assert type(one)(**content).id == one["id"]


def test_times_come_from_the_evidence() -> None:
    read = objects(results.compromised())
    (report,) = of("report", read)
    assert "2021-03-08 11:40:00+00:00" == str(report["published"])
    assert {"2021-03-08", "2026-11-24"} == {
        str(one["created"])[:10] for one in read if one["type"] not in {*OBSERVABLES, "process", "marking-definition"}
    }  # fmt: skip


def test_another_content_is_another_object() -> None:
    one = results.compromised()
    other = msgspec.structs.replace(one, name="EXCH99")
    changed = {o["id"] for o in objects(one)} ^ {o["id"] for o in objects(other)}
    assert {"identity", "report", "sighting", "relationship"} <= {
        id_.split("--")[0] for id_ in changed
    }


def test_only_a_sure_success_makes_indicators() -> None:
    read = objects(with_shell(clients=("203.0.113.7",)))
    assert [
        "[file:hashes.'SHA-256' = '" + "ab" * 32 + "']",
        "[ipv4-addr:value = '203.0.113.7']",
    ] == sorted(one["pattern"] for one in of("indicator", read))
    unsure = with_shell(clients=("203.0.113.7",), confidence=Confidence.MEDIUM)
    assert [] == of("indicator", objects(unsure))


def test_scanners_are_observed_and_no_more() -> None:
    read = objects(results.compromised())
    addresses = {one["value"] for one in of("ipv4-addr", read)}
    patterns = {one["pattern"] for one in of("indicator", read)}
    assert {"198.51.100.1", results.INTRUDER} <= addresses
    assert {f"[ipv4-addr:value = '{results.INTRUDER}']"} == patterns


def test_an_address_is_worth_looking_for_for_thirty_days() -> None:
    (address,) = (o for o in of("indicator", objects(with_shell(clients=("203.0.113.7",)))) if "addr" in o["pattern"])  # fmt: skip
    assert ("2021-03-03", "2021-04-02") == (
        str(address["valid_from"])[:10],
        str(address["valid_until"])[:10],
    )


def test_a_planted_page_is_malware_with_its_file() -> None:
    read = objects(with_shell())
    (malware,) = of("malware", read)
    (file,) = (one for one in of("file", read) if one["id"] in malware["sample_refs"])
    assert ("x.aspx", "ab" * 32, 9) == (file["name"], file["hashes"]["SHA-256"], file["size"])
    assert ["webshell"] == malware["malware_types"]


def test_a_process_is_known_by_its_record() -> None:
    (process,) = of("process", objects(results.compromised()))
    image = next(o for o in objects(results.compromised()) if o["id"] == process["image_ref"])
    assert "cmd.exe" == image["name"]
    assert "4" == process["id"].split("--")[1][14]


def test_groups_are_no_threat_actors() -> None:
    kinds = Counter(one["type"] for one in objects(results.compromised()))
    assert not {"threat-actor", "intrusion-set", "campaign"} & kinds.keys()


def test_a_note_quotes_the_rows_and_counts_the_rest() -> None:
    rows = tuple(
        Citation(artefact="a.log", line=n, time=at("2021-03-03"), rule="r", text=f"row {n}")
        for n in range(1, 101)
    )
    (note,) = of("note", objects(host(findings=(finding(citations=rows),))))
    assert "a.log:1 [r] row 1\n" in note["content"]
    assert note["content"].endswith("(60 more rows are in report.json)")


@pytest.mark.parametrize(
    ("tlp", "marked"),
    [(Tlp.RED, ["red"]), (Tlp.AMBER, ["amber"]), (Tlp.GREEN, ["green"]), (Tlp.CLEAR, ["white"])],
)
def test_everything_carries_the_marking(tlp: Tlp, marked: list[str]) -> None:
    read = objects(with_shell(), tlp=tlp)
    markings = of("marking-definition", read)
    assert marked == [one["definition"]["tlp"] for one in markings]
    for one in read:
        if one["type"] != "marking-definition" and one.get("name") != "Tocsin":
            assert [markings[0]["id"]] == list(one["object_marking_refs"])


def test_amber_strict_is_amber_with_a_statement() -> None:
    tlp, statement = of("marking-definition", objects(host(), tlp=Tlp.AMBER_STRICT))
    assert stix2.TLP_AMBER.id == tlp["id"]
    assert "TLP:AMBER+STRICT" in statement["definition"]["statement"]
