"""The table of what published rules see, made from two rules of our own."""

from __future__ import annotations

import pytest

from tools import published_rules

SIGMA = """
title: A rule by mail
id: 6c1c5c8e-5f3b-4d8e-9a77-0d2f5b1c7e90
logsource: {category: webserver}
detection:
  selection: {cs-uri-stem|contains: InboxRules.svc/NewObject, sc-status: 500}
  condition: selection
level: high
"""
YARA = 'rule somebody_else { strings: $a = "InboxRules.svc/NewObject" condition: $a }'


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "rule.yml").write_text(SIGMA, encoding="utf-8")
    (folder / "rule.yar").write_text(YARA, encoding="utf-8")
    (folder / "broken.yml").write_text("title: [", encoding="utf-8")
    return list(
        published_rules.table(published_rules.surveyed(folder, [("proxytoken", "succeeded")]))
    )


def test_rows_are_counted_with_those_that_only_ours_see(lines: list[str]) -> None:
    (row,) = (line for line in lines if "A rule by mail" in line)
    cells = [cell.strip() for cell in row.split("|")[1:-1]]
    assert ["3", "1"] == cells[1:3]
    assert "`proxytoken-httpproxy-rule`, `proxytoken-iis-rule`" == cells[3]


def test_a_yara_rule_sees_whole_files(lines: list[str]) -> None:
    (row,) = (line for line in lines if "somebody_else" in line)
    assert "whole files" in row


def test_rules_that_cannot_be_used_are_counted(lines: list[str]) -> None:
    assert "2 rules matched something; 1 could not be used." == lines[-1]
