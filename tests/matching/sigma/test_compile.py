"""Whole rules: the compiled function against an evaluator that is too simple to be wrong."""

from __future__ import annotations

from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matching.sigma.rule_making import compiled, event, holds
from tocsin.errors import KnowledgeError
from tocsin.matching.sigma.origin import Origin
from tocsin.matching.sigma.view import View

Tree: TypeAlias = str | tuple[str, ...] | tuple[str, "Tree"] | tuple[str, "Tree", "Tree"]

NAMES = ("a", "b", "c", "d")
EVENTS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(("1", "2")))
TREES: st.SearchStrategy[Tree] = st.recursive(
    st.sampled_from(NAMES),
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(("and", "or")), inner, inner),
    ),
    max_leaves=12,
)


def written(tree: Tree) -> str:
    match tree:
        case str():
            return tree
        case ("not", inner):
            return f"not ({written(inner)})"
        case (word, left, right):
            return f"({written(left)}) {word} ({written(right)})"
        case _:
            raise AssertionError(tree)


def naive(tree: Tree, fields: dict[str, str]) -> bool:
    match tree:
        case str():
            return fields.get(tree) == "1"
        case ("not", inner):
            return not naive(inner, fields)
        case ("and", left, right):
            return naive(left, fields) and naive(right, fields)
        case (_, left, right):
            return naive(left, fields) or naive(right, fields)
        case _:
            raise AssertionError(tree)


@given(tree=TREES, fields=EVENTS)
def test_conditions_mean_what_their_trees_mean(tree: Tree, fields: dict[str, str]) -> None:
    detection = {name: {name: "1"} for name in NAMES} | {"condition": written(tree)}
    assert naive(tree, fields) == holds(detection, fields)


WORDS = st.lists(st.tuples(st.sampled_from(("", "not ")), st.sampled_from(NAMES)), min_size=1)


@given(words=WORDS, links=st.lists(st.sampled_from(("and", "or")), max_size=5), fields=EVENTS)
def test_without_parentheses_not_binds_first_and_or_last(
    words: list[tuple[str, str]], links: list[str], fields: dict[str, str]
) -> None:
    shown = [f"{sign}{name}" for sign, name in words[: len(links) + 1]]
    condition = shown[0] + "".join(
        f" {link} {word}" for link, word in zip(links, shown[1:], strict=False)
    )
    expected = any(
        all(
            (fields.get(word.removeprefix("not ")) == "1") != word.startswith("not ")
            for word in group.split(" and ")
        )
        for group in condition.split(" or ")
    )
    detection = {name: {name: "1"} for name in NAMES} | {"condition": condition}
    assert expected == holds(detection, fields)


MODIFIERS = st.sampled_from(("", "|contains", "|startswith", "|endswith", "|cased", "|neq"))
TEXTS = st.text(alphabet="aAbB", max_size=3)


@given(
    selection=st.dictionaries(
        st.tuples(st.sampled_from(NAMES), MODIFIERS),
        st.lists(TEXTS.filter(bool), min_size=1, max_size=4),
        min_size=1,
        max_size=4,
    ),
    fields=st.dictionaries(st.sampled_from(NAMES), TEXTS.filter(bool)),
)
def test_lists_of_values_mean_any_of_them(
    selection: dict[tuple[str, str], list[str]], fields: dict[str, str]
) -> None:
    def one(field: str, modifier: str, value: str) -> bool:
        if field not in fields:
            return False
        text = fields[field]
        if modifier == "|cased":
            return text == value
        text, value = text.lower(), value.lower()
        return {
            "|contains": value in text,
            "|startswith": text.startswith(value),
            "|endswith": text.endswith(value),
        }.get(modifier, text == value)

    expected = all(
        any(one(field, modifier, value) for value in values) != (modifier == "|neq")
        for (field, modifier), values in selection.items()
    )
    keys = {f"{field}{modifier}": values for (field, modifier), values in selection.items()}
    assert expected == holds({"sel": keys, "condition": "sel"}, fields)


def test_a_rule_knows_every_field_that_it_looks_at() -> None:
    _, fields = compiled(
        {
            "sel": [{"A|contains": "x", "B": None}, {"C|fieldref": "D"}],
            "filter": {"E|exists": True},
            "keywords": ["word"],
            "condition": "sel and keywords and not filter",
        }
    )
    assert {"A", "B", "C", "D", "E"} == fields


def test_many_fields_are_all_asked_for() -> None:
    detection = {"sel": dict.fromkeys(NAMES, "1"), "condition": "sel"}
    assert holds(detection, dict.fromkeys(NAMES, "1"))
    for name in NAMES:
        assert not holds(detection, {other: "1" for other in NAMES if other != name})


@pytest.mark.parametrize(
    ("detection", "reason"),
    [
        ({"sel": {"A|expand": "%users%"}, "condition": "sel"}, "placeholder %users%"),
        ({"sel": {"A|re|expand": "x%users%"}, "condition": "sel"}, "placeholder"),
        ({"sel": {"A|rex": "x"}, "condition": "sel"}, "Unknown modifier 'rex'"),
        ({"sel": {"A|re": "("}, "condition": "sel"}, "Regular expression"),
        ({"sel": {"A|cidr": "10.0.0.1/8"}, "condition": "sel"}, "Invalid CIDR"),
        ({"sel": {"A|lt": "x"}, "condition": "sel"}, "incompatible"),
        ({"sel": {"A": []}, "condition": "sel"}, "A has an empty list of values"),
        ({"sel": {"A": "x"}, "condition": "sel and other"}, "'other', which is missing"),
        ({"sel": {"A": "x"}, "condition": "1 of other*"}, "fits no detection"),
        ({"sel": {"A": "x"}, "condition": "sel and"}, "Expected"),
        ({"sel": {"A": "x"}, "condition": "sel | count() > 5"}, "deprecated"),
        ({"sel": {"A": "x"}}, "at least one condition"),
        ({"condition": "sel"}, "No detections"),
        ({"sel": {"|exists": True}, "condition": "sel"}, "Exists modifier must be applied"),
        ({"sel": [None], "condition": "sel"}, "a keyword cannot be a SigmaNull"),
        ({"sel": {"|cidr": "10.0.0.0/8"}, "condition": "sel"}, "a keyword cannot be"),
        ({"sel": {"A": {"B": "x"}}, "condition": "sel"}, "Unsupported type"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_the_reason(detection: object, reason: str) -> None:
    with pytest.raises(KnowledgeError, match=reason.replace("(", r"\(")):
        compiled(detection)


IMAGE = {"Image": Origin(columns=("NewProcessName",))}


def test_the_view_asks_the_log_s_own_name_where_it_has_another() -> None:
    view = View(event({"NewProcessName": r"C:\CMD.exe"}), IMAGE)
    assert r"c:\cmd.exe" == view["Image"]
    assert r"C:\CMD.exe" == view.raw("Image")
    assert view["ParentImage"] is None


def test_what_a_rule_means_comes_before_the_log_s_own_field_of_that_name() -> None:
    assert "b" == View(event({"Image": "a", "NewProcessName": "b"}), IMAGE)["Image"]
    assert "a" == View(event({"Image": "a"}), IMAGE)["Image"]
