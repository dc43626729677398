"""How often mail that nobody's owner wrote is found, and how often honest mail is called so.

    python -m bench.mail_abuse                     print the tables: 12 organisations in each half
    python -m bench.mail_abuse --half tuning       only the half that thresholds are chosen from
    python -m bench.mail_abuse --record            put the tables on the page mailbox-abuse
    python -m bench.mail_abuse --misses            say which attacks were missed and who was called
    python -m bench.mail_abuse --silent --record   the same organisations, and no subject is logged
    python -m bench.mail_abuse --rows 20000000     rate and memory of one large organisation

The organisations come from `tocsin.samples.mail`, one from each seed; even seeds are the tuning
half, odd ones the reporting half. Each is read by the code that `tocsin hunt` reads with, and
judged by what it judges with; only the threshold is moved.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from bench.mail_scale import scale_table
from bench.mail_scoring import Alarm, Judgement, scored, wilson
from bench.page import put, table
from bench.settings import ROOT
from tocsin.evidence.open import open_collection
from tocsin.findings.mail.habits import Habits
from tocsin.findings.mail.suspects import judged
from tocsin.knowledge.mail import mail_knowledge
from tocsin.matching.options import Options
from tocsin.matching.readers import Readers
from tocsin.matching.rules import load_rules
from tocsin.model.progress import SilentProgress
from tocsin.samples.mail import Settings, write_organisation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bench.mail_scoring import Score

PAGE = ROOT / "docs" / "explanation" / "mailbox-abuse.md"
BEGIN, END = "<!-- table: bench.mail_abuse -->", "<!-- end of table -->"
SILENT_BEGIN, SILENT_END = "<!-- table: bench.mail_abuse silent -->", "<!-- end of silent -->"
SCALE_BEGIN, SCALE_END = "<!-- table: bench.mail_abuse scale -->", "<!-- end of scale -->"
THRESHOLDS = (2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)
RATES = ("loud", "patient", "ten")
HALVES = ("tuning", "reporting")
WHAT = ("found", "recall", "precision")
LOWEST = 0.5
"""Everybody's highest score is asked for from here on."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is simulated for each half."""

    organisations: int
    mailboxes: int
    days: int
    attacks: int
    first: int = 0
    silent: bool | None = None

    def settings(self, half: str, place: int) -> Settings:
        """The organisation at this place of a half; one in four has no attack."""
        return Settings(
            seed=place * 2 + HALVES.index(half),
            mailboxes=self.mailboxes,
            days=self.days,
            attacks=0 if place % 4 == 3 else self.attacks,
            silent=self.silent,
        )

    def every(self, half: str, judge: Callable[[Settings], T], jobs: int) -> list[T]:
        """What `judge` makes of each organisation of a half, in so many processes."""
        places = range(self.first, self.first + self.organisations)
        wanted = [self.settings(half, place) for place in places]
        if jobs == 1:
            return [judge(one) for one in wanted]
        with ProcessPoolExecutor(jobs) as pool:
            return list(pool.map(judge, wanted))


def main() -> int:
    """Simulate, judge, print, and record where that is asked for."""
    told = parse()
    if told.rows:
        table = scale_table(told.rows)
        print(table)
        if told.record:
            put(PAGE, f"{table}\n", SCALE_BEGIN, SCALE_END)
        return 0
    plan = Plan(
        organisations=told.organisations,
        mailboxes=told.mailboxes,
        days=30,
        attacks=told.attacks,
        first=told.first,
        silent=True if told.silent else None,
    )
    halves = {half: plan.every(half, judgement, told.jobs) for half in told.half or HALVES}
    text = in_short(halves) if told.silent else as_markdown(plan, halves)
    print(text)
    if told.misses:
        limit = mail_knowledge().limits.told
        for half, found in halves.items():
            print(f"\n{half} half, at {limit}")
            print("\n".join(line for one in found for line in one.misses(limit)))
    if told.record:
        marks = (SILENT_BEGIN, SILENT_END) if told.silent else (BEGIN, END)
        put(PAGE, f"{text}\n", *marks)
    return 0


def parse() -> argparse.Namespace:
    """The command line."""
    parser = options(__doc__, organisations=12, mailboxes=100)
    parser.add_argument("--first", type=int, default=0, help="leave out so many of each half")
    parser.add_argument("--silent", action="store_true", help="no subject is logged")
    parser.add_argument("--rows", type=int, default=0, help="measure the rate instead")
    return parser.parse_args()


def options(about: str | None, *, organisations: int, mailboxes: int) -> argparse.ArgumentParser:
    """What every simulation of mail can be asked for."""
    parser = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    parser.add_argument("--organisations", type=int, default=organisations, help="in each half")
    parser.add_argument("--mailboxes", type=int, default=mailboxes, help="in each organisation")
    parser.add_argument("--attacks", type=int, default=9, help="in each that is attacked")
    parser.add_argument("--half", action="append", choices=HALVES)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--record", action="store_true", help="write into the page")
    return parser


