"""What must hold for every command, and for what the reference says of it."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tocsin.cli.command import Command, all_commands
from tocsin.cli.entry import parser
from tocsin.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMANDS = list(all_commands().values())
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "commands.md").read_text(
    encoding="utf-8"
)

every_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)


def section(command: Command) -> str:
    return PAGE.partition(f"\n## `tocsin {command.name}`\n")[2].partition("\n## ")[0]


def actions(command: Command) -> Iterator[argparse.Action]:
    """Everything that the command takes, and what its own commands take (`tocsin pack update`)."""
    one = argparse.ArgumentParser(add_help=False)
    command.configure(one)
    yield from actions_of(one)


def actions_of(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from actions_of(below)


def options(command: Command) -> set[str]:
    return {text for action in actions(command) for text in action.option_strings}


@every_command
def test_a_command_is_named_after_its_file_and_says_what_it_does(command: Command) -> None:
    assert command is all_commands()[command.name.replace("-", "_")]
    assert re.fullmatch(r"[A-Z].*\.", command.help)


@every_command
def test_every_option_stands_in_the_reference_and_none_besides(command: Command) -> None:
    explained = re.findall(r"^(`-.*)$", section(command), flags=re.MULTILINE)
    named = {text for line in explained for text in re.findall(r"`(--?[a-z-]+)", line)}
    assert options(command) == named


@every_command
def test_every_option_says_what_it_does(command: Command) -> None:
    assert [] == [action.dest for action in actions(command) if not action.help]


@every_command
def test_help_is_printed_and_ends_well(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        parser().parse_args([command.name, "--help"])
    assert 0 == stopped.value.code
    assert command.help in " ".join(capsys.readouterr().out.split())


def test_every_exit_code_stands_in_the_reference() -> None:
    table = PAGE.partition("\n## Exit codes\n")[2]
    codes = re.findall(r"^\| (\d+) \| \S", table, flags=re.MULTILINE)
    assert {int(code) for code in Exit} == {int(code) for code in codes}
