"""Reading correlations: what is taken, and what is refused with a reason that helps."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matching.sigma.correlation.correlating import correlation
from tocsin.errors import KnowledgeError
from tocsin.matching.sigma.correlation.read import only_serving, read_correlation
from tocsin.matching.sigma.correlation.rule import (
    Alternative,
    Bound,
    Correlation,
    Operator,
    Type,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def test_a_correlation_keeps_all_that_it_says() -> None:
    document = {
        "title": "Many",
        "id": "0e95725d-7320-415d-80f7-004da920fc11",
        "name": "many",
        **correlation(
            "value_count",
            "a",
            "b",
            timespan="90m",
            group_by=["who", "Host"],
            condition={"gte": 10, "lt": 20.5, "field": "User"},
            aliases={"who": {"a": "User"}},
            generate=True,
        ),
    }
    assert Correlation(
        names=("0e95725d-7320-415d-80f7-004da920fc11", "many"),
        type=Type.VALUE_COUNT,
        rules=("a", "b"),
        timespan_s=5400,
        group_by=("who", "Host"),
        fields=("User",),
        bounds=(Bound(Operator.LT, "20.5"), Bound(Operator.GTE, "10")),
        aliases={"who": {"a": "User"}},
        generate=True,
    ) == read_correlation(document)


def test_what_was_read_survives_the_cache() -> None:
    found = read_correlation(correlation("temporal", "a", "b", condition="a and not b"))
    packed = msgspec.msgpack.encode(found)
    assert found == msgspec.msgpack.decode(packed, type=Correlation)
    assert found == msgspec.json.decode(msgspec.json.encode(found), type=Correlation)


@pytest.mark.parametrize(
    ("timespan", "seconds"),
    [("1s", 1), ("5m", 300), ("2h", 7200), ("3d", 259_200), ("1w", 604_800), ("1M", 2_629_746)],
)
def test_a_timespan_is_a_number_and_a_unit(timespan: str, seconds: int) -> None:
    document = correlation("temporal", "a", timespan=timespan)
    assert seconds == read_correlation(document).timespan_s


def test_a_temporal_correlation_wants_all_its_rules_unless_it_says_otherwise() -> None:
    found = read_correlation(correlation("temporal", "a", "b"))
    assert (Bound(Operator.GTE, "2"),) == found.bounds


def test_the_rules_may_stand_in_the_condition_alone() -> None:
    document = correlation("temporal", condition="b AND (a or b)")
    del document["correlation"]["rules"]  # type: ignore[attr-defined] # a mapping, as was just made
    found = read_correlation(document)
    assert ("b", "a") == found.rules
    assert (Alternative(needed=(0,)),) == found.alternatives


def test_generate_may_stand_beside_the_section_as_well() -> None:
    document = correlation("temporal", "a")
    assert not read_correlation(document).generate
    assert read_correlation({**document, "generate": True}).generate


GOOD = {"condition": {"gte": 1}}
REFUSED: dict[str, tuple[Mapping[str, Any], str]] = {
    "no type": ({"type": None}, "correlation.type is missing"),
    "type": ({"type": "evnt_count"}, "'evnt_count' is none of event_count, value_count"),
    "no rules": ({"rules": None}, "correlation.rules is missing"),
    "empty rules": ({"rules": []}, "correlation.rules is missing"),
    "rules of lists": ({"rules": [["a"]]}, "correlation.rules: must be a text or a list"),
    "a rule twice": ({"rules": ["a", "b", "a"]}, "correlation.rules: 'a' stands there twice"),
    "rules": ({"rules": [f"r{n}" for n in range(300)]}, "300 are too many; at most 256"),
    "group": ({"group-by": {"a": 1}}, "correlation.group-by: must be a text or a list"),
    "empty group": ({"group-by": [""]}, "correlation.group-by: a name has 1 to 1000 characters"),
    "no timespan": ({"timespan": None}, "correlation.timespan is missing"),
    "timespan": ({"timespan": "5 minutes"}, "'5 minutes' is not a number and one of s, m, h"),
    "timespan of a number": ({"timespan": 5}, "'5' is not a number and one of"),
    "zero": ({"timespan": "0s"}, "'0s' must be longer than zero"),
    "endless": ({"timespan": "9" * 5000 + "y"}, "is not a number and one of"),
    "no condition": ({"condition": None}, "correlation.condition is missing"),
    "no operator": ({"condition": {"field": "A"}}, "needs a comparison, one of lt, lte"),
    "operator": ({"condition": {"ge": 1}}, "'ge' is none of lt, lte, gt, gte, eq, neq, field"),
    "number": ({"condition": {"gte": "many"}}, "gte: 'many' is not a number"),
    "truth": ({"condition": {"gte": True}}, "is not a number"),
    "infinite": ({"condition": {"gte": float("inf")}}, "is not a number"),
    "list": ({"condition": [1]}, "condition: must be a mapping"),
    "names": ({"condition": "a"}, "names of rules mean nothing for event_count"),
    "field": ({"condition": {"gte": 1, "field": "A"}}, "'field' means nothing for event_count"),
    "key": ({"groupby": ["A"]}, "'groupby' is none of type, rules, group-by"),
    "no field": ({"type": "value_sum"}, "value_sum needs 'field'"),
    "fields": (
        {"type": "value_sum", "condition": {"gte": 1, "field": ["A", "B"]}},
        "value_sum measures one field",
    ),
    "no percentile": (
        {"type": "value_percentile", "condition": {"lte": 1, "field": "A"}},
        "needs 'percentile' (0 to 100)",
    ),
    "percentile": (
        {"type": "value_percentile", "condition": {"lte": 1, "field": "A", "percentile": 101}},
        "101 is not between 0 and 100",
    ),
    "percentile of a count": (
        {"condition": {"lte": 1, "percentile": 5}},
        "'percentile' means nothing for event_count",
    ),
    "median": (
        {"type": "value_median", "condition": {"lte": 1, "field": "A", "percentile": 5}},
        "'percentile' means nothing for value_",
    ),
    "aliases": ({"aliases": ["A"]}, "correlation.aliases: must map a name"),
    "alias": ({"aliases": {"who": "User"}}, "correlation.aliases.who: must map up to 256"),
    "alias of no rule": ({"aliases": {"who": {5: "User"}}}, "aliases.who: '5' is no rule's name"),
    "alias of nothing": ({"aliases": {"who": {"a": 5}}}, "aliases.who.a: must be the name"),
    "generate": ({"generate": "yes"}, "generate: must be true or false"),
}


@pytest.mark.parametrize(("change", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_meant_is_refused_with_the_reason(
    change: Mapping[str, Any], reason: str
) -> None:
    section = {"type": "event_count", "rules": ["a"], "timespan": "5m", **GOOD, **change}
    with pytest.raises(KnowledgeError) as caught:
        read_correlation({"title": "T", "correlation": section})
    assert reason in str(caught.value)


def test_a_section_that_is_none_is_refused() -> None:
    with pytest.raises(KnowledgeError, match="must be a mapping"):
        read_correlation({"correlation": "event_count"})


CONDITIONS = {
    "a and": "it ends early",
    "and a": "a rule is missing before 'and'",
    "(a": "a ')' is missing",
    "a)": "')' stands where 'and' or 'or' must",
    "a b": "'b' stands where 'and' or 'or' must",
    "a": "does not say what is wanted of the rule 'b'",
    "a and b and c": "'c' is not among 'rules'",
    "a and not a and b": "can never hold",
    "not a and not b": "can hold where none of its rules matched",
    "a or not b": "can hold where none of its rules matched",
    "(" * 60 + "a" + ")" * 60 + " and b": "more than 50 deep",
    " and ".join(["a"] * 600 + ["b"]): "more than 500 words",
}


@pytest.mark.parametrize(("condition", "reason"), CONDITIONS.items(), ids=range(len(CONDITIONS)))
def test_a_condition_of_names_that_cannot_be_meant_is_refused(condition: str, reason: str) -> None:
    with pytest.raises(KnowledgeError) as caught:
        read_correlation(correlation("temporal", "a", "b", condition=condition))
    assert reason in str(caught.value)


def test_a_condition_with_too_many_ways_is_refused() -> None:
    rules = [f"{letter}{number}" for number in range(7) for letter in "ab"]
    condition = " and ".join(f"(a{number} or b{number})" for number in range(7))
    with pytest.raises(KnowledgeError, match="in more than 64 ways"):
        read_correlation(correlation("temporal", *rules, condition=condition))


def test_a_broken_correlation_still_keeps_its_rules_from_speaking() -> None:
    broken = {"correlation": {"rules": ["a", 5, "", "b"], "type": "x"}}
    assert {"a", "b"} == only_serving(broken)
    assert frozenset() == only_serving({**broken, "generate": True})
    assert frozenset() == only_serving({"correlation": [1]})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["type", "rules", "group-by", "timespan", "condition", "aliases", "x"]),
        anything | st.sampled_from(["temporal", "value_sum", "5m", ["a"], "a and b", {"gte": 1}]),
    )
)
def test_nothing_in_a_section_raises_but_a_reason(section: dict[str, Any]) -> None:
    document = {"title": "T", "correlation": section}
    with suppress(KnowledgeError):
        assert read_correlation(document).timespan_s > 0
    assert all(only_serving(document))
