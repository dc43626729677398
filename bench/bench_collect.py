"""How fast `tocsin collect` copies, beside `zip`, `tar` and `sha256sum` over the same files.

    make bench                        1 GiB: half IIS, half HttpProxy
    make bench ARGS='--mib 64'        less, for a quick look
    make bench ARGS='--record'        also add the result to docs/reference/benchmarks.md

The logs are those of bench_hunt.py. The collector hashes each file, packs it and lists it. `zip`
packs, `tar -z` packs, `sha256sum` hashes: none does all of it. Fails if the archive does
not hold every file, or if collecting needs 512 MiB of memory or more.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from bench_hunt import PAGE, Run, machine, measure, parse
from generate import generate

MEMORY_LIMIT_MIB = 512
MARK = "<!-- rows of bench_collect.py are added above this line -->\n"


def main() -> int:
    """Generate, collect, compare, print; 1 where a promise was broken."""
    arguments = parse()
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as temporary:
        folder = Path(temporary) / "server"
        files, _ = generate(folder, mib=arguments.mib)
        runs, sizes = collect_and_compare(folder, Path(temporary))
        with zipfile.ZipFile(Path(temporary) / "e.zip") as archive:
            held = sum(not name.startswith("tocsin-") for name in archive.namelist())
    print(table(arguments.mib, runs, sizes))
    broken = []
    if runs[0].code != 0 or held != files:
        broken.append(f"the archive holds {held} of {files} files (code {runs[0].code})")
    if runs[0].peak_mib >= MEMORY_LIMIT_MIB:
        broken.append(f"{runs[0].peak_mib:.0f} MiB of memory, the limit is {MEMORY_LIMIT_MIB}")
    for complaint in broken:
        print(f"FAILED: {complaint}", file=sys.stderr)
    if arguments.record and not broken:
        record(arguments.mib, runs, sizes)
    return int(bool(broken))


def collect_and_compare(folder: Path, out: Path) -> tuple[list[Run], list[int]]:
    """Run everything over `folder`; the sizes are those of what was written, in bytes."""
    files = [str(path) for path in sorted(folder.rglob("*")) if path.is_file()]
    commands = {
        "collect": (out / "e.zip", [sys.executable, "-m", "tocsin", "collect", f"C={folder}",
                                    "-o", str(out / "e.zip"), "--quiet"]),
        "zip -r": (out / "z.zip", ["zip", "-r", "-q", str(out / "z.zip"), str(folder)]),
        "tar -z": (out / "t.tgz", ["tar", "-c", "-z", "-f", str(out / "t.tgz"), str(folder)]),
        "sha256sum": (out / "none", ["sha256sum", *files]),
    }  # fmt: skip
    runs, sizes = [], []
    for name, (written, line) in commands.items():
        if shutil.which(line[0]):
            runs.append(measure(name, line))
            sizes.append(written.stat().st_size if written.exists() else 0)
    return runs, sizes


def table(mib: int, runs: list[Run], sizes: list[int]) -> str:
    """The runs as text."""
    lines = [
        f"{'':<12} {'wall s':>8} {'CPU s':>8} {'MiB/s':>9} {'packed MiB':>11} {'peak MiB':>9}"
    ]
    lines += [
        f"{run.name:<12} {run.wall_s:>8.2f} {run.cpu_s:>8.2f} {mib / run.wall_s:>9.1f} "
        f"{size / 2**20:>11.1f} {f'{run.peak_mib:.0f}' if run is runs[0] else '':>9}"
        for run, size in zip(runs, sizes, strict=True)
    ]
    return "\n".join(lines)


def record(mib: int, runs: list[Run], sizes: list[int]) -> None:
    """Add one row to the collector's table on the page of benchmarks."""
    collect = runs[0]
    others = [
        f"{run.name}: {mib / run.wall_s:.0f} MiB/s, {run.cpu_s:.0f} CPU s"
        + (f", {size / 2**20:.0f} MiB" if size else "")
        for run, size in zip(runs[1:], sizes[1:], strict=True)
    ]
    cells = (
        f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}",
        f"{os.cpu_count()} x {machine()}, Python {platform.python_version()}",
        f"{mib}",
        f"{collect.wall_s:.0f}",
        f"{collect.cpu_s:.0f}",
        f"{mib / collect.wall_s:.0f}",
        f"{sizes[0] / 2**20:.0f}",
        f"{collect.peak_mib:.0f}",
        "; ".join(others),
    )
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.replace(MARK, f"| {' | '.join(cells)} |\n{MARK}"), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
