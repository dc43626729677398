"""Whether compiled rules are kept, and what is said where they are not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.matching.rule_sets import sigma
from tocsin.cli.entry import main
from tocsin.cli.rule_cache import rule_cache
from tocsin.events.format import all_formats
from tocsin.knowledge.packs import all_packs
from tocsin.matching.cache import RuleCache

if TYPE_CHECKING:
    from pathlib import Path

WEBSERVER = {"category": "webserver"}


def test_the_user_may_want_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert rule_cache() is None  # The tests' own environment says "off".
    assert "" == capsys.readouterr().err


def test_a_folder_that_is_not_there_yet_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOCSIN_CACHE", str(tmp_path))
    assert RuleCache(folder=tmp_path / "rules") == rule_cache()
    assert "" == capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="Windows guards the profile by other means")
def test_a_folder_that_others_may_write_to_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOCSIN_CACHE", str(tmp_path))
    folder = tmp_path / "rules"
    folder.mkdir()
    folder.chmod(0o777)
    assert rule_cache() is None
    said = f"tocsin: compiled rules are not kept in {folder}: others may write to it\n"
    assert said == capsys.readouterr().err


def test_a_hunt_says_the_same_with_what_the_first_one_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence = tmp_path / "server" / "C" / "inetpub" / "logs" / "LogFiles" / "W3SVC1"
    evidence.mkdir(parents=True)
    (evidence / "u_ex210303.log").write_bytes(all_formats()["iis"].sample)
    rule = tmp_path / "rule.yml"
    rule.write_text(sigma("mine", {"cs-method": "GET"}, logsource=WEBSERVER).text)
    command = ["hunt", str(tmp_path / "server"), "--sigma", str(rule), "--json", "--quiet"]
    said = []
    for where in ("off", str(tmp_path / "cache"), str(tmp_path / "cache")):
        monkeypatch.setenv("TOCSIN_CACHE", where)
        assert 0 == main(command)
        said.append(capsys.readouterr().out)
    assert [said[0]] * 3 == said
    assert '"mine"' in said[0]
    with_rules = [pack for pack in all_packs() if pack.sigma or pack.benign]
    assert len(with_rules) + 1 == len(list((tmp_path / "cache" / "rules").iterdir()))
