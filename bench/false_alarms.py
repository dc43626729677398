"""Run all packs over rows on which nobody attacked, and count what fires.

    python -m bench.false_alarms --rows 5000000        every text format, so many rows of each
    python -m bench.false_alarms --only iis,ews        some of them
    python -m bench.false_alarms --events 1000000      Windows events too, as event logs
    python -m bench.false_alarms --corpus FOLDER       real rows too, where there are any
    python -m bench.false_alarms --record              put the table into the reference

The rows come from `bench/everyday.toml`, which says what they lack. What may fire, and why that is
acceptable, stands in `bench/false_alarms.toml`; anything else makes the exit code 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bench.everyday import EVTX, FORMATS, write_event_logs, write_text_logs
from bench.page import put
from bench.settings import ROOT
from tocsin.evidence.open import open_collection
from tocsin.findings.judge import Context, judge, ordered
from tocsin.knowledge.packs import all_packs
from tocsin.matching.options import Options
from tocsin.matching.readers import Readers
from tocsin.matching.rules import load_rules
from tocsin.model.grade import Grade
from tocsin.model.progress import SilentProgress
from tocsin.model.rule import RuleKind
from tocsin.verdict.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tocsin.matching.rules import RuleSet

EXPLAINED = Path(__file__).parent / "false_alarms.toml"
PAGE = ROOT / "docs" / "reference" / "false-alarms.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
BENIGN = ("exchange-logs/kinesis", "iis/plaso", "evtx/benign")
"""The folders of the corpus in which nobody attacks an Exchange server."""
QUOTED = "exchange-logs/qazeer/lines.json"
"""Rows of two real servers, each with its header, as one text."""


class Explained(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`false_alarms.toml`: for each rule that may fire, the highest grade and why."""

    rule: dict[str, Why]


class Why(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is acceptable that a rule fires on rows of everyday life, and up to which grade."""

    grade: Grade
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """How often one rule fired, and the highest grade of a finding that it is in."""

    rule: str
    pack: str
    matches: int
    grade: Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One hunt: what was read, what fired, and how many rows were named benign."""

    what: str
    rows: int
    different: int | None
    cpu_s: float
    benign: int
    fired: tuple[Fired, ...]
    problems: int


def main() -> int:
    """Hunt, print the table; 1 where something fired that nobody has explained."""
    arguments = parse()
    explained = msgspec.toml.decode(EXPLAINED.read_bytes(), type=Explained)
    rules = load_rules(all_packs())
    runs = list(run_all(arguments, rules))
    table = as_markdown(runs, explained)
    print(table)
    if arguments.record:
        record(table)
    wrong = [one.rule for run in runs for one in unexplained(run, explained)]
    for rule in sorted(set(wrong)):
        print(f"not explained: {rule}", file=sys.stderr)
    return 1 if wrong else 0


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000, help="of each text format")
    parser.add_argument("--only", default=",".join(FORMATS), help="text formats, with commas")
    parser.add_argument("--events", type=int, default=0, help="records of Windows events")
    parser.add_argument("--corpus", type=Path, help="a folder of real evidence")
    parser.add_argument("--record", action="store_true", help="write the table into the page")
    return parser.parse_args()


def run_all(arguments: argparse.Namespace, rules: RuleSet) -> Iterator[Run]:
    """Each format in a folder of its own, which is gone before the next; then the corpus."""
    for name in filter(None, arguments.only.split(",")):
        with tempfile.TemporaryDirectory(prefix="tocsin-everyday-") as folder:
            written = write_text_logs(Path(folder), name, arguments.rows)
            yield counted(Path(folder), rules, name, written.different)
    if arguments.events:
        with tempfile.TemporaryDirectory(prefix="tocsin-everyday-") as folder:
            written = write_event_logs(Path(folder), arguments.events)
            yield counted(Path(folder), rules, EVTX, written.different)
    if arguments.corpus:
        yield from of_corpus(arguments.corpus, rules)


