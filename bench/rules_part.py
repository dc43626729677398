"""Parts ``rules-iis`` and ``rules-httpproxy``: 500 rules over text logs, beside other engines."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import known
from bench.generate import generate
from bench.line import Line, Part
from bench.measure import Run, measure
from bench.rivals import IIS_COLUMNS, columns_of
from bench.rulemaker import kinds_named, make_rules, write_rules

if TYPE_CHECKING:
    from bench.generate import Written
    from bench.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
WORDS = Path(__file__).parent / "words.txt"
RULES = 500
FEW = 10
"""Rules that DuckDB and Tenzir are asked for first: some engines are made for a few."""
BARS = {"iis": 1.0, "httpproxy": 0.6}
TWO_JOBS_BAR = 0.65
SHIPPED = ROOT / "src" / "tocsin" / "knowledge" / "data" / "packs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The files of one part."""

    log: str
    folder: Path
    logs: Written
    rules: Path
    few: Path

    @property
    def files(self) -> list[str]:
        """The paths of all logs."""
        return [str(path) for path in self.logs.files]

    @property
    def mib(self) -> float:
        """How much there is to read."""
        return self.logs.size_bytes / 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One way to call `tocsin rules`; `of_first` compares its wall time with the first one's."""

    what: str
    options: list[str]
    bar: float | None = None
    of_first: bool = False


def run(log: str, settings: Settings, folder: Path) -> Part:
    """Generate, then Tocsin and the rivals over the same files with a warm cache."""
    bench = prepare(log, settings, folder)
    search = ["rg", "-c", "-i", "-F", "-f", str(WORDS), *bench.files]
    rg = settings.best(search)
    lines = [
        Line(what="rg -i -F, 20 strings", run=rg, amount=bench.mib, ratio=1.0)
        if rg
        else Line(what="rg", note="not installed: apt-get install ripgrep"),
        *plain(settings, bench, rg),
    ]
    ours, wrong = tocsin(settings, bench, rg)
    lines += ours
    if settings.rivals:
        lines += rivals(settings, bench, rg)
    return Part(
        name=f"rules-{log}",
        title=f"{RULES} generated rules over {bench.mib:.0f} MiB of {log} logs, "
        f"{bench.logs.rows:,} rows in {len(bench.files)} files",
        ratio="CPU against rg's on the same files (two jobs: wall time against one job's)",
        synthetic="logs and rules; every rule has a text that could be searched for, and one row "
        "planted that it must match; hardly any other row matches",
        lines=lines,
        wrong=wrong,
    )


def prepare(log: str, settings: Settings, folder: Path) -> Bench:
    """Write logs and rules below `folder`."""
    rules = make_rules(kinds_named(log), RULES, settings.seed)
    write_rules(folder / "rules", rules)
    write_rules(folder / "few", rules[:FEW])
    logs = generate(folder / "server", mib={log: settings.mib}, rules=rules, seed=settings.seed)
    return Bench(log=log, folder=folder, logs=logs, rules=folder / "rules", few=folder / "few")


def plain(settings: Settings, bench: Bench, rg: Run | None) -> list[Line]:
    """What reading the bytes costs at least."""
    wc = settings.best(["wc", "-l", *bench.files])
    return [Line(what="wc -l", run=wc, amount=bench.mib, ratio=over(wc, rg))]


def tocsin(settings: Settings, bench: Bench, rg: Run | None) -> tuple[list[Line], list[str]]:
    """`tocsin rules` with one job, with two where it has jobs, and with the packs' rules too."""
    shipped = [str(path) for path in sorted(SHIPPED.glob("*/sigma"))]
    command = [sys.executable, "-m", "tocsin", "rules", str(bench.rules)]
    events = ["--events", str(bench.folder / "server"), "--json", "--quiet"]
    expected = [(one.slug, (one.path, one.line)) for one in bench.logs.planted]
    lines: list[Line] = []
    wrong: list[str] = []
    has_jobs = settings.has_jobs("rules", "nothing", "--events", "nothing")
    one_job, two_jobs = [[*events, "--jobs", jobs] for jobs in "12"] if has_jobs else [events, []]
    runs = [
        Asked(what=f"{RULES}", bar=BARS[bench.log], options=one_job),
        Asked(what=f"{RULES}, 2 jobs", bar=TWO_JOBS_BAR, options=two_jobs, of_first=True),
        Asked(what=f"{RULES} and those shipped", options=[*shipped, *one_job]),
    ]
    first: Run | None = None
    for number, one in enumerate(run for run in runs if run.options):
        out = bench.folder / f"hits{number}.jsonl"
        took = measure([*command, *one.options], out=out, limit_s=settings.ours_s)
        lost = [] if took.code is None else known.missing(out, expected)
        if lost or took.code != 0:
            wrong.append(f"tocsin rules on {bench.log}: code {took.code}, lost {lost[:3]}")
        ratio = took.wall_s / first.wall_s if first and one.of_first else over(took, rg)
        lines.append(
            Line(
                what=f"tocsin rules, {one.what}",
                run=took,
                amount=bench.mib,
                ratio=ratio,
                bar=one.bar,
                found=None if took.code is None else len(expected) - len(lost),
                known=len(expected),
                note=account(out) if took.code == 0 else f"code {took.code}",
            )
        )
        first = first or took
    return lines, wrong


