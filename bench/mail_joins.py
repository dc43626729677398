"""What the other logs add to the judgement of mail: the same attacks, with and without them.

    python -m bench.mail_joins                     print the tables: 10 organisations in each half
    python -m bench.mail_joins --half tuning       only the half that limits are chosen from
    python -m bench.mail_joins --record            put the tables on the page mailbox-abuse
    python -m bench.mail_joins --misses            say what was missed, and who was called

Each organisation is read twice: message tracking alone, judged by habits, and the whole server,
by `hunt` as it is. The other logs come from `tocsin.samples.mail.breakins`, with honest rights,
rules, scanners, and break-ins by somebody who sends no mail. Even seeds are the tuning half.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.mail_abuse import HALVES, PAGE, RATES, WHAT, Plan, options, read
from bench.mail_scoring import Alarm, cause_of, wilson
from bench.page import put, table
from tocsin.findings.mail.suspects import judged
from tocsin.hunt import Options, hunt
from tocsin.knowledge.mail import mail_knowledge
from tocsin.model.grade import Confidence
from tocsin.model.progress import SilentProgress
from tocsin.samples.mail import write_background, write_organisation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tocsin.model.result import HostResult
    from tocsin.samples.mail import Background, Sent, Settings, Truth

BEGIN, END = "<!-- table: bench.mail_joins -->", "<!-- end of joins -->"
PACKS = ("mailbox-abuse", "proxylogon", "mail-theft")
ARMS = (
    "habits: told",
    "habits: a witness",
    "all logs: told",
    "all logs: a witness",
    "all logs: sure",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One organisation: what happened, and who is called on which grounds."""

    truth: Truth
    background: Background
    alarms: dict[str, tuple[Alarm, ...]]

    def found(self, arm: str, attack: Sent) -> bool:
        """Whether an attack is found on these grounds."""
        return any(alarm.hits(attack) for alarm in self.alarms[arm])

    def false(self, arm: str) -> list[Alarm]:
        """Alarms about nobody's attack."""
        attacks = self.truth.attacks
        return [one for one in self.alarms[arm] if not any(map(one.hits, attacks))]

    def cause(self, alarm: Alarm) -> str:
        """What a false alarm is about."""
        if alarm.sender == self.background.shared:
            return "writes from the very address of an intruder"
        return cause_of(alarm, self.truth)

    def lines(self) -> list[str]:
        """A line for each attack that is no witness, and for each false one, with the ties."""
        arm = ARMS[3]
        every = {one.sender: one for one in self.alarms[ARMS[2]]}
        lines = [
            f"seed {self.truth.seed} MISSED {one.rate}, {one.lure}, {one.way},"
            f" {self.background.ties[one.label]}: {every.get(one.sender)}"
            for one in self.truth.attacks
            if not self.found(arm, one)
        ]
        return lines + [
            f"seed {self.truth.seed} FALSE {self.cause(one)}: {one}" for one in self.false(arm)
        ]


def main() -> int:
    """Simulate, hunt, print, and record where that is asked for."""
    told = options(__doc__, organisations=10, mailboxes=40).parse_args()
    plan = Plan(
        organisations=told.organisations, mailboxes=told.mailboxes, days=30, attacks=told.attacks
    )
    halves = {half: plan.every(half, server, told.jobs) for half in told.half or HALVES}
    text = as_markdown(halves)
    print(text)
    if told.misses:
        print(
            "\n".join(line for found in halves.values() for one in found for line in one.lines())
        )
    if told.record:
        put(PAGE, f"{text}\n", BEGIN, END)
    return 0


def server(settings: Settings) -> Server:
    """Write one organisation's logs, and judge them without and with the other logs."""
    with tempfile.TemporaryDirectory(prefix="tocsin-mail-") as name:
        folder = Path(name)
        truth = write_organisation(settings, folder / "C")
        alone = judged(read(folder).taken(), mail_knowledge().limits)
        background = write_background(settings, truth, folder / "C")
        (host,) = hunt([folder], Options(packs=PACKS), SilentProgress()).hosts
    habits = tuple(
        Alarm(
            sender=one.sender,
            first_ms=one.first_s * 1000,
            last_ms=one.last_s * 1000,
            score=one.score,
        )
        for one in alone.suspects
    )
    serious = mail_knowledge().limits.serious
    return Server(
        truth=truth,
        background=background,
        alarms={
            ARMS[0]: habits,
            ARMS[1]: tuple(one for one in habits if one.score >= serious),
            ARMS[2]: told_by(host, Confidence.LOW),
            ARMS[3]: told_by(host, Confidence.MEDIUM),
            ARMS[4]: told_by(host, Confidence.HIGH),
        },
    )


