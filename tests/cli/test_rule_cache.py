"""Whether compiled rules are kept, and what is said where they are not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tocsin.cli.rule_cache import rule_cache
from tocsin.matching.cache import RuleCache

if TYPE_CHECKING:
    from pathlib import Path


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
