"""Who seems to have been on one server, and with whose published ways that overlaps, as told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.findings.groups import Evidence, overlaps, ways_of
from tocsin.findings.intruders import intruders
from tocsin.findings.keys import page_of
from tocsin.knowledge.attack import techniques
from tocsin.knowledge.groups import groups
from tocsin.model import result
from tocsin.model.rule import RuleKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tocsin.findings.finding import Finding
    from tocsin.findings.intruders import Intruder
    from tocsin.findings.overlap import Ways
    from tocsin.model.rule import RuleInfo

_FILES = ("file_path", "process")
_TEXTS = 20_000
"""Rows of one intruder that are searched for published names."""


def told_intruders(
    findings: Sequence[Finding], shared: frozenset[str], infos: Mapping[str, RuleInfo]
) -> tuple[result.Intruder, ...]:
    """Everybody who got further than an attempt, the first one first.

    `shared` are addresses that stand for many clients. Only techniques that rules of packs can
    show are compared with those of groups.
    """
    found = intruders(findings, shared)
    if not found:
        return ()
    ways = ways_of(groups(), observable(infos))
    return tuple(_told(place, one, infos, ways) for place, one in enumerate(found, start=1))


def observable(infos: Mapping[str, RuleInfo]) -> frozenset[str]:
    """The techniques that rules of packs can show, under their current ids."""
    return frozenset(
        one.id
        for info in infos.values()
        if info.kind is RuleKind.DETECTION
        for one in techniques(info.attack)
    )


def overlaps_of(told: Iterable[result.Intruder]) -> tuple[result.GroupOverlap, ...]:
    """Every overlap of one server once, in the order in which its intruders came."""
    return tuple({one.name: one for intruder in told for one in intruder.groups}.values())


def _told(place: int, one: Intruder, infos: Mapping[str, RuleInfo], ways: Ways) -> result.Intruder:
    evidence = _evidence(one, infos)
    return result.Intruder(
        id=f"intruder-{place}",
        clients=one.clients,
        pages=one.pages,
        first_seen=one.first_seen,
        last_seen=one.last_seen,
        findings=tuple(finding.id for finding in one.findings),
        techniques=tuple(sorted(evidence.techniques)),
        groups=tuple(overlaps(evidence, groups(), ways)),
        note=one.note,
    )


def _evidence(one: Intruder, infos: Mapping[str, RuleInfo]) -> Evidence:
    """What this one did and used; rules say which technique a row shows."""
    matches = [match for finding in one.findings for match in finding.matches]
    named = {match.rule for match in matches}
    shown = (tag for rule in named if rule in infos for tag in infos[rule].attack)
    values = [match.values for match in matches]
    return Evidence(
        techniques=frozenset(found.id for found in techniques(shown)),
        addresses=frozenset(one.clients),
        file_names=frozenset(
            (
                *(page for row in values if (page := page_of(row))),
                *(_name(row[key]) for row in values for key in _FILES if row.get(key)),
            )
        ),
        texts=[match.text.lower() for match in matches[:_TEXTS]],
    )


def _name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2].lower()
