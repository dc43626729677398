"""Rule files that nobody would write: the answer is always a rule or a reason."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.matching.sigma.rule_making import rule_text
from tocsin.errors import KnowledgeError
from tocsin.matching.sigma.read import read_documents
from tocsin.matching.sigma.translate import translate

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(allow_nan=False),
    st.sampled_from(("sel", "1 of them", "not sel", "a*", "x", "", "2021-01-01")),
    st.dates(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(("sel", "A", "A|re", "A|all", "condition", "rules", "|contains")),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)
KEYS = ("title", "id", "name", "level", "tags", "logsource", "detection", "filter", "correlation")


@given(st.dictionaries(st.sampled_from((*KEYS, "action", "related", "fields")), VALUES))
def test_a_document_of_any_shape_is_a_rule_or_a_reason(document: dict[str, object]) -> None:
    read(yaml.safe_dump(document))


@given(detection=VALUES)
def test_a_detection_of_any_shape_is_a_rule_or_a_reason(detection: object) -> None:
    read(rule_text(detection))


@given(st.text(alphabet="title: detecon\n-[]{}&*!|>'\"%@`\t\0é", max_size=60))
def test_a_text_of_any_kind_is_a_rule_or_a_reason(text: str) -> None:
    read(text)


def read(text: str) -> None:
    reason = None
    try:
        for document in read_documents(text):
            if document.rule is not None:
                translate(document.rule)
    except KnowledgeError as error:
        reason = str(error)
    assert reason is None or (reason and "\n" not in reason)


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 5000,
        "[" * 100_000,
        "{a: " * 100_000,
        "- " * 100_000 + "a",
        "? " * 100_000 + "a",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: *c\ntitle: T",
        rule_text({"sel": {"A": "x"}, "condition": "(" * 300 + "sel" + ")" * 300}),
        rule_text({"sel": {"A": "x"}, "condition": "not " * 2000 + "sel"}),
    ],
)
def test_deep_nesting_is_a_rule_or_a_reason(text: str) -> None:
    read(text)


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_what_would_crash_the_loader_is_refused_with_the_reason(opening: str) -> None:
    with pytest.raises(KnowledgeError, match="nested more than 500 deep"):
        read_documents(opening * 20_000 + "a")


def test_global_documents_are_merged_into_those_that_follow() -> None:
    text = (
        "action: global\ntitle: T\nlogsource: {product: exchange}\n---\n"
        "detection: {sel: {A: x}, condition: sel}\n---\n"
        "detection: {sel: {A: y}, condition: sel}\n"
    )
    assert ["T", "T"] == [one.rule.title for one in read_documents(text) if one.rule]
