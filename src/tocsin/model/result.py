"""The result of a hunt, as `tocsin hunt --json` prints it and every report format reads it.

Source: the team's interface page ("`tocsin hunt --json`"). Changing a name here breaks scripts:
it needs a news fragment and a decision record. Times are UTC and print as ISO 8601 with ``Z``.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from tocsin.model.grade import Assurance, Confidence, Grade, Level, Severity

SCHEMA = "tocsin.result/1"


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the result; unknown keys are refused when one is read back."""


class RuleFailure(_Part, frozen=True, kw_only=True):
    """A rule that could not be loaded, with its file and the reason."""

    file: str
    reason: str


class RuleCounts(_Part, frozen=True, kw_only=True):
    """What became of every rule: none is lost without a line here.

    `loaded` is the sum of `sigma`, `yara` and `indicators`, the entries of the user's lists;
    results of earlier versions have the sum alone.
    """

    loaded: int
    not_applicable: int
    failed: tuple[RuleFailure, ...]
    full_scan: tuple[str, ...]
    fields_never_seen: tuple[str, ...]
    sigma: int = 0
    yara: int = 0
    indicators: int = 0


class Tool(_Part, frozen=True, kw_only=True):
    """Which Tocsin, with which knowledge (a date), made the result."""

    version: str
    knowledge: str
    rules: RuleCounts


class Verdict(_Part, frozen=True, kw_only=True):
    """The answer: how bad, how sure, why, and what could not be seen."""

    level: Level
    assurance: Assurance
    reasons: tuple[str, ...]
    limits: tuple[str, ...]


class PackVerdict(_Part, frozen=True, kw_only=True):
    """The answer for one campaign. `window` is empty where the pack is not applicable.

    Where `detectable` is false no evidence can show this attack, so `level` is None, and
    `check_instead` says what to look at; it is empty where the pack is not applicable.
    """

    pack: str
    level: Level | None
    assurance: Assurance
    window: tuple[datetime, ...]
    needed: tuple[str, ...]
    missing: tuple[str, ...]
    not_applicable: str | None
    detectable: bool = True
    check_instead: tuple[str, ...] = ()
    own: bool = False
    """Whether the user brought the pack: nobody signed it, and it counts like the others."""


class BuildSeen(_Part, frozen=True, kw_only=True):
    """A build that the evidence shows, and when. `from_` prints as ``from``: the source kind."""

    build: str
    product: str | None
    cu: str | None
    su: str | None
    first_seen: datetime | None
    last_seen: datetime | None
    from_: str = msgspec.field(name="from")


class Exposure(_Part, frozen=True, kw_only=True):
    """Whether and how long this server was vulnerable to one CVE."""

    cve: str
    status: str
    reason: str
    exposed_from: datetime | None
    exposed_until: datetime | None


class Citation(_Part, frozen=True, kw_only=True, omit_defaults=True):
    """The very line. Exactly one of `line`, `record` and `offset` is set.

    `time_from` says whose time it is: ``content`` for a row's own, else a file time's origin.
    """

    artefact: str
    line: int | None = None
    record: int | None = None
    offset: int | None = None
    time: datetime | None = None
    time_from: str = "content"
    rule: str
    text: str


class Finding(_Part, frozen=True, kw_only=True):
    """A statement with citations. `rows` counts all rows that it stands on, cited or not.

    Results of earlier versions do not say that number: then it is 0.
    """

    id: str
    title: str
    grade: Grade
    severity: Severity
    confidence: Confidence
    cves: tuple[str, ...]
    attack: tuple[str, ...]
    first_seen: datetime | None
    last_seen: datetime | None
    clients: tuple[str, ...]
    citations: tuple[Citation, ...]
    benign_explanations: tuple[str, ...]
    next_steps: tuple[str, ...]
    rows: int = 0


class TimelineEntry(_Part, frozen=True, kw_only=True):
    """One moment; `finding` is the id of the finding it belongs to, if any."""

    time: datetime
    source: str
    summary: str
    finding: str | None


class CoverageEntry(_Part, frozen=True, kw_only=True):
    """What was seen of one kind of source; gaps are whole stretches without a row."""

    kind: str
    files: int
    events: int
    first: datetime | None
    last: datetime | None
    gaps: tuple[tuple[datetime, datetime], ...]
    problems: int


