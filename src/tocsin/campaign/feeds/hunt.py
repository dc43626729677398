"""The result of `tocsin hunt` that an owner sent: the owner's claim, and shown as such.

Only a few fields are read, and each is bounded. Nothing in the file is executed, shown as markup
or followed. Its own judgement of CVEs is not used: our catalogue judges the build. A result does
not tell how the server is reached from outside: whoever received it says so (`FeedContext.host`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from tocsin.campaign.feed import Feed, FeedContext
from tocsin.campaign.fields import web_shell_in
from tocsin.campaign.json_heads import head_paths
from tocsin.campaign.observation import (
    MAX_LIST,
    MAX_TEXT,
    OWNER_REPORTED_COMPROMISE,
    OWNER_REPORTED_WEB_SHELL,
    Method,
    Observation,
    normal_address,
    seen_builds,
)
from tocsin.campaign.reading import Numbering
from tocsin.model.grade import Confidence, Grade, Level
from tocsin.model.problem import ProblemCode
from tocsin.model.result import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tocsin.campaign.observation import FeedRow

NAME = "hunt"
MAX_BYTES = 256 * 2**20
"""Bytes of a result: one of a large server has tens of MiB, most of them its list of files."""
_CHUNK_BYTES = 2**20
_BREACHED = frozenset({Level.COMPROMISED, Level.EXPLOITED})
_WEB_SHELL = "T1505.003"
"""Source: MITRE ATT&CK, Server Software Component: Web Shell."""
_STAYED = frozenset(Grade) - {Grade.PROBE, Grade.ATTEMPT, Grade.EXPLOITED}
"""An attempt to reach a web shell is none, and an attack that leaves one may have failed to."""


class _Verdict(msgspec.Struct, frozen=True):
    """Unknown keys are passed over in these: a later version may have more."""

    level: str
    assurance: str


class _Build(msgspec.Struct, frozen=True):
    build: str
    last_seen: datetime | None = None


class _Finding(msgspec.Struct, frozen=True):
    grade: str
    confidence: str
    attack: list[str]


class _Coverage(msgspec.Struct, frozen=True):
    last: datetime | None = None


class _Host(msgspec.Struct, frozen=True):
    name: str
    verdict: _Verdict
    builds: list[_Build]
    findings: list[_Finding] = []
    coverage: list[_Coverage] = []


class _Result(msgspec.Struct, frozen=True):
    schema: str
    hosts: list[msgspec.Raw]


def recognise(head: bytes, _name: str) -> bool:
    """Whether the object says that it is a result of a hunt."""
    return head_paths(head).get("schema") == SCHEMA


def read(stream: BinaryIO, context: FeedContext) -> Iterator[FeedRow]:
    """One observation or problem for each server of the result."""
    numbering = Numbering(NAME, context)
    try:
        data = _whole(stream)
    except OSError as error:
        yield numbering.of_file(ProblemCode.UNREADABLE, f"reading stopped: {error}")
        return
    if len(data) > MAX_BYTES:
        detail = f"a result of more than {MAX_BYTES} bytes is not read"
        yield numbering.problem(ProblemCode.TOO_LARGE, detail, evidence=web_shell_in(data))
        return
    try:
        result = msgspec.json.decode(data, type=_Result)
        if result.schema != SCHEMA:
            raise msgspec.ValidationError(f"its schema is not {SCHEMA}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        detail = f"no result of tocsin hunt: {error}"
        yield numbering.problem(ProblemCode.BAD_DOCUMENT, detail, evidence=web_shell_in(data))
        return
    for raw in result.hosts:
        yield _row(bytes(raw), numbering)


def _whole(stream: BinaryIO) -> bytes:
    data = bytearray()
    while len(data) <= MAX_BYTES and (chunk := stream.read(_CHUNK_BYTES)):
        data += chunk
    return bytes(data)


def _row(raw: bytes, numbering: Numbering) -> FeedRow:
    try:
        host = msgspec.json.decode(raw, type=_Host)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return numbering.problem(ProblemCode.BAD_RECORD, str(error), evidence=web_shell_in(raw))
    builds = seen_builds((one.build, Method.OWNER_CLAIM) for one in _latest(host.builds))
    extra = {"verdict": host.verdict.level, "assurance": host.verdict.assurance}
    about = numbering.context.host
    ip = normal_address(about) if about else None
    return Observation(
        **numbering.next(),
        time_utc=_last(host),
        ip=ip,
        hostname=about if ip is None else None,
        server_name=host.name.strip()[:MAX_TEXT] or None,
        builds=builds,
        evidence=tuple(_evidence(host)),
        extra=tuple((name, text[:MAX_TEXT]) for name, text in extra.items()),
    )


def _latest(builds: list[_Build]) -> list[_Build]:
    """A hunt tells all builds of the past; what is installed is what was seen last."""
    if not builds:
        return []
    last = max(map(_when, builds))
    return [one for one in builds if _when(one) == last][:MAX_LIST]


def _when(build: _Build) -> datetime:
    return _utc(build.last_seen) if build.last_seen else datetime.min.replace(tzinfo=UTC)


def _last(host: _Host) -> datetime | None:
    """The last moment that the evidence shows."""
    times = [one.last for one in host.coverage] + [one.last_seen for one in host.builds]
    return max((_utc(one) for one in times if one is not None), default=None)


def _utc(when: datetime) -> datetime:
    try:
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except OverflowError:
        return when.replace(tzinfo=UTC)


def _evidence(host: _Host) -> Iterator[str]:
    if any(map(_is_shell, host.findings)):
        yield OWNER_REPORTED_WEB_SHELL
    if host.verdict.level in _BREACHED:
        yield OWNER_REPORTED_COMPROMISE


def _is_shell(finding: _Finding) -> bool:
    sure = finding.confidence != Confidence.LOW
    return sure and finding.grade in _STAYED and _WEB_SHELL in finding.attack


_SAMPLE = """\
{"schema":"tocsin.result/1","tool":{"version":"0.1.0","knowledge":"2026-11-01"},"verdict":"compromised","hosts":[
{"source":"exch01.zip","name":"EXCH01","verdict":{"level":"compromised","assurance":"complete","reasons":[],"limits":[]},"builds":[{"build":"15.1.2176.2","product":"Exchange Server 2016","cu":"CU19","su":null,"first_seen":"2021-02-01T00:00:00Z","last_seen":"2021-03-02T08:00:00Z","from":"setup_log"},{"build":"15.1.2176.14","product":"Exchange Server 2016","cu":"CU19","su":"May21SU","first_seen":"2021-06-01T00:00:00Z","last_seen":"2021-06-09T08:00:00Z","from":"exsetup"}],"findings":[{"id":"web-shell-requests","title":"Requests to a page that is a web shell","grade":"persistence","confidence":"high","attack":["T1505.003"]}],"coverage":[{"kind":"iis","last":"2021-06-09T09:30:00Z"}]},
{"source":"exch02.zip","name":"EXCH02","verdict":{"level":"no_evidence_found","assurance":"partial","reasons":[],"limits":[]},"builds":[],"findings":[],"coverage":[]}]}
"""

FEED = Feed(
    name=NAME,
    title="A result of tocsin hunt, sent by an owner",
    unit="a server of the result",
    recognise=recognise,
    read=read,
    sample=_SAMPLE.encode(),
    sample_name="report.json",
    sample_rows=2,
    reference="Tocsin, reference page of the JSON result, schema tocsin.result/1.",
)
