"""Whatever is handed over as YARA rules: a reason or an end in time, and no words without end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.matching.yara.yara_sets import of_user
from tocsin.matching.yara.load import load_yara
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from pathlib import Path

PAGE = EvidencePath.plain("C:/inetpub/wwwroot/page.aspx")
GOOD = "\nrule good { condition: true }\n"
LONGEST = 200
DEEP = 50_000
BROKEN = {
    "brackets in a condition": "rule a { condition: " + "(" * DEEP + "true" + ")" * DEEP + " }",
    "a row of not": "rule a { condition: " + "not " * DEEP + "true }",
    "loops in loops": "rule a { condition: "
    + "for any i in (0..1) : (" * 5000
    + "true"
    + ")" * 5000
    + " }",
    "brackets in a pattern": "rule a { strings: $a = /"
    + "(" * DEEP
    + "a"
    + ")" * DEEP
    + "/ condition: $a }",
    "alternatives of bytes": "rule a { strings: $a = { 01 "
    + "( 02 | " * 20_000
    + "03"
    + ")" * 20_000
    + " } condition: $a }",
    "a row of fields": 'import "pe"\nrule a { condition: pe' + ".x" * 10_000 + " }",
    "a module that is none": 'import "nonsense"\nrule a { condition: nonsense.x }',
    "a repeat of a repeat": (
        "rule a { strings: $a = /((((a{1,200}){1,200}){1,200}){1,200})c/ condition: $a }"
    ),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_hostile_rule_is_told_shortly_and_the_one_beside_it_is_used(
    tmp_path: Path, text: str
) -> None:
    rules, _, failed = of_user(tmp_path, a=text + GOOD)
    assert failed
    assert max(len(one.reason) for one in failed) <= LONGEST + len("line 1000000: ")
    assert ["good"] == [hit.rule for hit in rules.ask(b"x", PAGE).hits]


def test_no_name_or_title_of_a_rule_is_shown_without_end(tmp_path: Path) -> None:
    name, text, title = "n" * 100_000, "t" * 100_000, "title " * 100_000
    (tmp_path / "a.yar").write_text(
        f'rule {name} {{ meta: title = "{title}" strings: ${text} = "x" condition: any of them }}',
        encoding="utf-8",
    )
    rules, infos, failed = load_yara([], [tmp_path], {})
    ((slug, info),) = infos.items()
    (hit,) = rules.ask(b"x", PAGE).hits
    assert (slug, []) == (hit.rule, failed)
    shown = (slug, info.title, hit.found[0].name)
    assert all(len(one) <= LONGEST for one in shown)
    assert all(one.endswith("…") for one in shown)


def test_a_flood_of_messages_is_cut_short_and_not_kept(tmp_path: Path) -> None:
    text = """
        import "console"
        rule a { condition: for all i in (0..500000000) : (console.log("flood ", i)) }
    """
    rules, _, failed = of_user(tmp_path, a=text)
    answer = rules.ask(b"x", PAGE, seconds=1)
    assert ([], ()) == (failed, answer.hits)
    assert 1 == len(answer.failures)
    assert "cut short after 1 s" in answer.failures[0]