class ProblemEntry(_Part, frozen=True, kw_only=True):
    """A place that could not be read."""

    artefact: str
    line: int | None
    code: str
    detail: str


class Noise(_Part, frozen=True, kw_only=True):
    """A named benign pattern and how many rows it explains."""

    rule: str
    events: int


class GroupOverlap(_Part, frozen=True, kw_only=True):
    """An overlap with a known group's ways; never an attribution."""

    name: str
    overlap: float
    shared_by: int
    techniques: tuple[str, ...]
    wording: str


class Intruder(_Part, frozen=True, kw_only=True):
    """Findings that cannot be separated, and whose ways they overlap with.

    `clients` and `pages` are what ties them together, `findings` their ids, and `note` says why
    they are one, or that nobody can tell.
    """

    id: str
    clients: tuple[str, ...]
    pages: tuple[str, ...]
    first_seen: datetime | None
    last_seen: datetime | None
    findings: tuple[str, ...]
    techniques: tuple[str, ...]
    groups: tuple[GroupOverlap, ...]
    note: str


class MailRecipient(_Part, frozen=True, kw_only=True):
    """Somebody who got mails in question: how many, and when.

    `inside` tells an address in the sender's own domain, `failed` one to which no delivery
    succeeded.
    """

    address: str
    inside: bool
    mails: int
    first: datetime
    last: datetime
    failed: bool


class MailDay(_Part, frozen=True, kw_only=True):
    """One day (UTC) of a mailbox: recipients of its mails, and how many of those in question."""

    day: date
    recipients: int
    unusual: int


class MailCase(_Part, frozen=True, kw_only=True):
    """Mails of one mailbox that its owner may not have written.

    `finding` is the id of the finding that says so. `what` happened stands beside the `baseline`,
    which is what is usual. `signs` are what is unusual, `joins` what ties it to a break-in, and
    `support` what came of the mails. `not_listed` counts recipients beyond those in `warn`.
    """

    finding: str
    sender: str
    first_sent: datetime
    last_sent: datetime
    mails: int
    recipients: int
    score: float
    what: str
    baseline: str
    signs: tuple[str, ...]
    joins: tuple[str, ...]
    support: tuple[str, ...]
    clients: tuple[str, ...]
    kinds: tuple[str, ...]
    subjects: tuple[str, ...]
    days: tuple[MailDay, ...]
    warn: tuple[MailRecipient, ...]
    not_listed: int


class MailAbuse(_Part, frozen=True, kw_only=True):
    """What mailboxes sent, compared with their own habits.

    `cannot_tell` of the `mailboxes` sent too little to have one, and `machines` more than a person
    can, of which `machine_senders` are the first. `without_address` of the `mails` do not tell the
    client's address. `lost` counts mails beyond what is remembered, and `more` mailboxes that are
    unusual and no case.
    """

    mailboxes: int
    mails: int
    cannot_tell: int
    machines: int
    without_address: int
    lost: int
    more: int
    cases: tuple[MailCase, ...]
    machine_senders: tuple[str, ...] = ()


class ManifestEntry(_Part, frozen=True, kw_only=True):
    """One file of the collection as we read it."""

    path: str
    size: int
    sha256: str


class HostResult(_Part, frozen=True, kw_only=True):
    """All that was found on one server."""

    source: str
    name: str
    verdict: Verdict
    packs: tuple[PackVerdict, ...]
    builds: tuple[BuildSeen, ...]
    exposure: tuple[Exposure, ...]
    findings: tuple[Finding, ...]
    leads: tuple[Finding, ...]
    timeline: tuple[TimelineEntry, ...]
    coverage: tuple[CoverageEntry, ...]
    problems: tuple[ProblemEntry, ...]
    noise: tuple[Noise, ...]
    groups: tuple[GroupOverlap, ...]
    intruders: tuple[Intruder, ...] = ()
    mail_abuse: MailAbuse | None = None
    """None where no mail that a mailbox sent was read."""
    manifest: tuple[ManifestEntry, ...]


class Result(_Part, frozen=True, kw_only=True):
    """The whole: the worst verdict of the hosts, and the hosts."""

    schema: str
    tool: Tool
    verdict: Level
    hosts: tuple[HostResult, ...]
