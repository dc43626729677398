"""`python -m tocsin.samples.mail SEED FOLDER` writes an organisation's logs and truth there."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tocsin.samples.mail import Settings, truth_file, write_organisation


def main() -> int:
    """Write one organisation and say which."""
    parser = argparse.ArgumentParser(prog="python -m tocsin.samples.mail")
    parser.add_argument("seed", type=int, help="even: for tuning; odd: for reporting only")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mailboxes", type=int, default=120)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--attacks", type=int, default=6)
    told = parser.parse_args()
    settings = Settings(
        seed=told.seed, mailboxes=told.mailboxes, days=told.days, attacks=told.attacks
    )
    truth = write_organisation(settings, told.folder / "C")
    truth_file(truth, told.folder / "truth.json")
    half = "reporting" if truth.reporting else "tuning"
    sys.stdout.write(
        f"seed {truth.seed} ({half} half): {truth.mailboxes} mailboxes, {truth.days} days,"
        f" {truth.messages:,} messages, {truth.rows:,} rows, {len(truth.attacks)} attacks\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
