"""The commands of the how-to for scan feeds, taken from its page and run."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import jq  # type: ignore[import-not-found]  # a compiled module without types

from tocsin.campaign.feed import all_feeds
from tocsin.cli.entry import main
from tocsin.cli.exits import Exit

if TYPE_CHECKING:
    import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs/how-to/observe.md").read_text("utf-8")
COMMANDS = [
    shlex.split(line) for line in re.findall(r"^\$ (tocsin observe .+)$", PAGE, re.MULTILINE)
]
PROGRAMS = re.findall(r"^\$ jq -r '(.+?)' observations\.jsonl$", PAGE, flags=re.MULTILINE)
FEEDS = {"report.json": "hunt", "2026-03-24-scan_exchange-example-geo.csv": "shadowserver"}


def test_every_command_of_the_page_does_what_it_is_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, feed in {**FEEDS, "reports.zip": "shadowserver"}.items():
        Path(name).write_bytes(all_feeds()[feed].sample)
    Path("scan.csv").write_text("Address,Port,Last seen,Version\n192.0.2.1,443,,15.2.721.2\n")
    assert 6 == len(COMMANDS)
    for _, *arguments in COMMANDS:
        before_redirection = arguments[: arguments.index(">")] if ">" in arguments else arguments
        assert Exit.DONE == main(before_redirection)
    assert "192.0.2.10" in capsys.readouterr().out


def test_the_programs_of_the_page_list_open_and_broken_hosts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.csv"
    report.write_bytes(all_feeds()["shadowserver"].sample.replace(b"15.2.721", b"15.2.721.2"))
    main(["observe", "auto", str(report), "--json", "--quiet"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = [[jq.compile(one).input(row).all() for row in rows] for one in PROGRAMS]
    assert [
        [["192.0.2.10\t15.2.721.2"], [], []],
        [[], ["198.51.100.7\treport.csv\t2\tweb_shell"], []],
    ] == found