def account(out: Path) -> str:
    """What the summary says, in a few words."""
    told = known.summary(out)
    failed, other = told.get("failed", []), told.get("not_applicable", [])
    return (
        f"{told.get('rules')} rules, {len(other)} of them not applicable, {len(failed)} failed; "
        f"{told.get('matches')} matches"
    )


def rivals(settings: Settings, bench: Bench, rg: Run | None) -> list[Line]:
    """DuckDB, SQLite and Tenzir with the same rules, each stopped at the limit."""
    lines = [
        sql(settings, bench, rg, "duckdb", FEW),
        sql(settings, bench, rg, "duckdb", RULES),
        sql(settings, bench, rg, "sqlite", RULES),
    ]
    for rules, count in ((bench.few, FEW), (bench.rules, RULES)):
        pipeline = tenzir_pipeline(bench, rules)
        lines.append(tenzir(settings, pipeline, count, bench.folder, rg, amount=bench.mib))
    return lines


def sql(settings: Settings, bench: Bench, rg: Run | None, engine: str, count: int) -> Line:
    """A table, and one query for each rule."""
    out = bench.folder / f"{engine}{count}.json"
    command = [
        settings.tool("python"), str(Path(__file__).parent / "rivals.py"), engine, bench.log,
        "--rules", str(bench.rules if count == RULES else bench.few),
        "--limit", str(settings.limit_s), *bench.files,
    ]  # fmt: skip
    took = measure(command, out=out, limit_s=settings.limit_s * 1.5)
    return sql_line(engine, count, took, out, amount=bench.mib, unit="MiB", ratio=over(took, rg))


def sql_line(
    engine: str, count: int, took: Run, out: Path, *, amount: float, unit: str, ratio: float | None
) -> Line:
    """What `bench/rivals.py` told about itself, as a line."""
    name = {"duckdb": "DuckDB", "sqlite": "SQLite"}[engine]
    text = out.read_text(encoding="utf-8").strip()
    if took.code != 0 or not text:
        why = "stopped at the limit" if took.code is None else f"ended with {took.code}"
        return Line(what=f"{name}, {count} rules", run=took, amount=amount, unit=unit, note=why)
    told = json.loads(text.splitlines()[-1])
    asked = told["asked"] + told["refused"]
    return Line(
        what=f"{name}, {asked if asked == count else f'{asked} of {count}'} rules",
        run=took,
        amount=amount,
        unit=unit,
        ratio=ratio,
        found=len(told["found"]),
        known=asked,
        note=f"loading {told['load_s']:.0f} s, pySigma {told['convert_s']:.0f} s, "
        f"asking {told['ask_s']:.0f} s; {told['refused']} refused",
    )


def tenzir_pipeline(bench: Bench, rules: Path) -> str:
    """Read, match, and count the hits of each rule."""
    columns = " ".join(columns_of(bench.log, bench.files))
    if bench.log == "iis":
        read = f'read_ssv header="{IIS_COLUMNS}", comments=true'
    else:
        read = f'read_csv header="{columns.replace(" ", ",")}", comments=true, auto_expand=true'
    ending = "log" if bench.log == "iis" else "LOG"
    source = f'from_file "{bench.folder}/server/**.{ending}" {{ {read} }}'
    return f"{source}\n{tenzir_end(rules)}"


def tenzir_end(rules: Path) -> str:
    """Match, and count the hits of each rule."""
    return f'sigma path="{rules}"\nsummarize finding_info.title, hits=count()\nwrite_ndjson'


def tenzir(
    settings: Settings,
    pipeline: str,
    count: int,
    folder: Path,
    against: Run | None,
    *,
    amount: float,
    unit: str = "MiB",
) -> Line:
    """One Tenzir pipeline as a line."""
    out = folder / f"tenzir{count}.jsonl"
    took = measure([settings.tool("tenzir"), pipeline], out=out, limit_s=settings.limit_s)
    done = took.code == 0
    found = len(out.read_text(encoding="utf-8").splitlines()) if done else None
    return Line(
        what=f"Tenzir, {count} rules",
        run=took,
        amount=amount,
        unit=unit,
        ratio=over(took, against),
        found=found,
        known=count,
        note="" if done else "stopped at the limit" if took.code is None else f"code {took.code}",
    )


def over(run: Run | None, against: Run | None) -> float | None:
    """CPU time as a ratio."""
    return run.cpu_s / against.cpu_s if run and against and against.cpu_s else None
