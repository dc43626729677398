"""What a command is: the contract that every file in `tocsin.cli.commands` fulfils."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tocsin import plugins
from tocsin.cli import commands

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command of `tocsin`.

    `name` is what the user types and equals the module's name. `help` is one line. `configure`
    adds the options; `run` returns the exit code, and raises `tocsin.errors.TocsinError` for
    what the user has to hear. A command that works on the store of knowledge itself does not
    `read_knowledge`, so that it can be used where the store is damaged.
    """

    name: str
    help: str
    configure: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]
    reads_knowledge: bool = True


def all_commands() -> dict[str, Command]:
    """Every command, by name."""
    return plugins.load(commands, "COMMAND", Command)


def commands_for(arguments: Sequence[str]) -> dict[str, Command]:
    """The command that `arguments` ask for; all of them where that is not told so easily.

    A command imports what it works with. The others' would double the time to start.
    """
    asked = next((word for word in arguments if not word.startswith("-")), None)
    if asked not in plugins.names(commands):
        return all_commands()
    return plugins.load(commands, "COMMAND", Command, only=asked)
