"""What is told of all rules of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.matching.rule_sets import pack, sigma, yara
from tocsin.matching.accounting import count_rules
from tocsin.matching.rules import load_rules

if TYPE_CHECKING:
    from pathlib import Path


def test_each_kind_of_rule_is_counted_apart(tmp_path: Path) -> None:
    (tmp_path / "own.yar").write_text("rule one { condition: true } rule two { condition: true }")
    (tmp_path / "own.yml").write_text(
        "title: Own\nname: own\nlogsource: {category: webserver}\n"
        "detection: {s: {c-ip: x}, condition: s}\n---\n"
        "title: Many\ncorrelation: {type: event_count, rules: [own], timespan: 1m, "
        "condition: {gte: 2}}\n"
    )
    (tmp_path / "list.txt").write_text("198.51.100.7\n198.51.100.8\n198.51.100.9\n")
    rules = load_rules(
        [pack(sigma("a", {"A": "x"}), yara_files=(yara("page"),))],
        [tmp_path / "own.yml"],
        [tmp_path / "own.yar"],
        [tmp_path / "list.txt"],
    )

    counts = count_rules(rules, [])

    assert () == counts.failed
    assert (3, 3, 3) == (counts.sigma, counts.yara, counts.indicators)
    assert 9 == counts.loaded


def test_a_lead_says_what_to_do_with_it(tmp_path: Path) -> None:
    (tmp_path / "own.yar").write_text("rule one { condition: true }")
    (tmp_path / "own.yml").write_text(
        "title: Own\nlogsource: {category: webserver}\ndetection: {s: {c-ip: x}, condition: s}\n"
    )
    rules = load_rules([], [tmp_path / "own.yml"], [tmp_path / "own.yar"])

    assert [2, 2] == [len(info.next_steps) for info in rules.infos.values()]
