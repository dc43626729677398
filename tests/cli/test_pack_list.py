"""`tocsin pack list`: what each pack covers, and what became of its rules."""

from __future__ import annotations

import json

import pytest

from tocsin.cli import main
from tocsin.knowledge.packs import all_packs


def test_every_pack_says_what_it_covers(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["pack", "list"])
    said = capsys.readouterr().out
    for pack in all_packs():
        part = said.partition(f"\n{pack.about.slug}  ")[2].partition("\n\n")[0]
        assert pack.about.title in part
        assert all(cve in part for cve in pack.about.cves)
        assert "Rests on: real data" in part
        assert pack.about.detectable == ("Not assessable" not in part)
        assert all(one in part for one in pack.about.check_instead)
    shell = said.partition("\nproxyshell  ")[2].partition("\n\n")[0]
    for text in ("from 2021-08-06 on", "2 YARA rules", "1 chain", "IIS request log"):
        assert text in shell


def test_the_list_can_be_had_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["pack", "list", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert "tocsin.packs/1" == told["schema"]
    assert [pack.about.slug for pack in all_packs()] == [one["slug"] for one in told["packs"]]
    shell = next(one for one in told["packs"] if one["slug"] == "proxyshell")
    assert (2, ["proxyshell"]) == (shell["rules"]["yara_rule"], shell["chains"])
    assert {"iis", "httpproxy", "web_file"} <= set(shell["reads"])
    assert {"what", "affected", "do"} == set(shell["notice"])


def test_it_is_said_where_the_lists_of_indicators_lie(capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(path) for pack in all_packs() for path in pack.indicators]
    assert 0 == main(["pack", "list"])
    text = capsys.readouterr().out
    assert 0 == main(["pack", "list", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert paths == [path for one in told["packs"] for path in one["indicators"]]
    assert all(f"For --indicators: {path}" in text for path in paths)


def test_changes_are_told_with_their_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["pack", "list", "--changes"])
    said = capsys.readouterr().out
    for pack in all_packs():
        for change in pack.changes:
            assert change.why in said
            assert f"{pack.about.slug}  {change.kind}: " in said


def test_changes_can_be_had_as_json_from_a_day_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["pack", "list", "--changes", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert sum(len(pack.changes) for pack in all_packs()) == len(told["changes"])
    assert {"pack", "date", "kind", "rules", "why"} == set(told["changes"][0])
    dates = [one["date"] for one in told["changes"]]
    assert sorted(dates, reverse=True) == dates
    assert 0 == main(["pack", "list", "--changes", "--json", "--since", "2999-01-01"])
    assert [] == json.loads(capsys.readouterr().out)["changes"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [(["--since", "2026-01-01"], "--changes"), (["--changes", "--since", "x"], "no time")],
)
def test_a_day_that_means_nothing_is_refused(
    asked: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["pack", "list", *asked])
    assert said in capsys.readouterr().err
