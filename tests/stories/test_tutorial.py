"""The tutorial is run as it stands: every command, and every line it says you will see."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorial" / "first-hunt.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What the reader types, and parts of what follows, in this order."""

    text: str
    seen: tuple[str, ...]


def commands() -> list[Command]:
    found = []
    blocks = re.findall(
        r"^```console\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    for block in blocks:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            text, *seen = part.splitlines()
            found.append(Command(text=text, seen=tuple(seen)))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout as the reader has it, without writing into ours."""
    for name in ("Makefile", ".venv", "src", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


@pytest.mark.slow
def test_every_command_of_the_tutorial_shows_what_it_says(folder: Path) -> None:
    if not (ROOT / ".venv" / "bin" / "tocsin").exists():
        pytest.skip("no .venv in this folder: run `make setup`")
    for command in commands():
        # The environment is there already, and making it anew is no part of this test.
        text = command.text.replace("make demo", "make -o setup demo")
        done = subprocess.run(
            ["bash", "-c", text],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert 0 == done.returncode, (command.text, done.stdout[-500:], done.stderr[-2000:])
        left = " ".join(done.stdout.split())
        for line in command.seen:
            before, found, left = left.partition(line)
            assert found, (command.text, line, before[-1500:])


def test_the_tutorial_has_its_commands_and_says_what_to_see() -> None:
    assert ["make demo"] == [command.text for command in commands()][:1]
    assert len(commands()) >= 7
    assert all(command.seen for command in commands() if "zipfile" not in command.text)
