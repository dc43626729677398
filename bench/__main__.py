"""Measure Tocsin beside other tools on the same files.

    make bench                                         everything, 1 GiB of each kind of log
    make bench ARGS='--only rules-iis --mib 64'        one part, and less of it
    make bench ARGS='--record'                         put the tables into the page of benchmarks

Figures of different machines and hours compare only as ratios to what ran beside them. The exit
code is 1 for wrong results only: a known hit that was missed, a verdict that is not what stands in
the logs, more memory than promised. A bar that is not cleared is printed as MISSED.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from bench import collect_part, evtx_part, feeds, hunt_part, rules_part, start_part
from bench.line import as_markdown, as_text
from bench.page import put
from bench.settings import ROOT, TOOLS, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.line import Part

PAGE = ROOT / "docs" / "reference" / "benchmarks.md"
PARTS: dict[str, Callable[[Settings, Path], Part]] = {
    "rules-iis": partial(rules_part.run, "iis"),
    "rules-httpproxy": partial(rules_part.run, "httpproxy"),
    "hunt-iis": partial(hunt_part.run, "iis"),
    "hunt-httpproxy": partial(hunt_part.run, "httpproxy"),
    "evtx": evtx_part.run,
    "start": start_part.run,
    "collect": collect_part.run,
    "feeds": feeds.run,
}
VERSIONS = """
from importlib.metadata import version
names = ("duckdb", "pysigma-backend-duckdb", "pysigma-backend-sqlite", "pysigma", "tenzir")
print(", ".join(f"{name} {version(name)}" for name in names))
"""
"""Run by the Python of the rivals' environment."""


def main() -> int:
    """Run the parts, print their tables; 1 where a result was wrong."""
    arguments = parse()
    settings = Settings(
        mib=arguments.mib,
        evtx_mib=arguments.evtx_mib or max(16, arguments.mib // 4),
        limit_s=arguments.limit,
        ours_s=arguments.limit * 10,
        rivals=not arguments.no_rivals and TOOLS.exists(),
        corpus=corpus(),
    )
    about = conditions(settings)
    print(about)
    wrong: list[str] = []
    for name in arguments.only or PARTS:
        with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as temporary:
            part = PARTS[name](settings, Path(temporary))
        print(f"\n{as_text(part)}", flush=True)
        wrong += part.wrong
        if arguments.record and not part.wrong:
            record(part, about)
    for complaint in wrong:
        print(f"WRONG: {complaint}", file=sys.stderr)
    return int(bool(wrong))


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="make bench", description=(__doc__ or "").splitlines()[0]
    )
    size = int(os.environ.get("TOCSIN_BENCH_MIB", "1024"))
    parser.add_argument("--only", action="append", choices=PARTS, help="one part; repeatable")
    parser.add_argument("--mib", type=int, default=size, help="of each kind of text log")
    parser.add_argument("--evtx-mib", type=int, help="of event logs (a quarter of --mib)")
    parser.add_argument("--limit", type=float, default=300, help="seconds for each rival")
    parser.add_argument("--no-rivals", action="store_true", help="only rg, wc and Tocsin")
    parser.add_argument("--record", action="store_true", help=f"write into {PAGE.name}")
    return parser.parse_args()


def corpus() -> Path | None:
    """The folder of real event logs, where there is one; found as the tests find it."""
    beside = ROOT.parent / "shared" / "corpus"
    found = Path(os.environ.get("TOCSIN_CORPUS", beside)) / "evtx"
    return found if found.is_dir() else None


def conditions(settings: Settings) -> str:
    """When, on what, with which versions."""
    commit = said("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    tools = [f"Python {platform.python_version()}", f"tocsin {version('tocsin')} at {commit}"]
    tools.append(" ".join(said("rg", "--version").split()[:2]))
    if settings.rivals:
        tools.append(said(settings.tool("python"), "-c", VERSIONS))
    today = f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}"
    return f"{today}, {os.cpu_count()} x {machine()}, {', '.join(filter(None, tools))}"


def said(*command: str) -> str:
    """What a command prints; nothing where it is not there."""
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def machine() -> str:
    """The processor's name, as well as it can be told."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in told.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()


def record(part: Part, about: str) -> None:
    """Put one part's table into its place on the page of benchmarks."""
    start, end = f"<!-- {part.name} -->", f"<!-- end of {part.name} -->"
    title = part.title[0].upper() + part.title[1:]
    put(PAGE, f"{title}. {about}.\n\n{as_markdown(part)}", start, end)


if __name__ == "__main__":
    sys.exit(main())
