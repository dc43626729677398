"""The reference: that it stands alone, and that it refuses whatever the event says."""

from __future__ import annotations

import ast
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matching.sigma.generated_conditions import Tree, holds, trees, written
from tests.matching.sigma.generation import parsed_rule
from tests.matching.sigma.rule_making import event, rule_text
from tocsin.errors import KnowledgeError
from tocsin.matching.sigma import reference

NAMES = ("sel_a", "sel_b", "filter_a", "_own")


def says(detection: object, fields: dict[str, str]) -> bool:
    return reference.matches(parsed_rule(rule_text(detection)), event(fields))


def test_it_shares_nothing_with_the_fast_engine_but_expressions_and_times() -> None:
    ours = {
        node.module
        for node in ast.walk(ast.parse(inspect.getsource(reference)))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tocsin.")
    }
    assert {
        "tocsin.errors",
        "tocsin.matching.sigma.clock",
        "tocsin.matching.sigma.regex",
        "tocsin.model.event",
    } == ours


@given(tree=trees(NAMES), answers=st.lists(st.booleans(), min_size=4, max_size=4))
def test_a_condition_means_what_its_tree_means(tree: Tree, answers: list[bool]) -> None:
    detection: dict[str, object] = {name: {name: "1"} for name in NAMES}
    fields = {name: "1" for name, yes in zip(NAMES, answers, strict=True) if yes}
    expected = holds(tree, dict(zip(NAMES, answers, strict=True)))
    assert expected == says({**detection, "condition": written(tree)}, fields)


@pytest.mark.parametrize("fields", [{}, {"A": "x"}, {"A": "x", "B": "y"}])
@pytest.mark.parametrize(
    ("detection", "reason"),
    [
        ({"sel": {"B|re": "(?=a)(a+)+$"}}, "for ever"),
        ({"sel": {"B|expand": "%users%"}}, "placeholder %users%"),
        ({"sel": {"B": []}}, "B has no values"),
        ({"sel": {"|minute": 5}}, "part of a time"),
        ({"sel": {"|exists": True}}, "Exists modifier must be applied"),
    ],
)
def test_what_is_refused_is_refused_whatever_the_event_says(
    detection: dict[str, object], reason: str, fields: dict[str, str]
) -> None:
    whole = {"first": {"A": "x"}, **detection, "condition": "first or sel"}
    with pytest.raises(KnowledgeError, match=reason):
        says(whole, fields)


@given(part=st.text(alphabet="aA*", min_size=1, max_size=5), times=st.integers(10, 60))
def test_many_wildcards_take_no_endless_time(part: str, times: int) -> None:
    text = part * times
    expected = text.casefold().count("a") >= 40 and text[-1] in "aA"
    assert expected == says({"sel": {"A": "*a" * 40}, "condition": "sel"}, {"A": text})
