"""The scripts of the how-to, taken from its page and run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jq  # type: ignore[import-not-found]  # a compiled module without types
import pytest

from tocsin import samples
from tocsin.report.format import all_reports

if TYPE_CHECKING:
    from collections.abc import Callable

    from tocsin.model.result import Result

PAGE = (Path(__file__).resolve().parents[2] / "docs/how-to/scheduled-hunt.md").read_text("utf-8")
BLOCKS: list[str] = re.findall(r"^```bash\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
SCRIPT = next(block for block in BLOCKS if block.startswith("#!"))


def programs() -> list[str]:
    found = re.findall(r"jq -r '([^']+)'\s+report\.json", "\n".join(BLOCKS))
    assert 2 == len(found)
    return [str(one) for one in found]


def test_jq_says_what_the_page_promises(hunted: Callable[[str], Result]) -> None:
    result = json.loads(all_reports()["json"].render(hunted("compromised")))
    lines, addresses = (jq.compile(one).input(result).all() for one in programs())
    assert [["compromised", "partial", "EX01"]] == [line.split("\t")[:3] for line in lines]
    assert ["203.0.113.66"] == addresses


@pytest.mark.slow
def test_the_script_wakes_somebody_for_a_break_in_and_only_once(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    for name in ("compromised", "quiet"):
        shutil.move(samples.build(name, tmp_path), inbox_of(inbox) / f"{name}.zip")
    (inbox / "torn.zip").write_bytes(b"PK\x03\x04")

    first, second = hunt_inbox(inbox, tmp_path), hunt_inbox(inbox, tmp_path)

    assert 3 == first.returncode
    assert [f"BREAK-IN: {inbox}/compromised.zip", f"NOT ANSWERED (3): {inbox}/torn.zip"] == [
        line.partition(",")[0]
        for line in first.stdout.splitlines()
        if line.startswith(("BREAK-IN", "NOT ANSWERED"))
    ]
    assert [f"NOT ANSWERED (3): {inbox}/torn.zip"] == second.stdout.splitlines()


def inbox_of(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def hunt_inbox(inbox: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    script = folder / "hunt-inbox"
    script.write_text(SCRIPT, encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", script],
        env={
            "PATH": path,
            "INBOX": str(inbox),
            "CASES": str(folder / "cases"),
            "HOME": str(folder),
        },
        capture_output=True,
        text=True,
        check=False,
    )
