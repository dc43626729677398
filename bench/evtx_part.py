"""Part ``evtx``: rules of SigmaHQ's shape and number over an event log."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench import known
from bench.evtx_mix import write_mix
from bench.line import Line, Part
from bench.measure import measure
from bench.rulemaker import kinds_named, make_rules, write_rules
from bench.rules_part import TWO_JOBS_BAR, account, sql_line, tenzir, tenzir_end
from bench.start_part import cache_in, started

if TYPE_CHECKING:
    from bench.evtx_mix import Mix
    from bench.measure import Run
    from bench.rulemaker import Made
    from bench.settings import Settings

RULES = 2400
BAR = 20_000
"""Records for each second of CPU."""
SYNTHETIC = (
    "rules; records are real ones from a small corpus, repeated with new numbers (the data set of "
    "OTRF written as event log from its JSON), so that about one in ten creates a process; one "
    "record for each rule is planted"
)


def run(settings: Settings, folder: Path) -> Part:
    """Tocsin, then SQLite in the manner of Zircolite, then Tenzir."""
    title = f"{RULES:,} generated rules of SigmaHQ's shape over an event log"
    ratio = (
        "records for each second of CPU against the bar (two jobs: wall time against one job's)"
    )
    if settings.corpus is None:
        line = Line(what="evtx", note="not run: TOCSIN_CORPUS names no folder of event logs")
        return Part(name="evtx", title=title, ratio=ratio, synthetic=SYNTHETIC, lines=[line])
    rules = make_rules(kinds_named("windows"), RULES, settings.seed)
    write_rules(folder / "rules", rules)
    log = folder / "events" / "mix.evtx"
    log.parent.mkdir()
    mix = write_mix(log, settings.corpus, mib=settings.evtx_mib, rules=rules)
    lines, wrong = tocsin(settings, folder, log, mix)
    if settings.rivals:
        lines += rivals(settings, folder, log, mix, rules)
    title = f"{title}: {mix.records:,} records, {mix.size_bytes / 2**20:.0f} MiB"
    return Part(
        name="evtx", title=title, ratio=ratio, synthetic=SYNTHETIC, lines=lines, wrong=wrong
    )


def tocsin(settings: Settings, folder: Path, log: Path, mix: Mix) -> tuple[list[Line], list[str]]:
    """`tocsin rules` with one job, and with two where it has jobs.

    The rules are prepared before, as they are from the second run on: that takes seconds, and is
    shown as a line of its own. Else only the first of these runs would pay for it.
    """
    expected = [(slug, (log.name, record)) for slug, record in mix.planted.items()]
    lines: list[Line] = [_prepared(settings, folder)]
    wrong: list[str] = []
    first: Run | None = None
    for number in (
        ["1", "2"] if settings.has_jobs("rules", "nothing", "--events", "nothing") else [""]
    ):
        out = folder / f"hits{number}.jsonl"
        took = measure(
            [
                sys.executable, "-m", "tocsin", "rules", str(folder / "rules"),
                "--events", str(log), "--json", "--quiet", *(["--jobs", number] if number else []),
            ],
            out=out,
            environment=cache_in(folder),
            limit_s=settings.ours_s,
        )  # fmt: skip
        lost = [] if took.code is None else known.missing(out, expected)
        if lost or took.code != 0:
            wrong.append(f"tocsin rules on evtx: code {took.code}, lost {lost[:3]}")
        lines.append(
            Line(
                what=f"tocsin rules{f', {number} jobs' if number == '2' else ''}",
                run=took,
                amount=mix.records,
                unit="records",
                ratio=mix.records / took.cpu_s if first is None else took.wall_s / first.wall_s,
                bar=BAR if first is None else TWO_JOBS_BAR,
                at_least=first is None,
                found=None if took.code is None else len(expected) - len(lost),
                known=len(expected),
                note=account(out) if took.code == 0 else f"code {took.code}",
            )
        )
        first = first or took
    return lines, wrong


def _prepared(settings: Settings, folder: Path) -> Line:
    """The same rules over one event, with an empty cache."""
    return Line(
        what="preparing the rules, once",
        run=started(settings, folder, folder / "rules"),
        amount=RULES,
        unit="rules",
        note="over one event; the lines below find them in the cache",
    )


def rivals(settings: Settings, folder: Path, log: Path, mix: Mix, rules: list[Made]) -> list[Line]:
    """The same rules in one SQLite table, and in Tenzir over JSON lines."""
    where = folder / "where.json"
    where.write_text(
        json.dumps({one.slug: [one.kind.channel, str(one.kind.event_id)] for one in rules})
    )
    script = str(Path(__file__).parent / "rivals.py")
    out, flat = folder / "sqlite.json", folder / "flat.jsonl"
    took = measure(
        [
            settings.tool("python"), script, "sqlite", "evtx", "--rules", str(folder / "rules"),
            "--where", str(where), "--limit", str(settings.limit_s), str(log),
        ],
        out=out,
        limit_s=settings.limit_s * 1.5,
    )  # fmt: skip
    lines = [sql_line("sqlite", RULES, took, out, amount=mix.records, unit="records", ratio=None)]
    flattened = measure(
        [settings.tool("python"), script, "jsonl", "evtx", "--out", str(flat), str(log)]
    )
    lines.append(
        Line(
            what="EVTX to JSON lines, for Tenzir",
            run=flattened,
            amount=mix.records,
            unit="records",
            note="the library evtx, flattened in Python",
        )
    )
    pipeline = f'from_file "{flat}" {{ read_ndjson }}\n{tenzir_end(folder / "rules")}'
    lines.append(
        tenzir(settings, pipeline, RULES, folder, None, amount=mix.records, unit="records")
    )
    return lines
