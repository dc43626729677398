"""Short ways to make matches, rules and chains for the tests of findings and verdicts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tocsin.knowledge.packs import (
    Chain,
    EvidenceBase,
    Notice,
    Pack,
    PackFile,
    Step,
    Sufficient,
)
from tocsin.matching.match import Match
from tocsin.model.artefact import Artefact
from tocsin.model.grade import Confidence, Grade, Severity
from tocsin.model.path import EvidencePath
from tocsin.model.rule import RuleInfo, RuleKind

START = datetime(2021, 3, 3, 6, 44, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """`seconds` after the start of the test's day."""
    return START + timedelta(seconds=seconds)


def match(
    rule: str,
    seconds: float | None = 0,
    *,
    kind: str = "httpproxy:ecp",
    place: int = 1,
    benign: tuple[str, ...] = (),
    **values: str,
) -> Match:
    """A match of `rule`, with its typed columns as keyword arguments."""
    form, _, stream = kind.partition(":")
    form = "evtx" if form == "events" else form
    path = EvidencePath.plain(f"C/{form}/{stream or 'file'}.log")
    return Match(
        rule=rule,
        artefact=Artefact(path=path, format=form, size_bytes=1),
        kind=kind,
        time=None if seconds is None else at(seconds),
        place=place,
        values=values,
        text=f"{rule} {values}",
        benign=benign,
    )


def rule(
    name: str,
    grade: Grade,
    confidence: Confidence = Confidence.HIGH,
    *,
    pack: str = "test",
    kind: RuleKind = RuleKind.DETECTION,
    explanations: tuple[str, ...] = (),
) -> RuleInfo:
    """A rule that claims `grade`."""
    return RuleInfo(
        id=name,
        title=f"Title of {name}",
        kind=kind,
        pack=pack,
        file=f"{pack}/sigma/{name}.yml",
        grade=grade,
        confidence=confidence,
        severity=Severity.HIGH,
        benign_explanations=explanations,
    )


CHAIN = Chain(
    id="shell",
    title="A shell by four steps",
    cves=("CVE-0000-0001",),
    attack=("T1190",),
    keys=("canary", "request_id", "file_name"),
    weak_keys=("client_ip",),
    within_seconds=86400,
    weak_within_seconds=900,
    near_seconds=10,
    steps=(
        Step(id="try", title="tried", rules=("try",), grade=Grade.ATTEMPT),
        Step(id="session", title="session opened", rules=("session",), grade=Grade.EXPLOITED),
        Step(
            id="event",
            title="address set to a script",
            rules=("event",),
            grade=Grade.PERSISTENCE,
            by_time=True,
        ),
        Step(
            id="recreate",
            title="directory recreated",
            rules=("recreate",),
            grade=Grade.PERSISTENCE,
            by_time=True,
            needs=("session", "event"),
        ),
        Step(id="page", title="page requested", rules=("page",), grade=Grade.POST_EXPLOITATION),
        Step(id="extra", title="more", rules=("extra",), grade=Grade.ATTEMPT, optional=True),
    ),
)

INFOS = {
    info.id: info
    for info in (
        rule("try", Grade.ATTEMPT),
        rule("session", Grade.EXPLOITED),
        rule("event", Grade.PERSISTENCE, Confidence.MEDIUM),
        rule("recreate", Grade.PROBE, Confidence.LOW),
        rule("page", Grade.POST_EXPLOITATION, Confidence.MEDIUM),
        rule("drop", Grade.PERSISTENCE, Confidence.MEDIUM),
        rule("script", Grade.PERSISTENCE),
        rule(
            "scan",
            Grade.PROBE,
            Confidence.LOW,
            kind=RuleKind.BENIGN,
            explanations=("A known scanner.",),
        ),
        rule("lead", Grade.ATTEMPT, Confidence.LOW, kind=RuleKind.LEAD, pack=""),
    )
}


def pack(*, chains: tuple[Chain, ...] = (CHAIN,), **changes: object) -> Pack:
    """A pack about nothing real."""
    facts: dict[str, object] = {
        "slug": "test",
        "name": "Test",
        "title": "Test campaign",
        "summary": "",
        "updated": START.date(),
        "cves": ("CVE-0000-0001",),
        "decisive_cves": ("CVE-0000-0001",),
        "exploitation_from": datetime(2021, 3, 1, tzinfo=UTC),
        "window_source": "none",
        "sufficient": (Sufficient(sources=("httpproxy:ecp", "iis"), why="both"),),
        "next_steps": (),
        "references": (),
        "evidence_base": EvidenceBase(),
        "notice": Notice(what="", affected="", do=()),
    }
    about = PackFile(**{**facts, **changes})  # type: ignore[arg-type]  # facts of many types
    return Pack(about=about, sigma=(), yara=(), benign=(), chains=chains)
