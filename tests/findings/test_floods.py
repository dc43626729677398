"""What is said of matches that were counted and not kept."""

from __future__ import annotations

from dataclasses import replace

from tests.findings.making import INFOS, match
from tocsin.findings.judge import Context, judge
from tocsin.model.rule import RuleKind

LEADS = {rule: replace(info, kind=RuleKind.LEAD) for rule, info in INFOS.items()}


def test_a_finding_counts_the_rows_that_were_not_kept() -> None:
    rows = [match("page", place=line, url_path="/x.aspx") for line in range(1, 4)]
    context = Context(infos=INFOS, counts={"page": 5000}, shared=frozenset())
    (finding,) = judge([], rows, context)
    assert (5000, 3) == (finding.total, len(finding.matches))


def test_a_lead_of_which_one_row_is_kept_counts_all() -> None:
    context = Context(infos=LEADS, counts={"page": 5}, shared=frozenset())
    (lead,) = judge([], [match("page", 0, url_path="/x.aspx")], context)
    assert (True, 5) == (lead.is_lead, lead.total)


def test_nothing_is_added_where_all_is_kept() -> None:
    context = Context(infos=INFOS, counts={"page": 1}, shared=frozenset())
    (finding,) = judge([], [match("page", 0, url_path="/x.aspx")], context)
    assert 1 == finding.total
