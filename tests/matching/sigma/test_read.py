"""Rule files that nobody would write: the answer is always a rule or a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.matching.sigma.rule_making import rule_text
from tocsin.errors import KnowledgeError
from tocsin.matching.rules import load_rules
from tocsin.matching.sigma.document import Correlation
from tocsin.matching.sigma.prepare import prepare
from tocsin.matching.sigma.read import read_documents
from tocsin.matching.sigma.translate import translate

if TYPE_CHECKING:
    from pathlib import Path

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


_HEAD = "title: T\nlogsource: {product: exchange}\ndetection:\n  condition: s\n  s: "
_TENFOLD = "".join(
    f"x{number}: &x{number} [{', '.join([f'*x{number - 1}'] * 10)}]\n" for number in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{_HEAD}{{'A|re': 'a{{99999999999999999999}}'}}", "repetition"),
        (f"{_HEAD}&a [{{A: 1}}, *a]", "holds itself"),
        (f"{_HEAD}&a {{A: 1, B: *a}}", "holds itself"),
        (f"{_HEAD}&a [!!pairs [A: *a]]", "holds itself"),
        (f"x0: &x0 [a, b]\n{_TENFOLD}{_HEAD}*x11", "over 1000000 values"),
        (f"{_HEAD}{'[' * 490}{']' * 490}", "."),
        (f"{_HEAD}{{A: 0x{'f' * 5000}}}", "digits"),
    ],
)
def test_a_hostile_document_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(KnowledgeError, match=reason):
        read_documents(text)


def test_a_hostile_head_of_a_correlation_is_refused_with_the_reason() -> None:
    text = (
        "title: T\ncorrelation: {type: event_count, rules: [x], timespan: 1m, "
        "condition: {gte: 2}}\ndetection: {s: {'A|re': 'a{99999999999999999999}'}}\n"
    )
    (document,) = prepare(text).documents
    assert isinstance(document, Correlation)


def test_a_value_that_is_named_twice_is_one_that_is_written_twice() -> None:
    (found,) = read_documents(f"{_HEAD}{{A: &a [x, y], B: *a}}")
    (written,) = read_documents(f"{_HEAD}{{A: [x, y], B: [x, y]}}")
    assert found.rule is not None
    assert written.rule is not None
    assert translate(found.rule) == translate(written.rule)


def test_one_hostile_file_costs_the_others_nothing(tmp_path: Path) -> None:
    detection = {"s": {"A|re": "a{99999999999999999999}"}, "condition": "s"}
    (tmp_path / "bad.yml").write_text(rule_text(detection))
    (tmp_path / "good.yml").write_text(rule_text({"s": {"A": "x"}, "condition": "s"}))
    rules = load_rules([], user_sigma=[tmp_path])
    assert [str(tmp_path / "bad.yml")] == [one.file for one in rules.failed]
    assert ["good"] == list(rules.infos)


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
