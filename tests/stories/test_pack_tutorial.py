"""The tutorial on packs is followed as it stands: every file it gives, every command, every line."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorial" / "new-pack.md"
REFUSED = "tocsin: "
"""How what a reader sees begins where a command is meant to fail."""
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PUT = re.compile(r"Put this into\s+`([^`]+)`:\s*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What the reader does: a file to write, or a command to type and what is then seen."""

    file: str = ""
    command: str = ""
    content: str = ""

    @property
    def seen(self) -> tuple[str, ...]:
        return tuple(self.content.splitlines()) if self.command else ()


def steps() -> list[Step]:
    page, found = PAGE.read_text("utf-8"), []
    for block in _FENCE.finditer(page):
        if block[1] == "console":
            for part in re.split(r"^\$ ", block[2], flags=re.MULTILINE)[1:]:
                command, _, seen = part.partition("\n")
                found.append(Step(command=command, content=seen))
            continue
        put = _PUT.search(page[: block.start()])
        assert put, f"no file is named for: {block[2][:80]}"
        found.append(Step(file=put[1], content=block[2]))
    return found


def test_the_tutorial_has_files_to_write_and_commands_to_type() -> None:
    files = [step.file for step in steps() if step.file]
    assert 6 == len(files)
    assert {"pack.toml", "changes.toml"} <= {Path(file).name for file in files}
    assert len([step for step in steps() if step.command]) >= 7


def test_the_advisory_is_marked_as_invented() -> None:
    text = PAGE.read_text("utf-8")
    before, _, after = text.partition("\n> ")
    assert "**Everything in this box is invented**" in before
    assert {"CVE-0000-10001"} == set(re.findall(r"CVE-\d+-\d+", before + after))


@pytest.mark.slow
def test_a_reader_gets_from_the_advisory_to_a_pack_that_finds(tmp_path: Path) -> None:
    tools = ROOT / ".venv" / "bin"
    if not (tools / "tocsin").exists():
        pytest.skip("no .venv in this folder: run `make setup`")
    for step in steps():
        if step.file:
            path = tmp_path / step.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.content, encoding="utf-8")
            continue
        done = subprocess.run(
            ["bash", "-c", step.command],
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        refused = any(line.startswith(REFUSED) for line in step.seen)
        assert (2 if refused else 0) == done.returncode, (step.command, done.stdout, done.stderr)
        left = " ".join((done.stdout + done.stderr).split())
        for line in step.seen:
            before, found, left = left.partition(line)
            assert found, (step.command, line, before[-3000:])
