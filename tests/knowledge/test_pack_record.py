"""What a rule looks for is recorded: it neither changes nor goes without a word in changes.toml."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from tocsin.errors import KnowledgeError
from tocsin.knowledge.pack_changes import RECORD, ChangeKind, PackChange
from tocsin.knowledge.pack_record import (
    looks_for,
    out_of_date,
    read_record,
    record_of,
    untold,
)
from tocsin.knowledge.packs import Pack, RuleFile, all_packs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tocsin.knowledge.pack_record import Recorded

DAY = date(2026, 1, 1)
ABOUT = all_packs()[0].about
RULE = "title: A\nlogsource: {category: webserver}\ndetection: {a: {b: c}, condition: a}\n"


def added(*rules: str, kind: ChangeKind = ChangeKind.ADDED) -> PackChange:
    return PackChange(date=DAY, kind=kind, rules=rules, why="Because.")


def pack_of(changes: tuple[PackChange, ...], **rules: str) -> Pack:
    sigma = tuple(RuleFile(path=f"p/sigma/{name}.yml", text=text) for name, text in rules.items())
    return Pack(about=ABOUT, sigma=sigma, yara=(), benign=(), chains=(), changes=changes)


def recorded(pack: Pack, folder: Path) -> Mapping[str, Recorded]:
    (folder / RECORD).write_text(record_of(pack), encoding="utf-8")
    return read_record(folder)


def said(pack: Pack, record: Mapping[str, Recorded]) -> list[tuple[ChangeKind, tuple[str, ...]]]:
    return [(one.kind, one.rules) for one in untold(pack, record)]


def test_what_is_written_down_is_read_back_and_says_nothing_new(tmp_path: Path) -> None:
    pack = pack_of((added("one", "two"),), one=RULE, two=RULE)
    record = recorded(pack, tmp_path)
    assert [] == said(pack, record)
    assert [] == out_of_date(pack, record)
    assert ["one", "two"] == list(record)


def test_names_in_any_script_are_read_back(tmp_path: Path) -> None:
    pack = pack_of((added("größe-😀"),), **{"größe-😀": RULE})
    assert [] == out_of_date(pack, recorded(pack, tmp_path))


def test_a_pack_without_a_record_has_none(tmp_path: Path) -> None:
    assert {} == read_record(tmp_path)
    assert ["one"] == out_of_date(pack_of((added("one"),), one=RULE), {})


def test_a_rule_that_comes_must_be_told() -> None:
    pack = pack_of((added("one"),), one=RULE, two=RULE)
    assert [(ChangeKind.ADDED, ("two",))] == said(pack, {})


def test_a_rule_that_goes_must_be_told_with_a_record_and_without(tmp_path: Path) -> None:
    record = recorded(pack_of((added("one", "two"),), one=RULE, two=RULE), tmp_path)
    gone = pack_of((added("one", "two"),), one=RULE)
    assert [(ChangeKind.REMOVED, ("two",))] == said(gone, record)
    assert [(ChangeKind.REMOVED, ("two",))] == said(gone, {})
    hidden = pack_of((added("one"),), one=RULE)
    assert [(ChangeKind.REMOVED, ("two",))] == said(hidden, record)
    told = pack_of((added("one", "two"), added("two", kind=ChangeKind.REMOVED)), one=RULE)
    assert [] == said(told, record)
    assert ["two"] == out_of_date(told, record)


def test_a_rule_that_comes_back_must_be_told() -> None:
    changes = (added("one"), added("one", kind=ChangeKind.REMOVED))
    assert [(ChangeKind.ADDED, ("one",))] == said(pack_of(changes, one=RULE), {})


def test_a_condition_that_changes_must_be_told_each_time(tmp_path: Path) -> None:
    first, second = (added("one"),), (added("one"), added("one", kind=ChangeKind.CHANGED))
    record = recorded(pack_of(first, one=RULE), tmp_path)
    other = RULE.replace("b: c", "b: d")
    assert [(ChangeKind.CHANGED, ("one",))] == said(pack_of(first, one=other), record)
    assert [] == said(pack_of(second, one=other), record)
    record = recorded(pack_of(second, one=other), tmp_path)
    again = RULE.replace("b: c", "b: e")
    assert [(ChangeKind.CHANGED, ("one",))] == said(pack_of(second, one=again), record)


def test_what_to_write_is_said_as_toml() -> None:
    (one,) = untold(pack_of((), one=RULE), {})
    assert 'kind = "added"\nrules = ["one"]' in one.entry(DAY)
    assert "date = 2026-01-01" in one.entry(DAY)


YARA = (
    'rule a\n{\n  meta:\n    title = "A"\n    grade = "attempt"\n    confidence = "high"\n'
    '  strings:\n    $a = "x"\n  condition:\n    $a\n}\n'
)


@pytest.mark.parametrize(
    ("path", "text", "old", "new", "same"),
    [
        ("a/sigma/a.yml", RULE, "title: A", "title: B\ndescription: more", True),
        ("a/sigma/a.yml", RULE, "{b: c}", "{'b': 'c'}", True),
        ("a/sigma/a.yml", RULE, "b: c", "b: cc", False),
        ("a/sigma/a.yml", RULE, "webserver", "proxy", False),
        ("a/sigma/a.yml", RULE, "title: A", "tocsin: {grade: probe}", False),
        ("a/yara/a.yar", YARA, 'title = "A"', 'title = "B"', True),
        ("a/yara/a.yar", YARA, "  strings:", "  \n    strings:", True),
        ("a/yara/a.yar", YARA, '"x"', '"y"', False),
        ("a/yara/a.yar", YARA, '"attempt"', '"probe"', False),
        ("a/yara/a.yar", YARA, '"high"', '"low"', False),
        ("a/yara/a.yar", YARA, "    $a\n}", "    not $a\n}", False),
    ],
)
def test_what_counts_is_what_a_hit_hangs_on(
    path: str, text: str, old: str, new: str, same: bool
) -> None:
    assert old in text
    before = looks_for(RuleFile(path=path, text=text))
    after = looks_for(RuleFile(path=path, text=text.replace(old, new)))
    assert same == (before == after)


@pytest.mark.parametrize("text", ["", "[", "- a", "tocsin: 3"])
def test_a_file_that_is_no_rule_has_a_hash_too(text: str) -> None:
    assert looks_for(RuleFile(path="a/sigma/a.yml", text=text))


def test_a_damaged_record_is_said_with_its_name(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text("[rules]\na = 1\n", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"recorded\.toml: .*rules"):
        read_record(tmp_path)
