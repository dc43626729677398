"""Prepared files: which rules a filter means, and what is said of one that cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from tests.matching.rule_sets import HTTPPROXY, event, form, sigma
from tocsin.matching.rules import load_rules
from tocsin.matching.sigma.document import Filter, Rule
from tocsin.matching.sigma.prepare import prepare

if TYPE_CHECKING:
    from pathlib import Path

ID = "abcdef01-1111-4111-8111-111111111111"
WINDOWS = {"product": "windows", "category": "process_creation"}


def filter_text(rules: object, logsource: object = None, condition: str = "not s") -> str:
    return yaml.safe_dump(
        {
            "title": "F",
            "logsource": logsource or {"product": "windows"},
            "filter": {"rules": rules, "s": {"B": "known"}, "condition": condition},
        }
    )


@pytest.mark.parametrize(
    ("expected", "rules", "logsource"),
    [
        (True, "any", {"product": "windows"}),
        (True, [], WINDOWS),
        (True, "a", {"category": "process_creation"}),
        (True, ["other", ID.upper()], {"product": "windows"}),
        (False, ["other"], {"product": "windows"}),
        (False, "any", {"product": "linux"}),
        (False, "any", {"product": "windows", "service": "security"}),
        (False, "a", {"product": "windows", "category": "file_event"}),
    ],
)
def test_a_filter_means_rules_by_name_or_id_and_by_log_source(
    expected: bool, rules: object, logsource: object
) -> None:
    (rule,) = prepare(sigma("a", {"A": "x"}, id=ID, logsource=WINDOWS).text).documents
    (one,) = prepare(filter_text(rules, logsource)).documents
    assert isinstance(rule, Rule)
    assert isinstance(one, Filter)
    assert expected == one.means(rule)


def test_two_filters_of_one_rule_must_both_hold(tmp_path: Path) -> None:
    second = filter_text("a", HTTPPROXY).replace("B: known", "C: known")
    text = "---\n".join([sigma("a", {"A": "x"}).text, filter_text("a", HTTPPROXY), second])
    (tmp_path / "rules.yml").write_text(text, encoding="utf-8")
    rules = load_rules([], user_sigma=[tmp_path])
    asked = rules.sigma_for(form())
    assert [["a"], [], []] == [
        list(asked.match(event({"A": "x"} | more)))
        for more in ({}, {"B": "known"}, {"C": "known"})
    ]


def test_a_filter_that_cannot_be_used_is_told_and_costs_no_rule(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(sigma("a", {"A": "x"}).text, encoding="utf-8")
    (tmp_path / "f.yml").write_text(filter_text("a", HTTPPROXY, "not t"), encoding="utf-8")
    rules = load_rules([], user_sigma=[tmp_path])
    assert [(str(tmp_path / "f.yml"), "the condition names 't', which is missing")] == [
        (one.file, one.reason) for one in rules.failed
    ]
    assert ["a"] == list(rules.sigma_for(form()).match(event({"A": "x", "B": "known"})))
