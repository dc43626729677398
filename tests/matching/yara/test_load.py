"""The user's YARA rules as a whole: which are used, under which name, and what is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yara_x

from tests.conftest import ROOT
from tests.matching.rule_sets import pack, yara
from tests.matching.yara.yara_sets import of_user, write
from tocsin.errors import KnowledgeError
from tocsin.matching.yara.compile import FAILURES_PER_FILE, SYNTAX_ERRORS_PER_FILE
from tocsin.matching.yara.load import load_yara
from tocsin.model.path import EvidencePath

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.matching.yara.ask import YaraRules
    from tocsin.model.result import RuleFailure

MODULES: tuple[str, ...] = yara_x.module_names()  # type: ignore[attr-defined] # not in its stubs
PAGE = EvidencePath.plain("C:/inetpub/wwwroot/page.aspx")


def matched(rules: YaraRules, data: bytes = b"x", path: EvidencePath = PAGE) -> list[str]:
    return [hit.rule for hit in rules.ask(data, path).hits]


def reasons(failed: list[RuleFailure]) -> list[tuple[str, str]]:
    return [(one.file.rpartition("/")[2], one.reason) for one in failed]


def test_a_private_rule_helps_and_neither_matches_nor_counts(tmp_path: Path) -> None:
    rules, infos, failed = of_user(
        tmp_path,
        a="private rule helper { condition: true } rule a { condition: helper }",
    )
    assert ["a"] == list(infos) == matched(rules)
    assert [] == failed


def test_a_broken_private_rule_hides_no_rule_of_its_name(tmp_path: Path) -> None:
    text = "private rule a { condition: nothing }\nrule a { condition: true }"
    rules, _, failed = of_user(tmp_path, a=text)
    assert ["a"] == matched(rules)
    assert 1 == len(failed)


def test_a_global_rule_restricts_its_own_file_and_what_that_includes_and_no_other(
    tmp_path: Path,
) -> None:
    rules, *_ = of_user(
        tmp_path,
        a="global rule small { condition: filesize < 3 }"
        ' include "a2.yar" rule a { condition: true }',
        a2="rule a2 { condition: true }",
        b="rule b { condition: true }",
    )
    assert ["small", "a2", "a", "b"] == matched(rules, b"x")
    assert ["b"] == matched(rules, b"xxx")


def test_a_global_rule_of_the_user_silences_no_rule_of_ours(tmp_path: Path) -> None:
    user = write(tmp_path, a="global private rule never { condition: false }")
    rules, *_ = load_yara([pack(yara_files=(yara("ours"),))], [user], {})
    assert ["ours"] == matched(rules)


def test_one_file_that_several_include_is_one_set_of_rules(tmp_path: Path) -> None:
    helper = "private rule helper { condition: true } rule same { condition: true }"
    rules, infos, failed = of_user(
        tmp_path,
        a='include "lib.yar" rule a { condition: helper }',
        b='include "lib.yar" global rule never { condition: false } rule b { condition: helper }',
        lib=helper,
    )
    assert ["same", "a", "never", "b"] == list(infos)
    assert str(tmp_path / "lib.yar") == infos["same"].file
    assert ["same", "a"] == matched(rules)
    assert [] == failed


def test_rules_of_the_same_name_in_several_files_are_all_used(tmp_path: Path) -> None:
    rules, infos, failed = of_user(
        tmp_path, **{f"f{number}": "rule same { condition: true }" for number in range(3)}
    )
    assert ["same", "same-2", "same-3"] == list(infos) == matched(rules)
    assert [] == failed


def test_a_name_twice_in_one_file_is_told(tmp_path: Path) -> None:
    text = "rule a { condition: true }\nrule a { condition: false }"
    rules, _, failed = of_user(tmp_path, a=text)
    assert ["a"] == matched(rules)
    assert [
        ("a.yar", "line 2: duplicate rule `a`: duplicate declaration of `a`"),
    ] == reasons(failed)


def test_each_broken_rule_is_told_with_file_and_line_and_the_rest_go_on(tmp_path: Path) -> None:
    rules, infos, failed = of_user(
        tmp_path,
        index='// one\ninclude "part.yar"\nrule uses { condition: broken }\nrule a { condition: true }',
        part="\n\nrule broken { condition:\n nothing }\nrule b { condition: true }",
        magic='import "magic"\nrule m { condition: magic.type() == "x" } rule c { condition: true }',
    )
    assert ["b", "a", "c"] == list(infos) == matched(rules)
    undeclared = "this identifier has not been declared"
    assert [
        ("index.yar", f"line 3: unknown identifier `broken`: {undeclared}"),
        ("magic.yar", "line 1: unknown module `magic`: module `magic` not found"),
        ("magic.yar", f"line 2: unknown identifier `magic`: {undeclared}"),
        ("part.yar", f"line 4: unknown identifier `nothing`: {undeclared}"),
    ] == reasons(failed)


def test_lines_are_right_far_down_in_a_long_file(tmp_path: Path) -> None:
    good = "".join(f"rule r{number} {{\n condition: true\n}}\n" for number in range(5000))
    *_, failed = of_user(tmp_path, a=f"{good}rule bad {{ condition: nothing }}")
    (one,) = failed
    assert one.reason.startswith("line 15001: unknown identifier `nothing`")


def test_of_many_errors_in_one_file_the_first_are_told_and_the_rest_counted(
    tmp_path: Path,
) -> None:
    bad = "".join(f"rule r{number} {{ condition: nothing }}\n" for number in range(60))
    *_, failed = of_user(tmp_path, bad=bad, words="this is no rule\n" * 50)
    told = reasons(failed)
    assert FAILURES_PER_FILE + 1 == len([file for file, _ in told if file == "bad.yar"])
    assert SYNTAX_ERRORS_PER_FILE + 1 == len([file for file, _ in told if file == "words.yar"])
    assert ("bad.yar", "10 more errors in this file") in told


def test_the_modules_of_yara_x_may_be_imported(tmp_path: Path) -> None:
    imports = "".join(f'import "{name}"\n' for name in MODULES)
    condition = 'hash.md5(0, filesize) == "9dd4e461268c8034f5c8564e155c67a6" and not pe.is_pe'
    rules, _, failed = of_user(tmp_path, a=f"{imports}rule a {{ condition: {condition} }}")
    assert ["a"] == matched(rules)
    assert [] == failed


def test_the_reference_names_all_modules_that_there_are() -> None:
    page = (ROOT / "docs/reference/yara.md").read_text(encoding="utf-8")
    assert [] == [name for name in MODULES if f"`{name}`" not in page]


def test_a_broken_rule_of_ours_stops_the_run_with_its_line() -> None:
    with pytest.raises(KnowledgeError, match="line 1: unknown pattern `\\$x`") as caught:
        load_yara([pack(yara_files=(yara("a", "condition: $x"),))], [], {})
    assert "pack/yara/a.yar" == caught.value.where


def test_a_rule_of_the_user_never_takes_the_name_of_another(tmp_path: Path) -> None:
    user = write(tmp_path, a="rule ours { condition: true } rule mine { condition: true }")
    _, first, _ = load_yara([pack(yara_files=(yara("ours"),))], [user], {})
    assert ["ours", "ours-2", "mine"] == list(first)
    _, second, _ = load_yara([], [user], first)
    assert ["ours-3", "mine-2"] == list(second)


def test_rules_that_others_publish_compile(corpus: Path) -> None:
    rules, infos, failed = load_yara([], [corpus / "indicators"], {})
    assert [] == failed
    assert {*infos} == set(rules.user_ids) != set()
