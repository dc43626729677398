"""`tocsin unredact`: put back into a result what `--redact` took out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from tocsin.cli.command import Command
from tocsin.cli.exits import Exit
from tocsin.errors import UsageError
from tocsin.model.result import Result
from tocsin.report.format import all_reports
from tocsin.report.redact import Key, restore

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

T = TypeVar("T")


def configure(parser: ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "report", type=Path, metavar="REPORT", help="report.json of a hunt with --redact"
    )
    parser.add_argument(
        "--key", type=Path, required=True, metavar="FILE", help="the key that the hunt wrote"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="a new file; stdout unless given"
    )


def run(arguments: Namespace) -> int:
    """Restore, and print."""
    restored = restore(_read(arguments.report, Result), _read(arguments.key, Key))
    content = all_reports()["json"].render(restored)
    if arguments.output is None:
        sys.stdout.write(content.decode("utf-8"))
        return Exit.DONE
    try:
        with arguments.output.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise UsageError(
            f"{arguments.output} cannot be written: {error.strerror}", where="--output"
        ) from error
    return Exit.DONE


def _read(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        what = "key" if kind is Key else "result as JSON"
        raise UsageError(f"is no {what} of Tocsin: {error}", where=str(path)) from error


COMMAND = Command(
    name="unredact",
    help="Put the names back into a redacted result.",
    configure=configure,
    run=run,
    reads_knowledge=False,
)
