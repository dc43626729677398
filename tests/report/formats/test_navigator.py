"""Against "ATT&CK Navigator Layer File Format Definition" 4.5: fields, types and required ones."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.report import results
from tests.report.results import finding, host
from tocsin.model.grade import Grade
from tocsin.report.choices import Choices, Tlp
from tocsin.report.formats.navigator import REPORT, render

if TYPE_CHECKING:
    from tocsin.model.result import HostResult

LAYER: dict[str, type] = {
    "name": str, "versions": dict, "domain": str, "description": str, "sorting": int, "layout": dict,
    "hideDisabled": bool, "techniques": list, "gradient": dict, "legendItems": list, "metadata": list,
}  # fmt: skip
TECHNIQUE: dict[str, type] = {
    "techniqueID": str, "score": int, "comment": str, "enabled": bool, "metadata": list, "showSubtechniques": bool,
}  # fmt: skip


def layer(*hosts: HostResult, tlp: Tlp = Tlp.AMBER) -> dict[str, Any]:
    read = json.loads(render(results.result(*hosts), Choices(tlp=tlp)))
    assert isinstance(read, dict)
    return read


@pytest.mark.parametrize("one", [results.compromised(), results.hostile(), host()])
def test_a_layer_has_the_fields_of_the_format_and_no_others(one: HostResult) -> None:
    read = layer(one, results.quiet())
    assert {"name", "versions", "domain"} <= read.keys() <= LAYER.keys()
    assert all(isinstance(value, LAYER[name]) for name, value in read.items())
    assert "enterprise-attack" == read["domain"]
    assert "4.5" == read["versions"]["layer"]
    assert (4, 9, 0) <= tuple(map(int, read["versions"]["navigator"].split(".")))
    assert {"colors", "minValue", "maxValue"} == read["gradient"].keys()
    assert read["gradient"]["minValue"] < read["gradient"]["maxValue"]
    for technique in read["techniques"]:
        assert TECHNIQUE.keys() == technique.keys()
        assert all(isinstance(value, TECHNIQUE[name]) for name, value in technique.items())
        assert re.fullmatch(r"T\d{4}(\.\d{3})?", technique["techniqueID"])
    for item in read["legendItems"]:
        assert {"label", "color"} == item.keys()
    for item in (*read["metadata"], *(m for t in read["techniques"] for m in t["metadata"])):
        assert {"name": str, "value": str} == {name: type(value) for name, value in item.items()}


def test_the_score_is_the_gravest_grade_over_all_servers() -> None:
    mild = host(name="A", findings=(finding(title="mild", attack=("T1190",), grade=Grade.PROBE),))
    grave = host(name="B", findings=(finding(title="grave", attack=("T1190",), grade=Grade.IMPACT),))  # fmt: skip
    (technique,) = layer(mild, grave)["techniques"]
    assert 7 == technique["score"]
    assert "B: grave (impact, 1 row)\nA: mild (probe, 1 row)" == technique["comment"]


def test_a_replaced_technique_stands_under_its_current_id() -> None:
    old_and_new = finding(attack=("T1562.002", "T1685.001"))
    (technique,) = layer(host(findings=(old_and_new,)))["techniques"]
    assert "T1685.001" == technique["techniqueID"]


def test_leads_are_no_techniques_seen() -> None:
    assert [] == layer(host(leads=(finding(attack=("T1190",)),)))["techniques"]


def test_the_layer_says_how_far_it_may_travel() -> None:
    assert {"name": "TLP", "value": "RED"} in layer(host(), tlp=Tlp.RED)["metadata"]


def test_many_findings_are_counted() -> None:
    many = tuple(finding(title=f"{number}", attack=("T1190",)) for number in range(20))
    (technique,) = layer(host(findings=many))["techniques"]
    assert technique["comment"].endswith("\nand 8 more findings")


def test_each_intruder_of_a_server_that_had_several_has_a_layer_of_its_own() -> None:
    one, other = results.compromised().intruders[0], "192.0.2.44"
    findings = (finding(id="a", attack=("T1190",)), finding(id="b", attack=("T1505.003",)))
    several = (
        msgspec.structs.replace(one, findings=("a",)),
        msgspec.structs.replace(one, id="intruder-2", clients=(other,), findings=("b",)),
    )
    made = host(name="MAIL01", findings=findings, intruders=several)
    files = REPORT.files(results.result(host(), made), Choices())
    assert [
        "report.navigator.json",
        "report.server-2.intruder-1.navigator.json",
        "report.server-2.intruder-2.navigator.json",
    ] == list(files)
    second = json.loads(files["report.server-2.intruder-2.navigator.json"])
    assert "Tocsin: MAIL01, 192.0.2.44" == second["name"]
    assert ["T1505.003"] == [one["techniqueID"] for one in second["techniques"]]


def test_one_intruder_alone_has_the_layer_of_the_whole() -> None:
    assert 1 == len(REPORT.files(results.result(results.compromised()), Choices()))
