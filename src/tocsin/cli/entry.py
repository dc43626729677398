"""From the command line to a command, and from whatever goes wrong to an exit code."""

from __future__ import annotations

import argparse
import io
import os
import sys
import traceback
from typing import TYPE_CHECKING

import tocsin
from tocsin.cli import knowledge
from tocsin.cli.allocation import collect_seldom, keep_freed_memory
from tocsin.cli.command import all_commands, commands_for
from tocsin.cli.exits import Exit
from tocsin.errors import SourceError, TocsinError
from tocsin.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tocsin.cli.command import Command


def main(argv: Sequence[str] | None = None) -> int:
    """Run `tocsin` with `argv` (the process's own arguments where None) and return the exit code.

    Never raises, except `SystemExit` from argparse for `--help`, `--version` and wrong usage.
    """
    _never_choke_on_a_character()
    keep_freed_memory()
    collect_seldom()
    try:
        words = sys.argv[1:] if argv is None else argv
        commands = commands_for(words)
        arguments = parser(commands).parse_args(words)
        command = commands[arguments.command]
        builtin = arguments.builtin_knowledge or not command.reads_knowledge
        with knowledge.in_use(builtin=builtin):
            code = command.run(arguments)
        sys.stdout.flush()
    except SourceError as error:
        return _say(error, Exit.SOURCE)
    except TocsinError as error:
        return _say(error, Exit.USAGE)
    except KeyboardInterrupt:
        print("\ntocsin: stopped; there is no result.", file=sys.stderr)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The interpreter flushes stdout once more at its end; give it somewhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.PIPE_CLOSED
    except Exception:  # noqa: BLE001 the top of the shell: a bug must not look like a verdict
        traceback.print_exc()
        print(
            "\ntocsin: this is a mistake in Tocsin, not in your evidence, and there is no result."
            "\nPlease report it with the lines above; remove names that must stay with you.",
            file=sys.stderr,
        )
        return Exit.BUG
    return code


def parser(known: Mapping[str, Command] | None = None) -> argparse.ArgumentParser:
    """The whole command line, or what of it is for the commands that are `known`."""
    top = argparse.ArgumentParser(prog="tocsin", description=tocsin.__doc__, allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"tocsin {tocsin.__version__}")
    top.add_argument(
        "--builtin-knowledge",
        action="store_true",
        help="use the knowledge of this release, whatever tocsin pack update brought",
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in (all_commands() if known is None else known).items():
        one = commands.add_parser(
            name, help=command.help, description=command.help, allow_abbrev=False
        )
        command.configure(one)
    return top


def _say(error: TocsinError, code: Exit) -> int:
    print(f"tocsin: {visible(str(error))}", file=sys.stderr)
    return code


def _never_choke_on_a_character() -> None:
    """Evidence holds any character; a terminal with a narrow encoding must not end the run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
