"""How fast a large organisation's message tracking is hunted, and in how much memory."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.measure import measure
from tocsin.samples.mail import Settings, write_organisation

SEED = 4
ROWS_PER_MAILBOX_DAY = 95
"""About; measured."""
DAYS = 30
LIMIT_S = 4 * 3600


def scale_table(rows: int) -> str:
    """Write about so many rows, hunt them with all packs, and say what it took."""
    mailboxes = max(30, round(rows / DAYS / ROWS_PER_MAILBOX_DAY))
    with tempfile.TemporaryDirectory(prefix="tocsin-mail-") as folder:
        settings = Settings(seed=SEED, mailboxes=mailboxes, attacks=9)
        truth = write_organisation(settings, Path(folder) / "C")
        size = sum(one.stat().st_size for one in Path(folder).rglob("*.LOG"))
        lines = [
            "| what | rows | MiB | wall s | CPU s | rows per second | peak MiB |",
            "|---|---:|---:|---:|---:|---:|---:|",
        ]
        for jobs in (1, 2):
            command = (sys.executable, "-m", "tocsin", "hunt", f"{folder}/C", "--quiet")
            run = measure(
                [*command, "--json", "--jobs", str(jobs)],
                limit_s=LIMIT_S,
            )
            ended = "" if run.code in {0, 1} else f" (ended with {run.code})"
            lines.append(
                f"| `tocsin hunt --jobs {jobs}`{ended} | {truth.rows:,} | {size >> 20:,} |"
                f" {run.wall_s:.0f} | {run.cpu_s:.0f} | {truth.rows / run.wall_s:,.0f} |"
                f" {run.peak_mib:,.0f} |"
            )
    return "\n".join(lines)
