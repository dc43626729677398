"""`tocsin demo`: a sample server in, a report out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tocsin import samples
from tocsin.cli import output
from tocsin.cli.command import Command
from tocsin.cli.exits import Exit
from tocsin.cli.hunting import Wanted, hunt_and_show
from tocsin.cli.rule_cache import rule_cache
from tocsin.hunt import Options

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_SAMPLE = "compromised"


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--sample",
        choices=samples.names(),
        default=_SAMPLE,
        help="which of the servers that never were (%(default)s)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="folder for the sample and the report; a new tocsin-report in the working directory "
        "unless given",
    )


def run(arguments: Namespace) -> int:
    """Make the sample, hunt through it and show the report."""
    folder = output.folder(arguments.output, ())
    sample = samples.build(arguments.sample, folder)
    print(f"Sample: {sample}")
    hunt_and_show([sample], Options(cache=rule_cache()), Wanted(folder=folder))
    return Exit.DONE


COMMAND = Command(
    name="demo",
    help="Hunt through a sample server, and write the report.",
    configure=configure,
    run=run,
)
