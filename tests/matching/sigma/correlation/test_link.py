"""Names, circles, and which rules speak for themselves."""

from __future__ import annotations

import pytest

from tests.matching.sigma.correlation.correlating import correlation, plan_of
from tocsin.errors import KnowledgeError
from tocsin.matching.sigma.correlation.link import CHAIN, Names, Plan, link
from tocsin.matching.sigma.correlation.read import read_correlation

ID = "5638f7c0-ac70-491d-8465-2a65075e0d86"


def test_a_rule_of_the_same_file_is_meant_first() -> None:
    names = Names()
    names.add("base", ["base", ID], "one.yml")
    names.add("base-2", ["base"], "two.yml")
    assert "base" == names.find("base", "one.yml")
    assert "base-2" == names.find("base", "two.yml")
    assert "base" == names.find(ID.upper(), "three.yml")
    with pytest.raises(KnowledgeError, match=r"'base' names 2 rules, in one\.yml and two\.yml"):
        names.find("base", "three.yml")
    with pytest.raises(KnowledgeError, match="no rule that could be loaded"):
        names.find("other", "one.yml")


def test_a_rule_that_is_not_there_is_told_and_so_is_what_stands_on_it() -> None:
    plan = plan_of(
        outer=correlation("temporal", "inner", "b"),
        inner=correlation("temporal", "a", "nobody"),
        good=correlation("temporal", "a", "c"),
    )
    assert ["good"] == [step.id for step in plan.steps]
    assert {
        "inner": "correlation.rules: no rule that could be loaded has the id or name 'nobody'",
        "outer": "stands on 'inner', which cannot be used",
    } == plan.failed
    assert {"a", "b", "c", "inner"} == plan.silent
    assert {"b", "inner"} == plan.useless


def test_a_circle_is_told_for_all_that_wait_for_it() -> None:
    plan = plan_of(
        one=correlation("temporal", "two", "a"),
        two=correlation("temporal", "three"),
        three=correlation("temporal", "one", "b"),
        four=correlation("temporal", "one", "c"),
        self=correlation("temporal", "self"),
    )
    assert () == plan.steps
    circle = "correlation.rules: these stand on each other in a circle: "
    assert {
        "one": circle + "one → two → three → one",
        "two": circle + "two → three → one → two",
        "three": circle + "three → one → two → three",
        "four": circle + "one → two → three → one",
        "self": circle + "self → self",
    } == plan.failed


def test_a_chain_has_an_end() -> None:
    documents = {
        f"c{number}": correlation("temporal", f"c{number - 1}" if number else "a", generate=True)
        for number in reversed(range(CHAIN + 3))
    }
    plan = plan_of(**documents)
    assert CHAIN == len(plan.steps)
    assert "more than 50 correlations stand on each other" == plan.failed["c50"]
    assert "stands on 'c50', which cannot be used" == plan.failed["c51"]


def test_rules_only_serve_unless_all_that_refer_to_them_let_them_speak() -> None:
    plan = plan_of(
        loud=correlation("temporal", "a", "b", generate=True),
        quiet=correlation("temporal", "b", "c"),
    )
    assert {"b", "c"} == plan.silent
    assert frozenset() == plan.useless


def test_a_correlation_that_only_serves_one_that_failed_is_left_out() -> None:
    plan = plan_of(
        outer=correlation("temporal", "inner", "nobody"), inner=correlation("temporal", "a")
    )
    assert () == plan.steps
    assert {"a", "inner"} == plan.useless
    assert "serves only correlations, of which none can be used" == plan.failed["inner"]


def test_rows_keep_the_fields_that_somebody_asks_for_and_no_more() -> None:
    plan = plan_of(
        outer=correlation("value_count", "inner", condition={"gte": 1, "field": "Path"}),
        inner=correlation("temporal", "a", "b", group_by=["who"], aliases={"who": {"a": "User"}}),
        other=correlation("event_count", "a", condition={"gte": 1}, group_by=["Host"]),
    )
    kept = {rule: set(names) for rule, names in plan.kept.items()}
    assert {"a": {"User", "Path", "Host"}, "b": {"who", "Path"}} == kept


@pytest.mark.parametrize(
    ("document", "served", "expected"),
    [
        (correlation("temporal", "a", "b"), "a", False),
        (correlation("temporal", "a", "b"), "ab", True),
        (correlation("temporal", "a", "b", condition={"gte": 1}), "b", True),
        (correlation("temporal", "a", "b", condition={"gt": 1}), "b", False),
        (correlation("temporal", "a", "b", condition="a and not b"), "a", True),
        (correlation("temporal", "a", "b", condition="a and not b"), "b", False),
        (correlation("event_count", "a", "b", condition={"gte": 5}), "b", True),
        (correlation("event_count", "a", "b", condition={"gte": 5}), "", False),
    ],
)
def test_a_correlation_is_applicable_where_its_rules_can_make_it_true(
    document: dict[str, object], served: str, expected: bool
) -> None:
    assert expected == bool(plan_of(many=document).can_fire(set(served)))


def test_an_alias_may_call_a_rule_otherwise_than_the_list_of_rules_does() -> None:
    names = Names()
    names.add("a", ["a", ID], "file.yml")
    names.add("b", ["b"], "file.yml")

    def plan(rule: str) -> Plan:
        document = correlation(
            "temporal", ID, "b", group_by=["who"], aliases={"who": {rule: "User"}}
        )
        found = {"many": read_correlation(document)}
        return link(found, lambda name, _: names.find(name, "file.yml"))

    assert {"a": ("User",), "b": ("who",)} == plan("a").kept
    assert {"a": ("User",), "b": ("who",)} == plan(ID.upper()).kept
    names.add("c", ["c"], "file.yml")
    reason = "correlation.aliases.who: 'c' is not among the correlated rules"
    assert {"many": reason} == plan("c").failed
    assert "no rule that could be loaded" in plan("nobody").failed["many"]


def test_a_rule_is_named_once() -> None:
    names = Names()
    names.add("a", ["a", ID], "file.yml")
    found = {"many": read_correlation(correlation("temporal", "a", ID))}
    plan = link(found, lambda name, _: names.find(name, "file.yml"))
    assert {"many": "correlation.rules: calls one rule by its id and its name"} == plan.failed