def told_by(host: HostResult, least: Confidence) -> tuple[Alarm, ...]:
    """The cases of a hunted server that are at least so sure."""
    if host.mail_abuse is None:
        return ()
    sure = {one.id: one.confidence.rank for one in host.findings}
    return tuple(
        Alarm(
            sender=case.sender,
            first_ms=int(case.first_sent.timestamp() * 1000),
            last_ms=int(case.last_sent.timestamp() * 1000),
            score=case.score,
            why=" | ".join((*case.joins, *case.signs)),
        )
        for case in host.mail_abuse.cases
        if sure[case.finding] >= least.rank
    )


def as_markdown(halves: dict[str, list[Server]]) -> str:
    """Rates and grounds, then ties, then what the false alarms were."""
    groups = tuple(halves.values())
    return "\n".join(
        [
            *(about(half, found) for half, found in halves.items()),
            "",
            *table(
                ["grounds", "rate", *(f"{half}: {what}" for half in halves for what in WHAT)],
                [
                    [
                        arm,
                        rate,
                        *(cell for one in groups for cell in _cells(one, arm, rate)),
                    ]
                    for arm in ARMS
                    for rate in RATES
                ],
            ),
            "",
            *table(
                ["tie", *(f"{half}: {arm}" for half in halves for arm in ARMS)],
                [
                    [tie, *(_of_tie(found, tie, arm) for found in groups for arm in ARMS)]
                    for tie in _ties(halves)
                ],
            ),
            "",
            *table(
                ["false alarms", *(f"{half}: {arm}" for half in halves for arm in ARMS)],
                _causes(halves),
            ),
        ]
    )


def about(half: str, found: Sequence[Server]) -> str:
    """What a half consists of."""
    truths = [one.truth for one in found]
    others = [one.background for one in found]
    return (
        f"* {half.capitalize()} half: {len(truths)} servers (seeds {truths[0].seed} to"
        f" {truths[-1].seed}), {sum(one.owned for one in truths):,} mailboxes for"
        f" {truths[0].days} days; {sum(len(one.attacks) for one in truths)} attacks;"
        f" {sum(one.changes for one in others)} honest rights and rules;"
        f" {sum(one.scans for one in others)} forged requests that were refused;"
        f" {sum(one.quiet for one in others)} break-ins by somebody who sent no mail,"
        f" {sum(bool(one.shared) for one in others)} of them from an address that an owner"
        " writes from, too."
    )


def _cells(found: Sequence[Server], arm: str, rate: str) -> list[str]:
    attacks = [
        (one, attack) for one in found for attack in one.truth.attacks if attack.rate == rate
    ]
    hits = sum(one.found(arm, attack) for one, attack in attacks)
    false = sum(len(one.false(arm)) for one in found)
    return [f"{hits} of {len(attacks)}", wilson(hits, len(attacks)), wilson(hits, hits + false)]


def _ties(halves: dict[str, list[Server]]) -> list[str]:
    every = [one.background for found in halves.values() for one in found]
    return sorted({tie for one in every for tie in one.ties.values()})


def _of_tie(found: Sequence[Server], tie: str, arm: str) -> str:
    attacks = [
        (one, attack)
        for one in found
        for attack in one.truth.attacks
        if one.background.ties[attack.label] == tie
    ]
    return f"{sum(one.found(arm, attack) for one, attack in attacks)} of {len(attacks)}"


def _causes(halves: dict[str, list[Server]]) -> list[list[str]]:
    counts = [
        Counter(one.cause(alarm) for one in found for alarm in one.false(arm))
        for found in halves.values()
        for arm in ARMS
    ]
    causes = sorted({cause for one in counts for cause in one})
    rows = [[cause, *(str(one[cause]) for one in counts)] for cause in causes]
    return [*rows, ["all", *(str(one.total()) for one in counts)]]


if __name__ == "__main__":
    sys.exit(main())
