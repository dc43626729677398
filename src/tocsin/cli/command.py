"""What a command is: the contract that every file in `tocsin.cli.commands` fulfils."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from tocsin import plugins
from tocsin.cli import commands

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable


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


@cache
def all_commands() -> dict[str, Command]:
    """Every command, by name."""
    return plugins.load(commands, "COMMAND", Command)
