"""What the desk reads of a result, and no more. Unknown keys are passed over: versions differ.

A result may come from anybody. These are the shapes that are accepted; `tocsin.web.hunts.digest`
bounds what is in them.
"""

from __future__ import annotations

import msgspec

Text = str
Texts = list[str]


class Verdict(msgspec.Struct, frozen=True):
    """As in `tocsin.model.result`, and so the others; times are kept as they are written."""

    level: Text
    assurance: Text
    reasons: Texts = []
    limits: Texts = []


class Pack(msgspec.Struct, frozen=True):
    """The answer for one campaign."""

    pack: Text
    level: Text | None = None
    assurance: Text = ""
    window: Texts = []
    needed: Texts = []
    missing: Texts = []
    not_applicable: Text | None = None
    detectable: bool = True
    check_instead: Texts = []


class Build(msgspec.Struct, frozen=True):
    """A build and when it was seen."""

    build: Text
    product: Text | None = None
    cu: Text | None = None
    su: Text | None = None
    first_seen: Text | None = None
    last_seen: Text | None = None
    from_: Text = msgspec.field(name="from", default="")


class Exposure(msgspec.Struct, frozen=True):
    """One CVE, as the result judges it."""

    cve: Text
    status: Text = ""
    exposed_from: Text | None = None
    exposed_until: Text | None = None


class Citation(msgspec.Struct, frozen=True):
    """One line of evidence."""

    artefact: Text
    text: Text = ""
    line: int | None = None
    record: int | None = None
    offset: int | None = None
    time: Text | None = None
    rule: Text = ""


class Finding(msgspec.Struct, frozen=True):
    """A statement with its lines."""

    title: Text
    grade: Text
    confidence: Text
    severity: Text = ""
    id: Text = ""
    cves: Texts = []
    attack: Texts = []
    first_seen: Text | None = None
    last_seen: Text | None = None
    clients: Texts = []
    citations: list[Citation] = []
    benign_explanations: Texts = []
    next_steps: Texts = []
    rows: int = 0


class Coverage(msgspec.Struct, frozen=True):
    """What was seen of one kind of source."""

    kind: Text
    files: int = 0
    events: int = 0
    first: Text | None = None
    last: Text | None = None
    gaps: list[Texts] = []
    problems: int = 0


class Problem(msgspec.Struct, frozen=True):
    """A place that could not be read."""

    artefact: Text
    code: Text
    detail: Text = ""
    line: int | None = None


class Noise(msgspec.Struct, frozen=True):
    """A harmless pattern."""

    rule: Text
    events: int = 0


class Group(msgspec.Struct, frozen=True):
    """An overlap with a known group's ways."""

    name: Text
    wording: Text = ""


class Host(msgspec.Struct, frozen=True):
    """One server."""

    name: Text
    verdict: Verdict
    builds: list[Build]
    source: Text = ""
    packs: list[Pack] = []
    exposure: list[Exposure] = []
    findings: list[Finding] = []
    leads: list[Finding] = []
    coverage: list[Coverage] = []
    problems: list[Problem] = []
    noise: list[Noise] = []
    groups: list[Group] = []


class Tool(msgspec.Struct, frozen=True):
    """Which Tocsin made it."""

    version: Text = ""
    knowledge: Text = ""


class Result(msgspec.Struct, frozen=True):
    """The whole; servers are parsed one by one, so that one that is damaged costs only itself."""

    schema: Text
    hosts: list[msgspec.Raw]
    tool: Tool = Tool()
