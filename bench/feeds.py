"""Part ``feeds``: a million rows of a Shadowserver report, read and judged, beside IntelMQ.

The rows are generated: addresses and names are invented, builds are those of our catalogue with
three parts, one row in a hundred has the tag of a web shell.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from bench.line import Line, Part
from bench.measure import measure
from bench.settings import ROOT
from tocsin.knowledge.builds import all_builds

if TYPE_CHECKING:
    from pathlib import Path

    from bench.measure import Run
    from bench.settings import Settings

ROWS_OF_A_MIB = 1000
"""So that the usual 1024 MiB of `make bench` are a million rows."""
PART_ROWS = 50_000
"""IntelMQ gets the beginning of the file: its rate does not depend on the length."""
CHECKED_ROWS = 20_000
AT_LEAST = 10.0
MOST_MIB = 256.0
HEADER = (
    '"timestamp","severity","ip","protocol","port","hostname","tag","asn","geo","region","city",'
    '"naics","hostname_source","sector","version","servername","url"\n'
)
SECTOR = "Communications, Service Provider, and Hosting Service"
DICT_READER = "import csv, sys; [None for _ in csv.DictReader(open(sys.argv[1], newline=''))]"
"""The rows are thrown away one by one, but for a list of None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the generator put in."""

    rows: int
    web_shells: int


def run(settings: Settings, folder: Path) -> Part:
    """Read the report with Python alone, with Tocsin, and with IntelMQ."""
    rows = settings.mib * ROWS_OF_A_MIB
    report = folder / "2026-03-24-scan_exchange-example-geo.csv"
    start = folder / "start" / report.name
    start.parent.mkdir()
    write_report(report, rows, settings.seed)
    known = write_report(start, min(rows, CHECKED_ROWS), settings.seed)
    part = folder / "part" / report.name
    part.parent.mkdir()
    parted = _beginning(report, part, min(rows, PART_ROWS))
    theirs = _intelmq(settings, part)
    plain = settings.best([sys.executable, "-c", DICT_READER, str(report)])
    lines = [Line(what="csv.DictReader alone", run=plain, amount=rows, unit="rows")]
    wrong: list[str] = []
    took = measure(ours(report, "--json", "--quiet"), limit_s=settings.ours_s)
    lines.append(
        Line(
            what="tocsin observe --json, every CVE", run=took, amount=rows, unit="rows",
            ratio=_times(took, rows, theirs, parted), bar=AT_LEAST, at_least=True,
        )
    )  # fmt: skip
    if took.code or took.peak_mib > MOST_MIB:
        wrong.append(f"code {took.code}, {took.peak_mib:.0f} MiB of {MOST_MIB:.0f}")
    merged = measure(ours(part, "--quiet"), limit_s=settings.ours_s)
    ratio = _times(merged, parted, theirs, parted)
    what = f"tocsin observe, the first {parted:,} merged by host"
    lines.append(Line(what=what, run=merged, amount=parted, unit="rows", ratio=ratio))
    lines.append(_checked(start, folder, known, wrong))
    if theirs is not None:
        what = f"IntelMQ's parser, the first {parted:,}"
        note = "without its queues"
        lines.append(Line(what=what, run=theirs, amount=parted, unit="rows", note=note))
    return Part(
        name="feeds",
        title=f"a report of Shadowserver with {rows:,} rows",
        ratio="rows for each second of CPU against IntelMQ's",
        synthetic="all rows, each of another host",
        lines=lines,
        wrong=wrong,
    )


def ours(report: Path, *options: str) -> list[str]:
    """Our command."""
    return [sys.executable, "-m", "tocsin", "observe", "shadowserver", str(report), *options]


def write_report(path: Path, rows: int, seed: str) -> Known:
    """Write a report in the layout of today; the same seed gives the same bytes."""
    dice = random.Random(seed)
    builds = sorted({".".join(map(str, build.number[:3])) for build in all_builds()})
    start = datetime(2026, 3, 24, tzinfo=UTC)
    shells = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER)
        for row in range(rows):
            number = dice.randrange(1 << 24, 224 << 24)
            ip = ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
            chance = dice.random()
            tag = "exchange;webshell" if chance < 0.01 else "exchange"
            if 0.01 <= chance < 0.3:
                tag = "exchange;cve-2021-26855"
            shells += chance < 0.01
            version = "" if dice.random() < 0.05 else dice.choice(builds)
            time = start + timedelta(seconds=row * 86_400 // rows)
            file.write(
                f'"{time:%Y-%m-%d %H:%M:%S}","critical","{ip}","tcp",443,"mail{row}.example.org",'
                f'"{tag}",{64_496 + row % 100},"DE","BAYERN","NUERNBERG",518210,"ptr",'
                f'"{SECTOR}","{version}","EXCH{row % 1000}",\n'
            )
    return Known(rows=rows, web_shells=shells)


def _checked(start: Path, folder: Path, known: Known, wrong: list[str]) -> Line:
    """The beginning once more, with its output looked at."""
    out = folder / "rows.jsonl"
    took = measure(ours(start, "--json", "--quiet", "--cve", "CVE-2021-26855"), out=out)
    with out.open("rb") as file:
        told = [orjson.loads(line) for line in file]
    shells = sum(row["evidence"] == ["web_shell"] for row in told)
    if (len(told), shells) != (known.rows, known.web_shells):
        wrong.append(f"{len(told)} rows, {shells} web shells; there are {known}")
    return Line(
        what=f"the first {known.rows:,}, checked", run=took, amount=known.rows, unit="rows",
        found=shells, known=known.web_shells,
    )  # fmt: skip


def _beginning(report: Path, part: Path, rows: int) -> int:
    with report.open("rb") as whole, part.open("wb") as beginning:
        for _ in range(rows + 1):
            beginning.write(whole.readline())
    return rows


def _intelmq(settings: Settings, part: Path) -> Run | None:
    """IntelMQ on the beginning of the report; None where it, or Shadowserver's schema, is not."""
    csirt = settings.corpus.parent / "csirt" if settings.corpus else None
    schema = csirt / "shadowserver" / "report_schema_intelmq.json" if csirt else None
    if not settings.rivals or schema is None or not schema.exists():
        return None
    rival = str(ROOT / "bench" / "feed_rival.py")
    command = [settings.tool("python"), "-W", "ignore", rival, str(schema), str(part)]
    took = measure(command, limit_s=settings.limit_s)
    return took if took.code == 0 else None


def _times(took: Run, rows: int, theirs: Run | None, their_rows: int) -> float | None:
    """How many times as many rows for each second of CPU."""
    if theirs is None or took.code or not took.cpu_s:
        return None
    return (rows / took.cpu_s) / (their_rows / theirs.cpu_s)
