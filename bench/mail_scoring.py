"""What the judgement of simulated mailboxes is worth: right alarms, false ones, and intervals."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import sqrt
from typing import TYPE_CHECKING

from tocsin.report.intervals import Z
from tocsin.report.intervals import wilson as wilson_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.samples.mail import Sent, Truth

AROUND_MS = 3_600_000
"""An alarm is right if it names the mailbox and a time within an hour of the attack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Somebody's mail was called unusual, with so many points, from a first to a last message."""

    sender: str
    first_ms: int
    last_ms: int
    score: float
    why: str = ""

    def hits(self, attack: Sent) -> bool:
        """Whether it is about this attack."""
        return (
            self.sender == attack.sender
            and self.first_ms <= attack.last_ms + AROUND_MS
            and self.last_ms >= attack.first_ms - AROUND_MS
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One organisation: what really happened, and everybody's highest score."""

    truth: Truth
    alarms: tuple[Alarm, ...]
    cannot_tell: int

    def misses(self, threshold: float) -> list[str]:
        """A line for each attack that is not found and for each false alarm, with the reasons."""
        lines = []
        for attack in self.truth.attacks:
            best = [one for one in self.alarms if one.sender == attack.sender]
            if not any(one.hits(attack) and one.score >= threshold for one in best):
                seen = ", ".join(f"{one.score:.1f} ({one.why})" for one in best) or "nothing seen"
                lines.append(
                    f"seed {self.truth.seed} MISSED {attack.rate}, {attack.count} messages to"
                    f" {attack.recipients}, {attack.lure}, {attack.way}, of a sender with"
                    f" {self.truth.senders[attack.sender]} messages: {seen}"
                )
        for alarm in self.alarms:
            if alarm.score >= threshold and not any(map(alarm.hits, self.truth.attacks)):
                cause = cause_of(alarm, self.truth)
                lines.append(f"seed {self.truth.seed} FALSE {cause}: {alarm}")
        return lines


@dataclass(slots=True, kw_only=True)
class Score:
    """The sums over a half at one threshold."""

    attacks: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    by_kind: dict[str, tuple[int, int]] = field(default_factory=dict)
    causes: Counter[str] = field(default_factory=Counter)
    mailbox_months: float = 0.0

    @property
    def false(self) -> int:
        """False alarms."""
        return sum(self.causes.values())

    def false_alarms(self) -> str:
        """Per 1,000 mailboxes and 30 days, with an interval.

        The interval is that of a count of rare events (Poisson), by the approximation of Byar.
        """
        count, thousands = self.false, self.mailbox_months / 1000
        low = count * (1 - 1 / (9 * count) - Z / (3 * sqrt(count))) ** 3 if count else 0.0
        more = count + 1
        high = more * (1 - 1 / (9 * more) + Z / (3 * sqrt(more))) ** 3
        return (
            f"{count / thousands:.1f} ({low / thousands:.1f} to {high / thousands:.1f});"
            f" {count} in all"
        )


def scored(judgements: Sequence[Judgement], threshold: float) -> Score:
    """Count right and false alarms of many organisations at one threshold.

    Two alarms about one attack are one; a mailbox that was attacked can give a false alarm too.
    """
    score = Score()
    for one in judgements:
        truth = one.truth
        score.mailbox_months += truth.owned * truth.days / 30
        alarms = [alarm for alarm in one.alarms if alarm.score >= threshold]
        for attack in truth.attacks:
            hit = any(alarm.hits(attack) for alarm in alarms)
            score.attacks[attack.rate] += 1
            score.found[attack.rate] += hit
            for kind in kinds_of(attack, truth):
                found, of = score.by_kind.get(kind, (0, 0))
                score.by_kind[kind] = found + hit, of + 1
        for alarm in alarms:
            if not any(alarm.hits(attack) for attack in truth.attacks):
                score.causes[cause_of(alarm, truth)] += 1
    return score


def kinds_of(attack: Sent, truth: Truth) -> tuple[str, ...]:
    """The ways in which an attack is counted beside its rate."""
    return (
        attack.lure,
        attack.way,
        "at night" if attack.night else "in office hours",
        "addresses hidden by a load balancer" if truth.masked else "addresses in the log",
        "subjects not logged" if truth.silent else "subjects in the log",
        "with a day of migration" if truth.moved else "without a migration",
    )


def cause_of(alarm: Alarm, truth: Truth) -> str:
    """Which honest mailing a false alarm is about; else, that it is ordinary mail."""
    for run in truth.runs:
        if alarm.hits(run):
            return run.label
    return "ordinary mail"


def wilson(found: int, of: int) -> str:
    """A share in percent with its interval of 95 % (Wilson's); a dash where there is nothing."""
    if not of:
        return "-"
    low, high = wilson_of(found, of)
    return f"{found / of:.0%} ({low:.0%} to {high:.0%})"
