from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import tocsin
from tocsin.cli import entry
from tocsin.cli.command import Command, all_commands, commands_for
from tocsin.cli.exits import Exit
from tocsin.errors import KnowledgeError, SourceError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace


def run_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run `tocsin break`, a command that fails with `error`."""

    def fail(_: Namespace) -> int:
        raise error

    broken = Command(name="break", help="Break.", configure=lambda _: None, run=fail)
    monkeypatch.setattr(entry, "commands_for", lambda _: {"break": broken})
    return entry.main(["break"])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no", where="--format"), Exit.USAGE),
        (KnowledgeError("no", where="packs/x/pack.toml"), Exit.USAGE),
        (SourceError("no", where="server.zip"), Exit.SOURCE),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (ZeroDivisionError("oh"), Exit.BUG),
        (OSError("disk"), Exit.BUG),
    ],
)
def test_whatever_goes_wrong_has_its_exit_code(
    error: BaseException, code: Exit, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert code == run_with(error, monkeypatch)


def test_no_failure_looks_like_a_level_that_was_reached() -> None:
    assert [Exit.LEVEL_REACHED] == [code for code in Exit if code == 1]


def test_an_error_is_one_line_that_says_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_with(SourceError("is broken\x1b[31m", where="server.zip"), monkeypatch)
    assert "tocsin: server.zip: is broken‹U+001B›[31m\n" == capsys.readouterr().err


def test_a_mistake_of_ours_asks_to_be_reported_and_shows_where_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_with(ZeroDivisionError("oh"), monkeypatch)
    said = capsys.readouterr().err
    assert "ZeroDivisionError: oh" in said
    assert "Please report it" in said


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        entry.main(["--version"])
    assert 0 == stopped.value.code
    assert f"tocsin {tocsin.__version__}\n" == capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (["rules", "x"], ["rules"]),
        (["--builtin-knowledge", "hunt", "x"], ["hunt"]),
        (["--help"], list(all_commands())),
        ([], list(all_commands())),
        (["nothing", "hunt"], list(all_commands())),
    ],
)
def test_only_the_command_that_was_asked_for_is_imported(
    words: list[str], known: list[str]
) -> None:
    assert known == list(commands_for(words))


def test_starting_one_command_does_not_import_what_the_others_work_with() -> None:
    code = "import sys; from tocsin.cli import main\ntry: main(['rules', '--help'])\nexcept SystemExit: pass\n"
    code += "print([name for name in ('jinja2', 'py7zr', 'tocsin.hunt') if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == ran.stdout.splitlines()[-1]


def test_a_command_that_there_is_not_is_refused_with_the_names_of_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as stopped:
        entry.main(["hunnt"])
    assert 2 == stopped.value.code
    said = capsys.readouterr().err
    assert all(name in said for name in all_commands())