def of_corpus(corpus: Path, rules: RuleSet) -> Iterator[Run]:
    """The benign folders as they lie there, and the quoted rows of real servers as files."""
    for name in BENIGN:
        yield counted(corpus / name, rules, f"corpus: {name}", None)
    with tempfile.TemporaryDirectory(prefix="tocsin-quoted-") as folder:
        entries = json.loads((corpus / QUOTED).read_text(encoding="utf-8"))
        for number, entry in enumerate(entries):
            path = Path(folder) / f"{number}/Logging/{entry['file']}".replace("\\", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{entry['fields']}\r\n{entry['line']}\r\n", encoding="utf-8")
        yield counted(Path(folder), rules, f"corpus: rows of {QUOTED}", None)


def counted(source: Path, rules: RuleSet, what: str, different: int | None) -> Run:
    """Hunt one folder: the first hunt and the judging, as `tocsin hunt` does them."""
    options, watch = Options(), Watch(names=None)
    begun = time.process_time()
    progress = SilentProgress()
    collection = open_collection(source, options.limits, progress.advance)
    readers = Readers(collection, rules, watch.everybody, options)
    with collection, readers:
        first = readers.read(progress)
    shared = watch.addresses.shared()
    context = Context(infos=rules.infos, counts=first.counts, shared=shared)
    grades = Counter[str]()
    for finding in ordered(judge(all_packs(), first.matches, context)):
        for match in finding.matches:
            grades[match.rule] = max(grades[match.rule], finding.grade.rank)
    by_rank = {grade.rank: grade for grade in Grade}
    fired = [
        Fired(
            rule=rule,
            pack=rules.infos[rule].pack,
            matches=count,
            grade=by_rank[grades[rule]] if rule in grades else rules.infos[rule].grade,
        )
        for rule, count in sorted(first.counts.items())
        if rules.infos[rule].kind is RuleKind.DETECTION
    ]
    return Run(
        what=what,
        rows=sum(one.events for one in watch.coverage.taken().sources.values()),
        different=different,
        cpu_s=time.process_time() - begun,
        benign=sum(first.counts.values()) - sum(one.matches for one in fired),
        fired=tuple(fired),
        problems=len(first.problems.taken()),
    )


def unexplained(run: Run, explained: Explained) -> list[Fired]:
    """What fired and may not, or reached a higher grade than it may."""
    return [
        one
        for one in run.fired
        if one.rule not in explained.rule or one.grade.rank > explained.rule[one.rule].grade.rank
    ]


def as_markdown(runs: Sequence[Run], explained: Explained) -> str:
    """Two tables: what was read, and what fired."""
    read_rows = [
        "| read | rows | different | CPU s | rows named benign | problems | rules that fired |",
        "|---|---:|---:|---:|---:|---:|---:|",
        *(
            f"| {run.what} | {run.rows:,} | {_number(run.different)} | {run.cpu_s:.1f} |"
            f" {run.benign:,} | {run.problems:,} | {len(run.fired)} |"
            for run in runs
        ),
    ]
    fired_rows = [
        "| read | pack | rule | matches | highest grade of a finding | why that is acceptable |",
        "|---|---|---|---:|---|---|",
        *(
            f"| {run.what} | {one.pack} | `{one.rule}` | {one.matches:,} | {one.grade} |"
            f" {_why(one, explained)} |"
            for run in runs
            for one in run.fired
        ),
    ]
    return "\n".join([*read_rows, "", *fired_rows])


def record(table: str) -> None:
    """Put the table between the two marks of the page."""
    put(PAGE, f"{table}\n", BEGIN, END)


def _number(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _why(one: Fired, explained: Explained) -> str:
    known = explained.rule.get(one.rule)
    return known.why if known and one.grade.rank <= known.grade.rank else "**not explained**"


if __name__ == "__main__":
    sys.exit(main())
