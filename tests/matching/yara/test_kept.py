"""Compiled rules come back from the cache as they were, or are made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matching.yara.yara_sets import SLOW, write
from tocsin.matching.cache import RuleCache
from tocsin.matching.yara.compile import compile_units
from tocsin.matching.yara.gather import Piece, Unit, gather
from tocsin.matching.yara.kept import packed, unpacked
from tocsin.matching.yara.load import load_yara
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.matching.yara.compile import Compiled

MANY_KINDS = """
import "pe"
rule a { strings: $a = "needle" $b = /ab+c{2,5}d/ condition: $a and #b > 1 and pe.is_pe }
rule b { condition: for any i in (1..3): (uint8(i) == 3) and extension == "x" }
"""
PAGE = EvidencePath.plain("C:/inetpub/wwwroot/page.aspx")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of rules with one of everything."""
    given = tmp_path / "rules"
    given.mkdir()
    return write(
        given,
        a='rule a { meta: title = "A" strings: $a = "needle" condition: $a and extension == ".aspx" }',
        b="private rule p { condition: true } rule b { condition: p and nothing }",
        slow=SLOW,
    )


def plain(rules: Compiled) -> object:
    return (rules.infos, rules.failed, rules.rules.ids, rules.rules.slow)


def test_what_is_unpacked_is_what_was_packed(folder: Path) -> None:
    made = compile_units(gather([folder]).units, {})
    back = unpacked(packed(made))
    assert back is not None
    assert plain(made) == plain(back)


def test_rules_from_the_cache_answer_as_those_that_were_compiled(folder: Path) -> None:
    cache = RuleCache(folder=folder.parent / "cache")
    first = load_yara([], [folder], {}, cache)
    assert 1 == len(list(cache.folder.glob("*")))
    second = load_yara([], [folder], {}, cache)
    assert first[1:] == second[1:]
    (hit,) = second[0].ask(b"a needle", PAGE).hits
    assert (hit,) == first[0].ask(b"a needle", PAGE).hits


def test_a_changed_rule_or_included_file_is_compiled_anew(folder: Path) -> None:
    cache = RuleCache(folder=folder.parent / "cache")
    write(folder, a='include "part.inc"')
    (folder / "part.inc").write_text("rule old { condition: true }", encoding="utf-8")
    assert "old" in load_yara([], [folder], {}, cache)[1]
    (folder / "part.inc").write_text("rule new { condition: true }", encoding="utf-8")
    assert "new" in load_yara([], [folder], {}, cache)[1]


@pytest.mark.parametrize("content", [b"", b"x", b"\x95\xc4\x00\x90\x90\x90\x90"])
def test_what_is_no_such_thing_is_not_unpacked(content: bytes) -> None:
    assert unpacked(content) is None


@given(st.integers(0, 10**6), st.integers(0, 7))
def test_flipped_bits_never_bring_the_process_down(offset: int, bit: int) -> None:
    unit = Unit(
        file="a.yar",
        slug="a",
        pieces=(Piece(file="a.yar", line=1, text=MANY_KINDS),),
        origins={},
        private=frozenset(),
    )
    damaged = bytearray(packed(compile_units([unit], {})))
    damaged[offset % len(damaged)] ^= 1 << bit
    back = unpacked(bytes(damaged))
    assert back is None or len(back.infos) <= 2


def test_a_damaged_cache_is_made_anew(folder: Path) -> None:
    cache = RuleCache(folder=folder.parent / "cache")
    first = load_yara([], [folder], {}, cache)
    (file,) = cache.folder.glob("*")
    whole = file.read_bytes()
    for offset in range(0, len(whole), len(whole) // 20):
        damaged = bytearray(whole)
        damaged[offset] ^= 0x10
        file.write_bytes(damaged)
        assert first[1:] == load_yara([], [folder], {}, cache)[1:]
        assert whole == file.read_bytes()
