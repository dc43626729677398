"""Parts ``hunt-iis`` and ``hunt-httpproxy``: a whole hunt, and what its parts cost."""

from __future__ import annotations

import json
import pstats
import sys
from collections import Counter
from typing import TYPE_CHECKING

from bench.generate import generate
from bench.line import Line, Part
from bench.measure import Run, measure
from bench.rules_part import TWO_JOBS_BAR, WORDS, over

if TYPE_CHECKING:
    from pathlib import Path

    from bench.settings import Settings

BAR = 2.5
MEMORY_LIMIT_MIB = 1024
GOOD = ("exploited", "compromised")
PROFILED_MIB = 24
"""What is hunted through under Python's profiler, which slows Python code three times or so."""
PROFILED = """
import cProfile, sys, time
from tocsin.cli import main
out, sys.argv[1:] = sys.argv[1], sys.argv[2:]
profile = cProfile.Profile(time.process_time)  # other programs on the machine cost nothing
try:
    profile.runcall(main)
finally:
    profile.dump_stats(out)
"""
HASHING = """
import hashlib, sys
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        hashlib.file_digest(file, "sha256")
"""
NATIVE = {
    "hyperscan": "matching: Hyperscan",
    "sha256": "manifest: SHA-256",
    "re2": "matching: re2",
}


def run(log: str, settings: Settings, folder: Path) -> Part:
    """Hunt through logs of one kind, with one job and with two."""
    server = folder / "server"
    logs = generate(server, mib={log: settings.mib}, seed=settings.seed)
    mib = logs.size_bytes / 2**20
    files = [str(path) for path in logs.files]
    rg = settings.best(["rg", "-c", "-i", "-F", "-f", str(WORDS), *files])
    hashes = settings.best([sys.executable, "-c", HASHING, *files])
    lines = [
        Line(what="rg -i -F, 20 strings", run=rg, amount=mib, ratio=over(rg, rg)),
        Line(what="SHA-256 alone (hashlib)", run=hashes, amount=mib, ratio=over(hashes, rg)),
    ]
    wrong: list[str] = []
    first: Run | None = None
    for number in ["1", "2"] if settings.has_jobs("hunt", str(folder / "nothing")) else [""]:
        out = folder / f"out{number}"
        jobs = ["--jobs", number] if number else []
        took = measure([*command(server, out), *jobs], limit_s=settings.ours_s)
        verdict = verdict_in(out)
        # The attack stands in the Ecp log; a server of which only IIS logs are left shows none.
        if took.code != 0 or (log == "httpproxy" and verdict not in GOOD):
            wrong.append(f"tocsin hunt on {log}: code {took.code}, verdict {verdict}")
        if took.peak_mib >= MEMORY_LIMIT_MIB:
            wrong.append(f"tocsin hunt on {log}: {took.peak_mib:.0f} MiB of memory")
        lines.append(
            Line(
                what=f"tocsin hunt{f', {number} jobs' if number == '2' else ''}",
                run=took,
                amount=mib,
                ratio=over(took, rg) if first is None else took.wall_s / first.wall_s,
                bar=BAR if first is None else TWO_JOBS_BAR,
                note=f"verdict: {verdict}",
            )
        )
        first = first or took
    tiny = folder / "tiny"
    generate(tiny, mib={log: 1}, seed=settings.seed)
    least = measure(command(tiny, folder / "least"), limit_s=settings.ours_s)
    lines.append(Line(what="tocsin hunt, 1 MiB", run=least, note="what does not grow"))
    lines += shares(log, settings, folder)
    return Part(
        name=f"hunt-{log}",
        title=f"a whole hunt (manifest, coverage, rows counted, all packs) through {mib:.0f} MiB "
        f"of {log} logs, {logs.rows:,} rows in {len(files)} files",
        ratio="CPU against rg's on the same files (two jobs: wall time against one job's)",
        synthetic=f"logs; 86 of 100 rows from health probes. The shares below are of a run under "
        f"Python's profiler over {PROFILED_MIB} MiB: they exaggerate what is Python",
        lines=lines,
        wrong=wrong,
    )


def command(server: Path, out: Path) -> list[str]:
    """`tocsin hunt` over `server`."""
    options = ["--quiet", "--format", "json", "--output", str(out)]
    return [sys.executable, "-m", "tocsin", "hunt", str(server), *options]


def verdict_in(out: Path) -> str:
    """The level that the hunt's JSON states."""
    for path in out.rglob("*.json"):
        return str(json.loads(path.read_bytes())["verdict"])
    return "no result"


def shares(log: str, settings: Settings, folder: Path) -> list[Line]:
    """Where the time of a smaller hunt goes, by package, largest first."""
    small, profile = folder / "small", folder / "profile"
    generate(small, mib={log: min(PROFILED_MIB, settings.mib)}, seed=settings.seed)
    line = command(small, folder / "profiled")
    profiled = [line[0], "-c", PROFILED, str(profile), *line[3:]]
    measure(profiled, limit_s=settings.ours_s)
    if not profile.exists():
        return [Line(what="  of it", note="the profiler did not come to an end")]
    times = by_package(profile)
    total = sum(times.values())
    return [
        Line(what=f"  {100 * seconds / total:3.0f} % {name}")
        for name, seconds in times.most_common()
        if seconds >= total / 100
    ]


def by_package(profile: Path) -> Counter[str]:
    """Seconds in each package's own code; native code counts where it was called from."""
    found: Counter[str] = Counter()
    stats = pstats.Stats(str(profile)).stats  # type: ignore[attr-defined]  # typeshed leaves it out
    for (file, _, name), (_, _, own_s, _, callers) in stats.items():
        native = next((told for mark, told in NATIVE.items() if mark in name.lower()), None)
        if native is not None:
            found[native] += own_s
        elif file != "~":
            found[_package(file)] += own_s
        else:
            for (caller, _, _), (_, _, part_s, _) in callers.items():
                found[_package(caller)] += part_s
    return found


def _package(file: str) -> str:
    _, found, rest = file.rpartition("/tocsin/")
    if found:
        parts = rest.removesuffix(".py").split("/")
        return ".".join(parts[:2])
    return "Python and libraries" if "/" in file else "interpreter"
