from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import tocsin
from tocsin.cli import entry
from tocsin.cli.command import Command
from tocsin.cli.exits import Exit
from tocsin.errors import KnowledgeError, SourceError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace


def run_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run `tocsin break`, a command that fails with `error`."""

    def fail(_: Namespace) -> int:
        raise error

    broken = Command(name="break", help="Break.", configure=lambda _: None, run=fail)
    monkeypatch.setattr(entry, "all_commands", lambda: {"break": broken})
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