def judgement(settings: Settings) -> Judgement:
    """Write one organisation's logs, read them, and judge all its mailboxes."""
    with tempfile.TemporaryDirectory(prefix="tocsin-mail-") as folder:
        truth = write_organisation(settings, Path(folder))
        habits = read(Path(folder))
    limits = msgspec.structs.replace(mail_knowledge().limits, told=LOWEST)
    found = judged(habits.taken(), limits)
    alarms = [
        Alarm(
            sender=one.sender,
            first_ms=one.first_s * 1000,
            last_ms=one.last_s * 1000,
            score=one.score,
            why="; ".join(f"{sign.name} {sign.points:.1f}" for sign in one.signs),
        )
        for one in found.suspects
    ]
    return Judgement(truth=truth, alarms=tuple(alarms), cannot_tell=found.cannot_tell)


def read(folder: Path) -> Habits:
    """Read all logs below a folder as a hunt does, with the observer of sent mail alone."""
    habits = Habits()
    options, progress = Options(), SilentProgress()
    collection = open_collection(folder, options.limits, progress.advance)
    readers = Readers(collection, load_rules([]), (habits,), options)
    with collection, readers:
        readers.read(progress)
    return habits


def as_markdown(plan: Plan, halves: dict[str, list[Judgement]]) -> str:
    """What was simulated, and a row for each threshold and rate, the halves side by side."""
    used = mail_knowledge().limits.told
    scores = {
        threshold: [scored(found, threshold) for found in halves.values()]
        for threshold in THRESHOLDS
    }
    return "\n".join(
        [
            *(about(half, found) for half, found in halves.items()),
            "",
            f"{plan.attacks} attacks on each that is attacked; {used:g} points are in use.",
            "",
            *table(
                _heads(halves),
                [
                    _row(threshold, rate, found, used=used)
                    for threshold, found in scores.items()
                    for rate in RATES
                ],
            ),
            "",
            *table(
                [
                    "points",
                    *(f"{half}: false alarms per 1,000 mailboxes and month" for half in halves),
                ],
                [
                    [_mark(threshold, used), *(one.false_alarms() for one in found)]
                    for threshold, found in scores.items()
                ],
            ),
            "",
            *_by_kind(halves, used),
        ]
    )


def in_short(halves: dict[str, list[Judgement]]) -> str:
    """What was simulated, and a row for each rate at the threshold in use."""
    used = mail_knowledge().limits.told
    scores = [scored(found, used) for found in halves.values()]
    false = [
        f"{half} half: {one.false_alarms()}" for half, one in zip(halves, scores, strict=True)
    ]
    return "\n".join(
        [
            *(about(half, found) for half, found in halves.items()),
            "",
            *table(_heads(halves), [_row(used, rate, scores, used=used) for rate in RATES]),
            "",
            f"False alarms per 1,000 mailboxes and month, {'; '.join(false)}.",
        ]
    )


def about(half: str, found: Sequence[Judgement]) -> str:
    """What a half consists of."""
    truths = [one.truth for one in found]
    return (
        f"* {half.capitalize()} half: {len(truths)} organisations (seeds"
        f" {truths[0].seed} to {truths[-1].seed}),"
        f" {sum(one.owned for one in truths):,} mailboxes for {truths[0].days} days,"
        f" {sum(one.messages for one in truths):,} messages,"
        f" {sum(one.rows for one in truths):,} rows;"
        f" {sum(len(one.attacks) for one in truths)} attacks;"
        f" {sum(len(one.runs) for one in truths)} honest mailings;"
        f" {sum(one.cannot_tell for one in found)} mailboxes of which nothing can be told."
    )


def _heads(halves: Iterable[str]) -> list[str]:
    return ["points", "rate", *(f"{half}: {what}" for half in halves for what in WHAT)]


def _row(threshold: float, rate: str, scores: Sequence[Score], *, used: float) -> list[str]:
    cells = [_mark(threshold, used), rate]
    for score in scores:
        found, of = score.found[rate], score.attacks[rate]
        cells += [f"{found} of {of}", wilson(found, of), wilson(found, found + score.false)]
    return cells


def _by_kind(halves: dict[str, list[Judgement]], threshold: float) -> list[str]:
    """At the threshold in use: recall by how it was done, and whose honest mail was called so."""
    scores = [scored(found, threshold) for found in halves.values()]
    kinds = []
    for kind in sorted({kind for score in scores for kind in score.by_kind}):
        counts = [score.by_kind.get(kind, (0, 0)) for score in scores]
        kinds.append([kind, *(f"{found} of {of}: {wilson(found, of)}" for found, of in counts)])
    causes = sorted({cause for score in scores for cause in score.causes})
    return [
        *table(["at the threshold in use", *(f"{half}: found" for half in halves)], kinds),
        "",
        *table(
            ["what the false alarms were", *halves],
            [[cause, *(str(one.causes[cause]) for one in scores)] for cause in causes],
        ),
    ]


def _mark(threshold: float, used: float) -> str:
    return f"**{threshold:g}**" if threshold == used else f"{threshold:g}"


if __name__ == "__main__":
    sys.exit(main())
