"""The words that every output for people shares, so that all of them say the same thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocsin.events.kind import in_words
from tocsin.model.grade import Assurance, Confidence, Grade, Level, Severity
from tocsin.verdict.decide import ranks_as

if TYPE_CHECKING:
    from datetime import datetime

    from tocsin.model.result import Citation, Finding, Intruder, RuleCounts, Verdict

LEVEL_NAMES: dict[Level, str] = {
    Level.COMPROMISED: "Compromised",
    Level.EXPLOITED: "Exploited",
    Level.INCONCLUSIVE: "Inconclusive",
    Level.ATTEMPTED: "Attempted",
    Level.PROBED: "Probed",
    Level.NO_EVIDENCE_FOUND: "No evidence found",
}

LEVEL_SYMBOLS: dict[Level, str] = {
    Level.COMPROMISED: "✖",
    Level.EXPLOITED: "▲",
    Level.INCONCLUSIVE: "?",
    Level.ATTEMPTED: "●",
    Level.PROBED: "○",
    Level.NO_EVIDENCE_FOUND: "–",
}
"""A sign beside the colour, for whoever cannot see colours."""

_MEANINGS: dict[Level, str] = {
    Level.COMPROMISED: "Somebody got in, and then acted or left a way to come back.",
    Level.EXPLOITED: "The attack succeeded. Nothing that followed it was seen.",
    Level.INCONCLUSIVE: "What was collected cannot answer the question, either way.",
    Level.ATTEMPTED: "Somebody tried to exploit this server. No success was seen.",
    Level.PROBED: "Scanners looked at this server. Nothing beyond that was seen.",
    Level.NO_EVIDENCE_FOUND: "No trace of exploitation was found in what was read.",
}

_MEANING_UNTOLD = "What would show a success was not there to be read, so it cannot be ruled out."

ASSURANCE_MEANINGS: dict[Assurance, str] = {
    Assurance.COMPLETE: "the sources that this verdict needs were there, over the whole window",
    Assurance.PARTIAL: "some of what this verdict needs is missing",
    Assurance.INSUFFICIENT: "too little of what this verdict needs was there",
}

_ASSURANCE_OF_A_BREAK_IN: dict[Assurance, str] = {
    Assurance.COMPLETE: "what was found is proven, and the logs show the whole time that matters",
    Assurance.PARTIAL: "what was found is proven; the logs do not show the whole time that "
    "matters, so it may have begun earlier or gone further",
    Assurance.INSUFFICIENT: "what was found is proven; the logs that would show how it began and "
    "how far it went are missing",
}

_ASSURANCE_BY_BUILD = (
    "it rests on the builds that were seen, not on logs of the time of the attacks"
)

_ASSURED_LOGS: dict[Assurance, str] = {
    Assurance.COMPLETE: "complete logs",
    Assurance.PARTIAL: "incomplete logs",
    Assurance.INSUFFICIENT: "too few logs",
}

GRADE_NAMES: dict[Grade, str] = {
    Grade.PROBE: "probe",
    Grade.ATTEMPT: "attempt",
    Grade.EXPLOITED: "exploited",
    Grade.PERSISTENCE: "persistence",
    Grade.POST_EXPLOITATION: "post-exploitation",
    Grade.MAIL_THEFT: "mail theft",
    Grade.IMPACT: "impact",
}

CONFIDENCE_NAMES: dict[Confidence, str] = {
    Confidence.LOW: "low confidence",
    Confidence.MEDIUM: "medium confidence",
    Confidence.HIGH: "high confidence",
}

_JOINED_BY: dict[str, str] = {
    "canary": "no rule: the same session",
    "client_ip": "no rule: the same client",
    "file_name": "no rule: the same page",
    "parent_process_id": "no rule: started by a process of these rows",
    "mail_sent": "no rule: one of the mails in question",
    "mail_followed": "no rule: what became of such a mail",
    "mail_client": "no rule: a request in the name of the mailbox",
}
"""Rows that the second hunt found, by the key that joins them to the others."""

LEAD = "your rule or list; it says nothing of how far an attack got"
"""What stands in place of grade and confidence: a lead has both for sorting only."""

SEVERITY_NAMES: dict[Severity, str] = {severity: severity.value for severity in Severity}


def rank(verdict: Verdict) -> Level:
    """The level under which a verdict is sorted and coloured."""
    return ranks_as(verdict.level, verdict.assurance)


def cannot_be_told(verdict: Verdict) -> bool:
    """Whether something was tried and the evidence is too thin to say how it ended."""
    return rank(verdict) is not verdict.level


def headline(verdict: Verdict) -> str:
    """The verdict in a few words."""
    name = LEVEL_NAMES[verdict.level]
    return f"{name}; whether it succeeded cannot be told" if cannot_be_told(verdict) else name


def meaning(verdict: Verdict) -> str:
    """What the level says, in one sentence."""
    return _MEANING_UNTOLD if cannot_be_told(verdict) else _MEANINGS[verdict.level]


def assurance(verdict: Verdict) -> str:
    """What the assurance means beside this level: a proven break-in stays proven without logs."""
    if verdict.level in (Level.COMPROMISED, Level.EXPLOITED):
        return _ASSURANCE_OF_A_BREAK_IN[verdict.assurance]
    if _by_build(verdict):
        return _ASSURANCE_BY_BUILD
    return ASSURANCE_MEANINGS[verdict.assurance]


def _by_build(verdict: Verdict) -> bool:
    """Whether nothing was found, and nothing could be: only a build gives this pair."""
    return (verdict.level, verdict.assurance) == (Level.NO_EVIDENCE_FOUND, Assurance.PARTIAL)


def source(kind: str) -> str:
    """A kind of source as a person would name it."""
    return in_words(kind)


def dates_covered(verdict: Verdict, span: tuple[datetime, datetime] | None) -> str:
    """Which dates the verdict speaks of; no headline stands without it."""
    if span is None:
        return "No row with a time was read, so no date is covered."
    logs = "logs" if _by_build(verdict) else _ASSURED_LOGS[verdict.assurance]
    return f"Read: {logs} from {day(span[0])} to {day(span[1])} (UTC)."


def moment(time: datetime | None) -> str:
    """A time as every output writes it: ISO 8601 in UTC, to the second unless there is more."""
    if time is None:
        return "no time"
    text = time.isoformat(timespec="milliseconds" if time.microsecond else "seconds")
    return text.replace("+00:00", "Z").replace("T", " ")


def minute(time: datetime) -> str:
    """A time for letters: to the minute, in UTC."""
    return f"{time:%Y-%m-%d %H:%M}"


def day(time: datetime) -> str:
    """The date alone, in UTC."""
    return time.date().isoformat()


def period(first: datetime | None, last: datetime | None) -> str:
    """From when to when; one moment where both are the same."""
    if first is None and last is None:
        return "no time"
    if first == last or last is None:
        return moment(first)
    return f"{moment(first)} to {moment(last)}"


def place(citation: Citation) -> str:
    """Where a citation stands: ``path:120``, ``path record 7`` or ``path offset 512``."""
    if citation.line is not None:
        return f"{citation.artefact}:{citation.line}"
    if citation.record is not None:
        return f"{citation.artefact} record {citation.record}"
    if citation.offset is not None:
        return f"{citation.artefact} offset {citation.offset}"
    return citation.artefact


def stage(finding: Finding) -> str:
    """How far a finding says that the attack got, and how surely."""
    return f"{GRADE_NAMES[finding.grade]} · {CONFIDENCE_NAMES[finding.confidence]}"


def cited_because(citation: Citation) -> str:
    """Why a row is cited: the rule that says yes to it, or what joins it to the other rows."""
    return _JOINED_BY.get(citation.rule, f"rule {citation.rule}")


def short_kind(kind: str) -> str:
    """A kind of source for narrow places: a Windows channel without what all channels share."""
    return kind.removeprefix("events:").removeprefix("Microsoft-Windows-")


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: ``1 file``, ``12,000 files``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def cited(finding: Finding) -> str:
    """How many rows are cited, and of how many where that is not all of them."""
    shown = len(finding.citations)
    return f"{shown:,} of {count(finding.rows, 'row')}" if finding.rows > shown else f"{shown:,}"


def loaded(rules: RuleCounts) -> str:
    """How many rules were asked, each kind apart: ``120 Sigma rules, 14 YARA rules``."""
    kinds = [
        count(number, *names)
        for number, names in (
            (rules.sigma, ("Sigma rule",)),
            (rules.yara, ("YARA rule",)),
            (rules.indicators, ("entry of a list", "entries of lists")),
        )
        if number
    ]
    return ", ".join(kinds) or count(rules.loaded, "rule")


_ADDRESSES_NAMED = 4


def intruder(one: Intruder) -> str:
    """Whom the rows name: addresses, or nobody."""
    if not one.clients:
        return "Nobody by address"
    more = len(one.clients) - _ADDRESSES_NAMED
    listed = ", ".join(one.clients[:_ADDRESSES_NAMED])
    return listed if more <= 0 else f"{listed} and {count(more, 'more address', 'more addresses')}"


def span(first: datetime | None, last: datetime | None) -> str:
    """From when to when, UTC, to the minute."""
    times = [minute(one) for one in (first, last) if one is not None]
    return " to ".join(dict.fromkeys(times))
