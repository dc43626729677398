"""What a run of the benchmarks was asked for, and where its tools are."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import Run, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "build" / "bench-venv" / "bin"
REPEATS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Sizes in MiB, limits in seconds. `corpus` holds real event logs, where there are any."""

    mib: int
    evtx_mib: int
    limit_s: float
    ours_s: float
    rivals: bool
    corpus: Path | None
    seed: str = "bench"

    def best(self, command: Sequence[str]) -> Run | None:
        """The cheapest of a few runs of a short command; None where it is not installed."""
        if shutil.which(command[0]) is None:
            return None
        return min((measure(command) for _ in range(REPEATS)), key=lambda run: run.cpu_s)

    def tool(self, name: str) -> str:
        """A program of the benchmark's own environment."""
        return str(TOOLS / name)

    def has_jobs(self, command: str, *arguments: str) -> bool:
        """Whether `tocsin COMMAND` takes `--jobs` already; `arguments` are what else it needs."""
        told = subprocess.run(
            [sys.executable, "-m", "tocsin", command, "--jobs", "2", *arguments],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return "--jobs" not in told.stderr
