"""The techniques seen, as a layer for the ATT&CK Navigator.

Source: MITRE, "ATT&CK Navigator Layer File Format Definition", version 4.5.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from tocsin.knowledge.attack import Technique, table, techniques
from tocsin.model.grade import Grade
from tocsin.report import words
from tocsin.report.choices import UNDECIDED, Choices
from tocsin.report.format import Report
from tocsin.report.jsontext import document
from tocsin.report.traces import shown

if TYPE_CHECKING:
    from tocsin.model.result import Finding, HostResult, Result

_LAYER_VERSION = "4.5"
_NAVIGATOR_VERSION = "4.9.0"
"""The oldest Navigator that reads this version of the format."""
_COMMENTS = 12
_SEVERAL = 2
_LAYERS = 20
"""Intruders of one server that get a layer of their own."""
_NAME_CHARACTERS = 300
_COLOURS: dict[Grade, str] = {
    Grade.PROBE: "#dbe4ee",
    Grade.ATTEMPT: "#f2d488",
    Grade.EXPLOITED: "#ee9f4b",
    Grade.PERSISTENCE: "#dd6b3c",
    Grade.POST_EXPLOITATION: "#c8402f",
    Grade.MAIL_THEFT: "#a3212b",
    Grade.IMPACT: "#6e0f1f",
}


@dataclass(slots=True)
class _Seen:
    """What was seen of one technique, over all servers."""

    technique: Technique
    findings: list[tuple[HostResult, Finding]] = field(default_factory=list)

    @property
    def worst(self) -> Grade:
        return max((finding.grade for _, finding in self.findings), key=lambda one: one.rank)


def render(result: Result, choices: Choices = UNDECIDED) -> bytes:
    """Print one layer over all servers: a technique's score is the gravest grade it was seen with.

    Leads are left out: they are matches of the user's own rules. A technique that ATT&CK has
    replaced stands under its current id.
    """
    return _layer(result, choices, ", ".join(host.name for host in result.hosts))


def of_intruders(result: Result, choices: Choices = UNDECIDED) -> dict[str, bytes]:
    """One more layer for each intruder of a server that had several, by its place there."""
    layers: dict[str, bytes] = {}
    for number, host in enumerate(result.hosts, start=1):
        if len(host.intruders) < _SEVERAL:
            continue
        for place, one in enumerate(host.intruders[:_LAYERS], start=1):
            own = tuple(finding for finding in host.findings if finding.id in one.findings)
            alone = replace(result, hosts=(replace(host, findings=own),))
            title = f"{host.name}, {words.intruder(one)}"
            name = f"server-{number}.intruder-{place}.navigator.json"
            layers[name] = _layer(alone, choices, title)
    return layers


def _layer(result: Result, choices: Choices, title: str) -> bytes:
    layer = {
        "name": shown(f"Tocsin: {title}", 200),
        "versions": {
            "attack": table().version,
            "navigator": _NAVIGATOR_VERSION,
            "layer": _LAYER_VERSION,
        },
        "domain": "enterprise-attack",
        "description": _description(result),
        "sorting": 3,
        "layout": {
            "layout": "side",
            "showID": True,
            "showName": True,
            "expandedSubtechniques": "annotated",
        },
        "hideDisabled": False,
        "techniques": [_technique(seen) for seen in _all_seen(result)],
        "gradient": {
            "colors": list(_COLOURS.values()),
            "minValue": 1,
            "maxValue": len(Grade),
        },
        "legendItems": [
            {"label": f"{_score(grade)}: {words.GRADE_NAMES[grade]}", "color": colour}
            for grade, colour in _COLOURS.items()
        ],
        "metadata": [
            {"name": "TLP", "value": choices.tlp.value.upper()},
            {"name": "Tocsin", "value": result.tool.version},
            {"name": "Knowledge", "value": result.tool.knowledge},
            *(
                {"name": shown(host.name, _NAME_CHARACTERS), "value": words.headline(host.verdict)}
                for host in result.hosts
            ),
        ],
    }
    return document(layer)


def _description(result: Result) -> str:
    return (
        f"Techniques that Tocsin saw on {words.count(len(result.hosts), 'server')}. The score is "
        "the gravest grade. A technique without a score was not seen: that does not say that it "
        "was not used."
    )


def _all_seen(result: Result) -> list[_Seen]:
    seen: dict[str, _Seen] = {}
    for host in result.hosts:
        for finding in host.findings:
            for technique in techniques(finding.attack):
                one = seen.setdefault(technique.id, _Seen(technique))
                one.findings.append((host, finding))
    return [seen[name] for name in sorted(seen)]


def _technique(seen: _Seen) -> dict[str, Any]:
    lines = [
        shown(
            f"{host.name}: {finding.title} ({words.GRADE_NAMES[finding.grade]}, "
            f"{words.count(len(finding.citations), 'row')})",
            _NAME_CHARACTERS,
        )
        for host, finding in sorted(seen.findings, key=lambda one: -one[1].grade.rank)
    ]
    if len(lines) > _COMMENTS:
        lines = [*lines[:_COMMENTS], f"and {len(lines) - _COMMENTS:,} more findings"]
    return {
        "techniqueID": seen.technique.id,
        "score": _score(seen.worst),
        "comment": "\n".join(lines),
        "enabled": True,
        "metadata": [
            {"name": "worst grade", "value": words.GRADE_NAMES[seen.worst]},
            {"name": "findings", "value": str(len(seen.findings))},
            {"name": "servers", "value": str(len({host.name for host, _ in seen.findings}))},
        ],
        "showSubtechniques": "." not in seen.technique.id,
    }


def _score(grade: Grade) -> int:
    return grade.rank + 1


REPORT = Report(
    name="navigator",
    title="The techniques as a layer for the ATT&CK Navigator",
    extension="navigator.json",
    media_type="application/json",
    render=render,
    beside=of_intruders,
    heeds=frozenset({"tlp"}),
)
