"""How fast a hunt reads, and how much memory it takes.

    make bench                        1 GiB: half IIS, half HttpProxy
    make bench ARGS='--mib 64'        less, for a quick look
    make bench ARGS='--record'        also add the result to docs/reference/benchmarks.md

The logs are written anew into a temporary folder (TMPDIR), then `tocsin hunt` reads them in a
process of its own, and after it `wc`, `grep` and, where installed, `rg` read the same files:
figures from different machines compare only as ratios to these. Fails if the hunt needs 1 GiB of
memory or more, or misses the attack that stands in the logs.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from generate import generate

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "benchmarks.md"
MIB = 2**20
MEMORY_LIMIT_MIB = 1024
WORDS = Path(__file__).parent / "words.txt"
"""What `grep` and `rg` look for: twenty strings, most of them in no row, as in real life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one command took. Memory is the largest sum over its processes at any moment."""

    name: str
    wall_s: float
    cpu_s: float
    peak_mib: float
    code: int


def main() -> int:
    """Generate, hunt, compare, print; 1 where the hunt broke its promise."""
    arguments = parse()
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as temporary:
        folder, out = Path(temporary) / "server", Path(temporary) / "out"
        started = time.monotonic()
        files, rows = generate(folder, mib=arguments.mib)
        print(f"generated {files} files, {rows:,} rows in {time.monotonic() - started:.0f} s")
        hunt = measure(
            "tocsin hunt",
            [sys.executable, "-m", "tocsin", "hunt", str(folder), "--quiet", "--format", "json",
             "--output", str(out)],
        )  # fmt: skip
        verdict = verdict_in(out)
        others = compare(folder)
    print(table(arguments.mib, rows, [hunt, *others]))
    print(f"verdict: {verdict}")
    broken = judge(hunt, verdict)
    for complaint in broken:
        print(f"FAILED: {complaint}", file=sys.stderr)
    if arguments.record and not broken:
        record(arguments.mib, rows, hunt, others)
    return int(bool(broken))


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    size = int(os.environ.get("TOCSIN_BENCH_MIB", "1024"))
    parser.add_argument("--mib", type=int, default=size, help="how much to hunt through")
    parser.add_argument("--record", action="store_true", help=f"add a row to {PAGE.name}")
    return parser.parse_args()


def compare(folder: Path) -> list[Run]:
    """The plainest tools that read the same bytes, with a warm cache."""
    files = [str(path) for path in sorted(folder.rglob("*")) if path.is_file()]
    commands = {
        "wc -l": ["wc", "-l", *files],
        "grep -c": ["grep", "-c", "-i", "-F", "-f", str(WORDS), *files],
        "rg -c": ["rg", "-c", "-i", "-F", "-f", str(WORDS), *files],
    }
    return [measure(name, line) for name, line in commands.items() if shutil.which(line[0])]


def measure(name: str, command: list[str]) -> Run:
    """Run `command` to its end, and watch it."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    watch = Watch(process.pid)
    watch.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.monotonic() - started
    watch.done.set()
    watch.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    largest_kib = usage.ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    return Run(
        name=name,
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mib=max(largest_kib / 1024, watch.peak_kib / 1024),
        code=process.returncode,
    )


class Watch(threading.Thread):
    """Add up the memory of a process and its children, since ru_maxrss knows only the largest."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak_kib = 0
        self.done = threading.Event()

    def run(self) -> None:
        """Look ten times a second until the process has ended."""
        while not self.done.wait(0.1):
            self.peak_kib = max(self.peak_kib, sum(map(resident_kib, family(self.pid))))


def family(pid: int) -> list[int]:
    """A process and everything below it; only itself where there is no /proc."""
    found = [pid]
    for parent in found:
        for tasks in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in tasks.read_text().split()]
            except OSError:
                continue  # it has ended meanwhile
    return found


def resident_kib(pid: int) -> int:
    """Resident memory, 0 where it cannot be told."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def verdict_in(out: Path) -> str:
    """The level that the hunt's JSON states."""
    for path in out.rglob("*.json"):
        return str(json.loads(path.read_bytes())["verdict"])
    return "no result"


def judge(hunt: Run, verdict: str) -> list[str]:
    """Every promise that the hunt broke."""
    broken = []
    if hunt.code != 0:
        broken.append(f"tocsin hunt ended with {hunt.code}")
    if verdict not in ("exploited", "compromised"):
        broken.append(f"the attack in the logs was missed: {verdict}")
    if hunt.peak_mib >= MEMORY_LIMIT_MIB:
        broken.append(f"{hunt.peak_mib:.0f} MiB of memory, the limit is {MEMORY_LIMIT_MIB}")
    return broken


def table(mib: int, rows: int, runs: list[Run]) -> str:
    """The runs as text, each with its ratio to the hunt."""
    hunt, peak = runs[0], f"{runs[0].peak_mib:.0f}"
    lines = [
        f"{'':<12} {'wall s':>8} {'CPU s':>8} {'MiB/s':>9} {'rows/s':>12} {'peak MiB':>9}  hunt is"
    ]
    # Memory of the others is not shown: it is that of this process until they have started.
    lines += [
        f"{run.name:<12} {run.wall_s:>8.2f} {run.cpu_s:>8.2f} {mib / run.wall_s:>9.1f} "
        f"{rows / run.wall_s:>12,.0f} {peak if run is hunt else '':>9}  "
        f"{hunt.cpu_s / run.cpu_s:.1f} x its CPU"
        for run in runs
    ]
    return "\n".join(lines)


def record(mib: int, rows: int, hunt: Run, others: list[Run]) -> None:
    """Add one row to the page of benchmarks."""
    ratios = ", ".join(f"{hunt.cpu_s / run.cpu_s:.0f} x {run.name}" for run in others)
    cells = (
        f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}",
        f"{os.cpu_count()} x {machine()}, Python {platform.python_version()}",
        f"{mib}",
        f"{rows:,}",
        f"{hunt.wall_s:.0f}",
        f"{hunt.cpu_s:.0f}",
        f"{mib / hunt.cpu_s:.1f}",
        f"{rows / hunt.cpu_s:,.0f}",
        f"{hunt.peak_mib:.0f}",
        ratios,
    )
    with PAGE.open("a", encoding="utf-8") as page:
        page.write(f"| {' | '.join(cells)} |\n")


def machine() -> str:
    """The processor's name, as well as it can be told."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in told.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    sys.exit(main())
