"""Thousands of path patterns at once find what each of them finds alone."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.matching.indicators.lists import indicators, loaded
from tocsin.matching.indicators import patterns
from tocsin.matching.indicators.patterns import PathPatterns, checked, found_in
from tocsin.matching.indicators.readers import loki

if TYPE_CHECKING:
    from pathlib import Path

PATHS = ["C:\\a\\x7.exe", "C:\\Temp\\X9.EXE", "\\owa\\auth\\p30.aspx", "C:\\grün\\x1.dll", ""]


def made_up(number: int) -> list[str]:
    dice = random.Random(number)
    heads = ["\\\\x{}\\.", "(?i)\\\\x{}\\.EXE$", "\\\\p{}\\.aspx$", "x[0-9]{{{}}}", "\\\\[a-z]{}"]
    return [dice.choice(heads).format(dice.randrange(60)) for _ in range(number)]


@pytest.mark.parametrize("memory", [2**25, 2**16], ids=["enough memory", "too little memory"])
def test_all_together_find_what_each_finds_alone(
    monkeypatch: pytest.MonkeyPatch, memory: int
) -> None:
    monkeypatch.setattr(patterns, "_MEMORY_BYTES", memory)
    monkeypatch.setattr(patterns, "_TOGETHER", 70)
    texts = made_up(300)
    together = PathPatterns(texts)
    for path in PATHS:
        alone = [place for place, one in enumerate(texts) if found_in(one, path)]
        assert alone == together.matching(path)


def test_no_pattern_finds_nothing() -> None:
    assert [] == PathPatterns([]).matching("C:\\x")


@pytest.mark.parametrize("pattern", ["(", "x*", "", "a" * 2000, "(?=x)y", "\ud800"])
def test_what_re2_does_not_read_or_what_fits_everything_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"is "):
        checked(pattern)


def test_more_patterns_than_a_run_can_have_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loki, "MOST", 2)
    found, failed = loaded(tmp_path, "\\\\a\\.x;1\n\\\\b\\.x;1\n\\\\c\\.x;1\n")
    assert (2, ["line 3: is one more than the 2 path patterns of a run"]) == (
        len(indicators(found)),
        failed,
    )
