"""How fast the desk imports a feed, reads its rows back, and what assessing them costs.

    .venv/bin/python -m bench.desk_import                                        on SQLite
    .venv/bin/python tools/on_postgresql.py python -m bench.desk_import          on PostgreSQL
    .venv/bin/python -m bench.desk_import --rows 500000 --no-assessment          more of it

The report is generated, each row of another host. The exit code is 1 where a row is missing; a bar
that is not cleared is printed as MISSED. Seconds of wall time hang on what else the machine does:
CPU seconds stand beside them, of this process and of PostgreSQL's that serves it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.feeds import write_report

if TYPE_CHECKING:
    from collections.abc import Iterator

BARS = {"sqlite": 5_000, "postgresql": 20_000}
"""Rows for each second of wall time."""
NAME = "2026-03-24-scan_exchange-example-geo.csv"


def main() -> int:
    """Import, read back and assess in a desk of its own, and print what each took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--no-assessment", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        os.environ["TOCSIN_DESK_HOME"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "tocsin.web.project.settings.local"
        report = Path(folder) / NAME
        known = write_report(report, asked.rows, "bench")
        return run(report, known.rows, known.web_shells, assesses=not asked.no_assessment)


def run(report: Path, rows: int, web_shells: int, *, assesses: bool) -> int:
    """In a database that is made for it."""
    import django  # noqa: PLC0415 after the settings are chosen, here and below

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415 after the settings are chosen
    from django.db import connection  # noqa: PLC0415 after the settings are chosen

    call_command("migrate", verbosity=0)
    from tocsin.web.accounts.models import User  # noqa: PLC0415 after the settings are chosen
    from tocsin.web.campaigns.models import Campaign  # noqa: PLC0415 after the settings are chosen
    from tocsin.web.imports import queries, services  # noqa: PLC0415 after the settings are chosen
    from tocsin.web.organisations.models import Constituency  # noqa: PLC0415 after the settings are chosen

    campaign = Campaign.objects.create(
        slug="bench",
        name="Bench",
        pack="proxylogon",
        cves=["CVE-2021-26855", "CVE-2021-26857", "CVE-2021-26858", "CVE-2021-27065"],
        constituency=Constituency.objects.create(slug="bench", name="Bench"),
    )
    user = User.objects.create_user("bench")
    print(f"{rows:,} rows, {report.stat().st_size / 2**20:.0f} MiB, {connection.vendor}")
    with measured("import", rows, BARS.get(connection.vendor)):
        one = services.import_path(campaign, user, report)
    with measured("the same file again, which stores nothing", rows):
        again = services.import_path(campaign, user, report)
    shells = found = 0
    with measured("rows read back in order of time", rows):
        for row in queries.stored_rows(campaign):
            found += 1
            shells += bool(row.evidence)
    if assesses:
        from tocsin.web.assessing.services import assess  # noqa: PLC0415 after the settings are chosen

        with measured("assessment", rows):
            assess(campaign)
    told = (one.observations, again.repeated, found, shells)
    if told != (rows, rows, rows, web_shells):
        print(f"WRONG: {told}; there are {rows} rows with {web_shells} web shells")
        return 1
    return 0


@contextmanager
def measured(what: str, rows: int, bar: int | None = None) -> Iterator[None]:
    """Print how long it took, for each second how many rows, and whether the bar is cleared."""
    wall, cpu = time.perf_counter(), cpu_s()
    yield
    wall, cpu = time.perf_counter() - wall, cpu_s() - cpu
    verdict = "" if bar is None else f", bar {bar:,}: {'met' if rows / wall >= bar else 'MISSED'}"
    print(f"{what}: {wall:.1f} s, {cpu:.1f} s of CPU; {rows / wall:,.0f} rows/s{verdict}")


def cpu_s() -> float:
    """Seconds of CPU of this process, and of the server's process where that runs here."""
    from django.db import connection  # noqa: PLC0415 after the settings are chosen

    if connection.vendor != "postgresql":
        return time.process_time()
    connection.ensure_connection()
    status = Path(f"/proc/{connection.connection.info.backend_pid}/stat")
    if not status.exists():
        return time.process_time()
    fields = status.read_text(encoding="ascii").rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
