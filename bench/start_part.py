"""Part ``start``: how long 3,000 rules take to load, the first time and the second."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bench import known
from bench.line import Line, Part
from bench.measure import measure
from bench.rulemaker import kinds_named, make_rules, write_rules

if TYPE_CHECKING:
    from pathlib import Path

    from bench.measure import Run
    from bench.settings import Settings

RULES = 3000
BAR_S = 1.0
WARM_STARTS = 3
EVENT = b'{"EventID": 1, "Channel": "System", "SourceName": "Sample", "Message": "nothing"}\n'


def run(settings: Settings, folder: Path) -> Part:
    """Start with an empty cache, and then with the cache that this has left."""
    rules = folder / "rules"
    write_rules(rules, make_rules(kinds_named("windows"), RULES, settings.seed))
    lines: list[Line] = []
    wrong: list[str] = []
    for start in range(1 + WARM_STARTS):
        out = folder / f"start{start}.jsonl"
        took = started(settings, folder, rules, out)
        told = known.summary(out) if took.code == 0 else {}
        if told.get("rules") != RULES:
            wrong.append(f"start {start}: code {took.code}, {told.get('rules')} rules of {RULES}")
        lines.append(
            Line(
                what="cold" if start == 0 else f"warm, {start}",
                run=took,
                amount=RULES,
                unit="rules",
                ratio=took.wall_s if start else None,
                bar=BAR_S if start else None,
            )
        )
    return Part(
        name="start",
        title=f"`tocsin rules` with {RULES:,} rules over one event, first and later starts",
        ratio="seconds from start to end",
        synthetic="rules",
        lines=lines,
        wrong=wrong,
    )


def started(settings: Settings, folder: Path, rules: Path, out: Path | None = None) -> Run:
    """`tocsin rules` over one event, with the cache of this folder."""
    events = folder / "one.jsonl"
    events.write_bytes(EVENT)
    return measure(
        [
            sys.executable, "-m", "tocsin", "rules", str(rules), "--events", str(events),
            "--json", "--quiet",
        ],
        out=out,
        environment=cache_in(folder),
        limit_s=settings.ours_s,
    )  # fmt: skip


def cache_in(folder: Path) -> dict[str, str]:
    """Whatever variable a cache is found by: all of them lead into this folder."""
    cache = str(folder / "cache")
    return {"XDG_CACHE_HOME": cache, "HOME": str(folder), "TOCSIN_CACHE": cache}
