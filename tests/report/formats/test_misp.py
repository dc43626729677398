"""Read back with PyMISP, MISP's own object model, and its object templates."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from pymisp import MISPEvent, MISPObject

from tests.report import results
from tests.report.results import at, finding, host
from tocsin.model.grade import Confidence, Grade
from tocsin.model.result import Citation, HostResult, ManifestEntry, Result
from tocsin.report.choices import Choices, Tlp
from tocsin.report.formats.misp import render

SHELL = "C/inetpub/wwwroot/aspnet_client/x.aspx"


def event(*hosts: HostResult, tlp: Tlp = Tlp.AMBER) -> MISPEvent:
    return loaded(results.result(*hosts), tlp)


def loaded(result: Result, tlp: Tlp = Tlp.AMBER) -> MISPEvent:
    read = MISPEvent()
    read.load(render(result, Choices(tlp=tlp)).decode())
    return read


def planted(**changes: object) -> HostResult:
    row = Citation(artefact=SHELL, offset=0, time=at("2021-03-03"), rule="yara", text="x.aspx")
    plain = {"grade": Grade.PERSISTENCE, "confidence": Confidence.HIGH, "citations": (row,)}
    manifest = (ManifestEntry(path=SHELL, size=9, sha256="ab" * 32),)
    return host(name="EX", findings=(finding(**(plain | changes)),), manifest=manifest)


HOSTS = {
    "compromised": results.compromised(),
    "quiet": results.quiet(),
    "hostile": results.hostile(),
    "nothing": host(),
    "planted": planted(clients=("203.0.113.7",)),
}


@pytest.mark.parametrize("name", HOSTS)
def test_pymisp_reads_what_was_written(name: str) -> None:
    written = json.loads(render(results.result(HOSTS[name])))["Event"]
    read = event(HOSTS[name])
    assert (written["uuid"], written["info"]) == (read.uuid, read.info)
    assert [one["value"] for one in written["Attribute"]] == [one.value for one in read.attributes]
    assert [one["name"] for one in written["Object"]] == [one.name for one in read.objects]


@pytest.mark.parametrize("name", HOSTS)
def test_types_fit_their_categories(name: str) -> None:
    read = event(HOSTS[name])
    mapping: dict[str, list[str]] = read.describe_types["category_type_mappings"]
    parts = [*read.attributes, *(part for one in read.objects for part in one.attributes)]
    assert [] == [(p.type, p.category) for p in parts if p.type not in mapping[p.category]]


@pytest.mark.parametrize("name", HOSTS)
def test_objects_follow_the_templates_that_pymisp_ships(name: str) -> None:
    for one in event(HOSTS[name]).objects:
        template = MISPObject(one.name, strict=True)
        assert (template.template_uuid, str(template.template_version)) == (
            one.template_uuid,
            str(one.template_version),
        )
        for part in one.attributes:
            template.add_attribute(part.object_relation, part.value)
        template.to_json()  # raises for what the template requires and the object lacks


@pytest.mark.parametrize("name", HOSTS)
def test_mispes_own_rule_of_one_attribute_for_each_value_holds(name: str) -> None:
    keys = [(one.category, one.type, one.value) for one in event(HOSTS[name]).attributes]
    assert len(keys) == len(set(keys))
    assert all(len(value.encode()) < 65_536 for _, _, value in keys)


def marked(read: MISPEvent) -> list[Any]:
    parts = [*read.attributes, *(part for one in read.objects for part in one.attributes)]
    return [part.value for part in parts if part.to_ids]


def test_only_what_is_sure_is_for_detection() -> None:
    assert ["203.0.113.7", "ab" * 32] == marked(event(planted(clients=("203.0.113.7",))))
    assert [] == marked(event(planted(clients=("203.0.113.7",), confidence=Confidence.MEDIUM)))
    assert [results.INTRUDER] == marked(event(results.compromised()))


def test_two_servers_that_name_one_address_share_an_attribute() -> None:
    mild = host(name="OTHER", findings=(finding(clients=("203.0.113.7",)),))
    read = event(mild, planted(clients=("203.0.113.7",)))
    (address,) = (one for one in read.attributes if one.type == "ip-src")
    assert address.to_ids
    assert "OTHER" in address.comment
    assert "EX" in address.comment


def test_the_event_is_for_nobody_else_and_not_published() -> None:
    written = json.loads(render(results.result(results.compromised())))["Event"]
    assert ("0", False, "0") == (
        written["distribution"],
        written["published"],
        written["analysis"],
    )
    parts = [*written["Attribute"], *written["Object"]]
    assert {"5"} == {part["distribution"] for part in parts}


def test_the_same_evidence_is_the_same_event_whoever_reads_it() -> None:
    one = results.result(results.compromised())
    newer = msgspec.structs.replace(one, tool=msgspec.structs.replace(one.tool, version="9.9"))
    other = msgspec.structs.replace(one, hosts=(msgspec.structs.replace(one.hosts[0], name="X"),))
    assert loaded(one).uuid == loaded(newer).uuid
    assert loaded(one).uuid != loaded(other).uuid


def test_tags_say_the_level_and_the_techniques() -> None:
    tags = [tag.name for tag in event(results.compromised(), tlp=Tlp.AMBER_STRICT).tags]
    assert "tlp:amber+strict" == tags[0]
    assert 'misp-galaxy:mitre-attack-pattern="Exploit Public-Facing Application - T1190"' in tags


@pytest.mark.parametrize(
    ("one", "level"), [(results.compromised(), 1), (results.quiet(), 4), (results.untold(), 4)]
)
def test_the_threat_level_follows_the_verdict(one: HostResult, level: int) -> None:
    assert level == int(event(one).threat_level_id)
