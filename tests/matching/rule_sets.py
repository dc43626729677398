"""Packs, formats and rule files made up for the tests of matching."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import yaml

from tocsin.events.format import Format, LogSource, Unit
from tocsin.knowledge.packs import EvidenceBase, Notice, Pack, PackFile, RuleFile
from tocsin.model.event import Event, PlaceKind

if TYPE_CHECKING:
    from collections.abc import Mapping

HTTPPROXY = {"product": "exchange", "service": "httpproxy"}
YARA_META = {
    "title": "A page",
    "grade": "persistence",
    "confidence": "high",
    "severity": "critical",
    "cves": "CVE-2021-1, CVE-2021-2",
    "attack": "T1505.003",
    "false_positives": "a test|None known; nothing does this|a scan",
    "next_steps": "look|again",
}


def sigma(
    name: str,
    /,
    detection: object,
    *,
    logsource: object = None,
    tocsin: object = None,
    **more: object,
) -> RuleFile:
    """A rule of ours; `detection` may be one selection alone."""
    if not isinstance(detection, dict) or "condition" not in detection:
        detection = {"selection": detection, "condition": "selection"}
    document = {
        "title": f"Rule {name}",
        "name": name,
        "level": "high",
        "logsource": logsource or HTTPPROXY,
        "detection": detection,
        "tocsin": tocsin or {"grade": "attempt", "confidence": "high"},
        **more,
    }
    return RuleFile(path=f"pack/sigma/{name}.yml", text=yaml.safe_dump(document))


def benign(name: str, detection: object) -> RuleFile:
    """A benign pattern of ours."""
    return sigma(name, detection, tocsin={"reason": "a health probe"})


def yara(
    name: str, body: str = "condition: true", meta: Mapping[str, str] | None = None
) -> RuleFile:
    """A YARA rule of ours."""
    lines = "".join(f' {key} = "{value}"' for key, value in (meta or YARA_META).items())
    identifier = name.replace("-", "_")
    text = f"rule {identifier} {{ meta: {lines} {body} }}"
    return RuleFile(path=f"pack/yara/{name}.yar", text=text)


def pack(
    *sigma_files: RuleFile,
    patterns: tuple[RuleFile, ...] = (),
    yara_files: tuple[RuleFile, ...] = (),
) -> Pack:
    """A pack that holds these rules."""
    about = PackFile(
        slug="pack",
        name="Pack",
        title="",
        summary="",
        updated=date(2026, 1, 1),
        cves=(),
        decisive_cves=(),
        exploitation_from=datetime(2021, 1, 1, tzinfo=UTC),
        window_source="",
        sufficient=(),
        next_steps=(),
        references=(),
        evidence_base=EvidenceBase(),
        notice=Notice(what="", affected="", do=()),
    )
    return Pack(about=about, sigma=sigma_files, yara=yara_files, benign=patterns, chains=())


def form(name: str = "httpproxy", *log_sources: LogSource) -> Format:
    """A format by this name, which reads nothing."""
    return Format(
        name=name,
        title="",
        paths=(),
        recognise=lambda head, path: False,  # noqa: ARG005 - the contract's shape
        columns=(),
        parse=lambda stream, artefact: iter(()),  # noqa: ARG005 - the contract's shape
        count=len,
        unit=Unit.LINE,
        place=PlaceKind.LINE,
        log_sources=log_sources,
        sample=b"",
        sample_path="",
        reference="",
    )


def event(fields: Mapping[str, str], stream: str = "") -> Event:
    """A row of these fields."""
    return Event(time=None, place=1, fields=fields, text=" ".join(fields.values()), stream=stream)
