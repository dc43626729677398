"""`tocsin summary` as users and scripts run it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.report.results import host, result
from tocsin.cli.commands import summary
from tocsin.cli.entry import main
from tocsin.cli.exits import Exit
from tocsin.report.formats.json import REPORT

if TYPE_CHECKING:
    from pathlib import Path

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def results(tmp_path: Path) -> list[str]:
    paths = [tmp_path / "one.json", tmp_path / "two.json"]
    for path, name in zip(paths, ("MX1", "MX2"), strict=True):
        path.write_bytes(REPORT.render(result(host(name=name))))
    return [str(path) for path in paths]


def test_results_are_counted_by_sector(
    results: list[str], tmp_path: Path, capsys: Captured
) -> None:
    owners = tmp_path / "owners.csv"
    owners.write_text("host,sector\nmx1,health\n", encoding="utf-8")
    assert Exit.DONE == main(["summary", *results, "--sectors", str(owners), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert ("tocsin.summary/1", 2) == (told["schema"], told["all_hosts"]["hosts"])
    assert {"health": 1, "not listed": 1} == {one["name"]: one["hosts"] for one in told["groups"]}


def test_without_a_list_all_hosts_are_counted_together(
    results: list[str], capsys: Captured
) -> None:
    assert Exit.DONE == main(["summary", *results])
    assert capsys.readouterr().out.startswith("2 hosts in 2 results\n")


def test_the_same_results_give_the_same_bytes(results: list[str], capsys: Captured) -> None:
    main(["summary", *results, "--json"])
    once = capsys.readouterr().out
    main(["summary", *results, "--json"])
    assert once == capsys.readouterr().out


def test_a_file_that_is_too_large_is_refused(
    results: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr(summary, "LARGEST_RESULT", 100)
    assert Exit.USAGE == main(["summary", *results])
    assert "one.json: is larger than" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_said_by_name(tmp_path: Path, capsys: Captured) -> None:
    assert Exit.USAGE == main(["summary", str(tmp_path / "gone.json")])
    assert "gone.json: cannot be read" in capsys.readouterr().err


def test_more_hosts_than_can_be_counted_are_refused(
    results: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr(summary, "MOST_HOSTS", 1)
    assert Exit.USAGE == main(["summary", *results])
    assert "two.json: more than 1 hosts" in capsys.readouterr().err
