"""`tocsin summary`: how many hosts of many results are how bad, for each sector."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.cli.command import Command
from tocsin.cli.exits import Exit
from tocsin.errors import UsageError
from tocsin.report import jsontext
from tocsin.report.victim_counts import summary
from tocsin.report.victim_text import victim_text
from tocsin.report.victims import KEYS, MOST_HOSTS, owners_in, victims_in

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_MIB = 1 << 20
LARGEST_RESULT = 512 * _MIB
LARGEST_LIST = 64 * _MIB


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "results",
        type=Path,
        nargs="+",
        metavar="RESULT",
        help="report.json of a hunt, or what tocsin hunt --json printed",
    )
    parser.add_argument(
        "--sectors",
        type=Path,
        metavar="CSV",
        help="who the hosts belong to: columns host and sector, organisation or country",
    )
    parser.add_argument(
        "--by", choices=KEYS, default=KEYS[0], help="which of these columns to count by"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(arguments: Namespace) -> int:
    """Read one result after another, count, and print."""
    owners = None
    if arguments.sectors is not None:
        content = _read(arguments.sectors, LARGEST_LIST)
        owners = owners_in(content, str(arguments.sectors))
    results, hosts = [], 0
    for path in arguments.results:
        results.append(victims_in(_read(path, LARGEST_RESULT), str(path)))
        hosts += len(results[-1])
        if hosts > MOST_HOSTS:
            raise UsageError(
                f"more than {MOST_HOSTS:,} hosts up to here; give fewer results", where=str(path)
            )
    counted = summary(results, owners, arguments.by)
    if arguments.json:
        sys.stdout.write(jsontext.document(counted).decode("utf-8"))
    else:
        sys.stdout.write(victim_text(counted))
    return Exit.DONE


def _read(path: Path, largest: int) -> bytes:
    """The whole file, of at most `largest` bytes."""
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from error
    if len(content) > largest:
        raise UsageError(f"is larger than {largest // _MIB} MiB", where=str(path))
    return content


COMMAND = Command(
    name="summary",
    help="Count the hosts of many results by verdict, for each sector.",
    configure=configure,
    run=run,
    reads_knowledge=False,
)
